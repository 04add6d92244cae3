"""The table of all features. What it says of a feature, the pages and the verdict's reasons say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CATALOGUE_VERSION = "2.0"
"""Changes whenever a row of features can come out otherwise for the same session."""

Role = Literal["model", "evidence", "context"]

_TOLERANCE = 0.15


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of a row."""

    name: str
    unit: str
    """`1` for shares, ratios and correlations."""
    meaning: str
    """What is measured, as a phrase that a verdict's reason can begin with."""
    source: str
    """The paper it is taken from or after, or `first principles`."""
    group: str
    role: Role
    """model: fed to the embedded model; evidence: how much there is to judge by; context: only where the server knows the game."""
    tolerance: float
    """Most by which the median session's value moves when the same movement is logged 60 or 125 instead of 250 times a
    second, or half a pixel further on, as a share of the distance between the 10 % and the 90 % quantile of sessions."""


_OWN = "first principles"
_FLASH = "Flash and Hogan 1985"
_FITTS = "Fitts 1954"
_MEYER = "Meyer et al. 1988"
_POWER = "Lacquaniti, Terzuolo and Viviani 1983"
_HARRIS = "Harris and Wolpert 1998"
_SPARC = "Balasubramanian, Melendez-Calderon, Roby-Brami and Burdet 2015"
_LDLJ = "Hogan and Sternad 2009"
_PATHS = "MacKenzie, Kauppinen and Silfverberg 2001"
_GAMBOA = "Gamboa and Fred 2004"
_PHILLIPS = "Phillips and Triggs 2001"
_SEQUENCE = "Bahill, Clark and Stark 1975"
_ELLIOTT = "Elliott et al. 2010"
_GORDON = "Gordon, Ghilardi, Cooper and Ghez 1994"


_LOOSE = {
    "acceleration_memory_20": 0.2,
    "axis_switch": 0.35,
    "creep_straightness": 0.3,
    "grain_switch_brisk": 0.45,
    "grain_switch_slow": 0.45,
    "grazing_share": 0.45,
    "offset_spread": 0.25,
    "one_axis_creep": 0.45,
    "one_axis_early": 0.35,
    "one_axis_ending": 0.25,
    "one_axis_long": 0.3,
    "one_axis_near": 0.3,
    "one_axis_onset": 0.4,
    "one_axis_pure": 0.3,
    "one_axis_slant": 0.3,
    "one_axis_slow": 0.45,
    "one_axis_variety": 0.3,
    "power_law_strength": 0.25,
    "rest_still_share": 0.3,
    "ripple_across_memory": 0.45,
    "ripple_across_tail": 0.3,
    "ripple_along": 0.3,
    "ripple_along_memory": 0.3,
    "ripple_along_with_pull": 0.45,
    "ripple_late_spread": 0.2,
    "ripple_slow": 0.3,
    "ripple_speed_slope": 0.25,
    "side_step_back": 0.2,
    "side_step_share": 0.2,
    "straight_share": 0.35,
    "turn_change_share": 0.25,
}
"""Tolerances of what depends on the finest structure that 60 events a second can carry."""


def _group(group: str, *rows: tuple[str, str, str, str], role: Role = "model") -> tuple[Feature, ...]:
    return tuple(Feature(name, unit, meaning, source, group, role, _LOOSE.get(name, _TOLERANCE)) for name, unit, meaning, source in rows)


CATALOGUE: tuple[Feature, ...] = (
    *_group(
        "evidence",
        ("active_ms", "ms", "Time in motion", _OWN),
        ("path_px", "px", "Length of the path", _OWN),
        ("moving_samples", "1", "Cells of the resampled path in motion", _OWN),
        ("stroke_count", "1", "Strokes", _OWN),
        ("click_count", "1", "Clicks", _OWN),
        role="evidence",
    ),
    *_group(
        "kinematics",
        ("speed_high", "px/s", "Speed exceeded in a twentieth of the motion", _GAMBOA),
        ("speed_range", "1", "High speed over the median speed", _OWN),
        ("speed_variation", "1", "Standard deviation of the speed over its mean", _GAMBOA),
        ("acceleration_rate", "1/s", "Mean change of speed over the high speed", _OWN),
        ("turning_pull_ratio", "1", "Mean acceleration across the motion over that along it", _OWN),
        ("jerk_tail", "1", "High jerk over the median jerk", _FLASH),
        ("acceleration_memory_20", "1", "Correlation of the change of speed with itself 20 ms later", _OWN),
        ("acceleration_memory_40", "1", "Correlation of the change of speed with itself 40 ms later", _OWN),
        ("acceleration_memory_120", "1", "Correlation of the change of speed with itself 120 ms later", _OWN),
        ("turning_memory_20", "1", "Correlation of the sideways acceleration with itself 20 ms later", _OWN),
        ("turning_memory_40", "1", "Correlation of the sideways acceleration with itself 40 ms later", _OWN),
        ("turning_memory_60", "1", "Correlation of the sideways acceleration with itself 60 ms later", _OWN),
        ("turning_memory_80", "1", "Correlation of the sideways acceleration with itself 80 ms later", _OWN),
    ),
    *_group(
        "curvature",
        ("curvature_median", "per 1,000 px", "Median curvature of fast motion", _GAMBOA),
        ("turn_rate_median", "rad/s", "Median rate of turning in fast motion", _GAMBOA),
        ("power_law_slope", "1", "Exponent by which speed falls with curvature", _POWER),
        ("power_law_scatter", "1", "Scatter of the log speed about its power law of curvature", _POWER),
        ("power_law_strength", "1", "Correlation of log speed with log radius of curvature", _POWER),
        ("turn_change_share", "1", "Share of fast motion where the turning changes side", _PATHS),
        ("straight_share", "1", "Share of fast motion that hardly turns", _OWN),
        ("turning_with_direction", "1", "Log ratio of the sideways acceleration of level motion to that of upright motion", _GORDON),
    ),
    *_group(
        "smoothness",
        ("jerk_smoothness", "1", "Median of minus the log dimensionless jerk of the strokes, higher is smoother", _LDLJ),
        ("jerk_smoothness_spread", "1", "Spread of the log dimensionless jerk between strokes", _LDLJ),
        ("arc_length", "1", "Median spectral arc length of the strokes, below 0, higher is smoother", _SPARC),
    ),
    *_group(
        "geometry",
        ("straightness", "1", "Median of the strokes' chord over their path", _PATHS),
        ("deviation", "1", "Median of the strokes' largest distance from their chord, over the chord", _PATHS),
        ("deviation_low", "1", "Largest distance from the chord of the least bent tenth of strokes, over the chord", _PATHS),
        ("launch_error", "rad", "Angle between the chord and the way taken in the first fifth of a stroke", _OWN),
        ("arrival_error", "rad", "Angle between the chord and the way taken in the last fifth of a stroke", _OWN),
        ("backtracking", "1", "Way back along the chord over the chord, upper quartile of strokes", _PATHS),
    ),
    *_group(
        "profile",
        ("peak_time", "1", "Share of a stroke's time at which it is fastest", _PHILLIPS),
        ("bell_misfit", "1", "Distance of the speed profile from a minimum-jerk bell", _FLASH),
    ),
    *_group(
        "submovements",
        ("submovement_rate", "1/s", "Submovements a second of motion", _MEYER),
        ("submovement_gap", "s", "Median time between the submovements of a stroke", _MEYER),
        ("submovement_depth", "1", "Speed between submovements over that of the lower one", _MEYER),
        ("submovement_fall", "1", "Median log ratio of a submovement's peak speed to that of the one before", _ELLIOTT),
        ("submovement_pair_spread", "1", "Spread of the log ratio of neighbouring submovements", _OWN),
        ("corrected_share", "1", "Share of strokes that speed up again after their fastest part", _ELLIOTT),
        ("submovements_per_stroke", "1", "Submovements in a stroke after its first", _MEYER),
    ),
    *_group(
        "pauses",
        ("rest_low", "s", "Rest that a tenth of rests do not exceed", _OWN),
        ("rest_spread", "1", "Spread of the rests over their median", _OWN),
        ("rest_share", "1", "Share of the play spent at rest", _OWN),
        ("creep_share", "1", "Share of the rests in which the pointer creeps", _OWN),
        ("rest_still_share", "1", "Share of the rests in which the pointer stays in place", _OWN),
        ("rest_travel", "px", "Mean way crept in a rest", _OWN),
        ("stroke_rate", "1/s", "Strokes a second", _OWN),
        ("creep_straightness", "1", "Distance crept in a rest over the way crept, on average", _OWN),
        ("join_direction", "1", "Cosine of the angle between the end of a stroke and the beginning of the next, on average", _OWN),
        ("correction_share", "1", "Strokes that soon follow a much longer one, over the rests between strokes", _ELLIOTT),
    ),
    *_group(
        "clicks",
        ("click_dwell", "s", "Median rest around a click", _OWN),
        ("click_dwell_low", "s", "Rest around a click that a tenth of clicks do not exceed", _OWN),
        ("click_dwell_spread", "1", "Spread of the rest around clicks over its median", _OWN),
        ("click_drift", "px", "Mean way from 100 ms before to 100 ms after a click", _OWN),
        ("click_slip_share", "1", "Share of clicks during which the pointer slips a few pixels", _OWN),
        ("click_short_share", "1", "Share of clicks whose last stroke before was short", _ELLIOTT),
        ("click_final_speed", "1", "Speed in the last 200 ms before a click over the highest in 800 ms", _ELLIOTT),
        ("click_peak_before", "s", "Time from the highest speed to the click", _ELLIOTT),
    ),
    *_group(
        "variability",
        ("fitts_slope", "1", "Growth of a stroke's log duration with its log length", _FITTS),
        ("fitts_scatter", "1", "Scatter of the strokes' log2 duration about its growth with log length", _FITTS),
        ("peak_slope", "1", "Growth of a stroke's log peak speed with its log length", _SEQUENCE),
        ("peak_scatter", "1", "Scatter of the strokes' log2 peak speed about its growth with log length", _SEQUENCE),
        ("peak_strength", "1", "Correlation of log peak speed with log length", _SEQUENCE),
        ("peaks_with_length", "1", "Correlation of a stroke's speed peaks with its log length", _MEYER),
        ("peak_with_bend", "1", "Correlation of a stroke's log peak speed with how bent it is, its length allowed for", _POWER),
        ("peak_with_direction", "1", "Correlation of a stroke's log peak speed with how level it is, its length allowed for", _GORDON),
        ("duration_spread", "1", "Spread of the strokes' log2 duration", _OWN),
        ("profile_nearest", "1", "Correlation of the median stroke's speed profile with the one most like it", _OWN),
        ("path_nearest", "1", "Likeness of how a stroke leaves its chord to the stroke most like it or its mirror image", _OWN),
        ("twin_likeness", "1", "Likeness in speed and path of the two strokes most alike", _OWN),
    ),
    *_group(
        "residual",
        ("ripple_across", "px", "Median of what smoothing takes off across fast motion", _HARRIS),
        ("ripple_across_tail", "1", "High over median ripple across fast motion", _OWN),
        ("ripple_along", "1", "Ripple along fast motion over that across it", _OWN),
        ("ripple_speed_slope", "1", "Growth of the log ripple across with the log speed", _HARRIS),
        ("ripple_across_memory", "1", "Correlation of the ripple across fast motion with itself 20 ms later", _OWN),
        ("ripple_along_memory", "1", "Correlation of the ripple along fast motion with itself 40 ms later", _OWN),
        ("ripple_along_with_pull", "1", "Correlation of the log ripple along with the log change of speed, the speed allowed for", _HARRIS),
        ("ripple_slow", "px", "Median of what smoothing takes off slow motion", _OWN),
    ),
    *_group(
        "texture",
        ("one_axis_slow", "1", "Share of slow motion that goes along one axis of the screen exactly", _OWN),
        ("one_axis_fast", "1", "Share of fast motion that goes along one axis of the screen exactly", _OWN),
        ("one_axis_pure", "1", "Share of slow motion nearly along an axis that goes along one exactly", _OWN),
        ("one_axis_onset", "1", "Share of the first 80 ms of strokes that goes along one axis exactly", _OWN),
        ("one_axis_long", "1", "Motion that has gone along one axis exactly for 60 ms, over the time in motion", _OWN),
    ),
    *_group(
        "grain",
        ("one_axis_creep", "1", "Share of creeping, less than half a pixel a cell, that goes along one axis exactly", _OWN),
        ("one_axis_near", "1", "Share of motion nearly along an axis, as seen over 140 ms, that goes along one exactly", _OWN),
        ("one_axis_slant", "1", "Share of slow motion somewhat aslant, as seen over 140 ms, that goes along one axis exactly", _OWN),
        (
            "one_axis_sheer",
            "1",
            "Share of motion of 6 px a cell and more hardly aslant, as seen over 140 ms, that goes along one axis exactly",
            _OWN,
        ),
        ("grain_switch_slow", "1", "Share of slow steps that begin or cease to go along an axis exactly", _OWN),
        ("grain_switch_brisk", "1", "Share of brisk steps (2 to 25 px) that begin or cease to go along an axis exactly", _OWN),
        ("axis_switch", "1", "Share of the steps along one axis exactly that follow one along the other", _OWN),
        ("grazing_share", "1", "Share of slow steps whose lesser coordinate changes, but by less than 0.3 px", _OWN),
        ("side_step_share", "1", "Steps aside that soon follow another, over motion nearly along an axis", _OWN),
        ("side_step_back", "1", "Share of the steps aside soon after another that go back", _OWN),
        ("one_axis_early", "1", "Share of slow motion in the first third of strokes that goes along one axis exactly", _OWN),
        ("one_axis_ending", "1", "Share of motion about the end of strokes that goes along one axis exactly", _OWN),
        ("one_axis_variety", "1", "Standard deviation between strokes of the share that goes along one axis exactly", _OWN),
        ("one_axis_runs", "1", "Share of strokes that go along one axis exactly for 60 ms", _OWN),
    ),
    *_group(
        "phases",
        ("onset_speed", "1", "Speed at which strokes set in over their peak speed", _ELLIOTT),
        ("offset_speed", "1", "Speed at which strokes cease over their peak speed", _ELLIOTT),
        ("offset_spread", "1", "Spread between strokes of the log ratio of the speed at which they cease to their peak speed", _OWN),
        ("rise_time", "s", "Median time from a tenth to half of a stroke's peak speed", _PHILLIPS),
        ("fall_time", "s", "Median time from half to a tenth of a stroke's peak speed", _PHILLIPS),
        ("width_with_length", "1", "Correlation of the log time above half of the peak speed with a stroke's log length", _FITTS),
        ("pull_balance", "1", "Median log ratio of a stroke's hardest pull to its hardest braking", _PHILLIPS),
        ("pull_balance_spread", "1", "Spread between strokes of the log ratio of their hardest pull to their hardest braking", _OWN),
        ("ripple_late", "1", "Median log ratio of a stroke's ripple after its peak speed to that before", _HARRIS),
        ("ripple_late_spread", "1", "Spread between strokes of the log ratio of the ripple after their peak speed to that before", _OWN),
        ("ripple_scatter", "1", "Scatter of the strokes' log ripple about its growth with peak speed", _HARRIS),
        ("ripple_with_peak", "1", "Growth of a stroke's log ripple with its log peak speed", _HARRIS),
        ("ripple_with_direction", "1", "Correlation of a stroke's log ripple with how level it is, its peak speed allowed for", _GORDON),
    ),
    *_group(
        "context",
        ("aim_error", "1", "Median distance of clicks from the nearest target's centre over its radius", _FITTS),
        ("aim_error_spread", "1", "Spread of the distance of clicks from the nearest target's centre over its radius", _FITTS),
        ("reaction_time", "ms", "Median time from a target's appearance to the next stroke's start", _OWN),
        ("reaction_time_spread", "ms", "Spread of the time from a target's appearance to the next stroke's start", _OWN),
        role="context",
    ),
)
"""Every feature, in the order of a row."""

NAMES: tuple[str, ...] = tuple(feature.name for feature in CATALOGUE)
"""Names in the order of a row."""

MODEL_FEATURES: tuple[str, ...] = tuple(feature.name for feature in CATALOGUE if feature.role == "model")
"""The features that the embedded model sees, in the order of a row."""
