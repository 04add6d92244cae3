"""The shape of the strokes: how straight, how bent to which side and where, and how their speed rises and falls."""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import median, ordered, quantile, spread
from playproof.features.strokes import POINTS, Strokes

_TIME = (np.arange(POINTS) + 0.5) / POINTS
_BELL = 30.0 * _TIME**2 * (1.0 - _TIME) ** 2


def geometry(strokes: Strokes) -> dict[str, float]:
    """Shape of the path of the strokes."""
    straight = strokes.chord / strokes.px
    straights = ordered(straight)
    aside = strokes.aside
    size = np.abs(aside)
    most = size.max(axis=1)
    highest, lowest = aside.max(axis=1), aside.min(axis=1)
    two_sided = np.minimum(highest, -lowest) / most
    where = size.argmax(axis=1) / (POINTS - 1.0)
    where[~(most > 0.005)] = np.nan
    early = np.arctan2(aside[:, 6], strokes.along[:, 6])
    late = np.arctan2(aside[:, -7], 1.0 - strokes.along[:, -7])
    back = np.diff(strokes.along, axis=1)
    backward = np.where(back < 0.0, -back, 0.0).sum(axis=1)
    backward[np.isnan(strokes.chord)] = np.nan
    deviation = ordered(most)
    return {
        "straightness": quantile(straights, 0.5),
        "straightness_low": quantile(straights, 0.1),
        "straightness_high": quantile(straights, 0.9),
        "deviation": quantile(deviation, 0.5),
        "deviation_high": quantile(deviation, 0.9),
        "deviation_low": quantile(deviation, 0.1),
        "deviation_place": median(where),
        "deviation_place_spread": spread(where),
        "two_sidedness": median(two_sided),
        "launch_error": median(np.abs(early)),
        "arrival_error": median(np.abs(late)),
        "backtracking": quantile(ordered(backward), 0.75),
    }


def profiles(strokes: Strokes) -> dict[str, float]:
    """Shape of the speed over the time of the strokes."""
    profile = strokes.profile
    top = profile.max(axis=1)
    peak = (profile.argmax(axis=1) + 0.5) / POINTS
    centre = (profile * _TIME).mean(axis=1)
    width = np.sqrt(np.maximum((profile * _TIME**2).mean(axis=1) - centre**2, 0.0))
    bell = np.sqrt(((profile - _BELL) ** 2).mean(axis=1))
    slow = profile < 0.25 * top[:, None]
    half = POINTS // 2
    rises = profile[:, 1:-1] > profile[:, :-2]
    falls = profile[:, 1:-1] >= profile[:, 2:]
    peaks = (rises & falls & (profile[:, 1:-1] > 0.15 * top[:, None])).sum(axis=1).astype(np.float64)
    return {
        "peak_time": median(peak),
        "peak_time_spread": spread(peak),
        "peak_to_mean": median(top),
        "peak_to_mean_spread": spread(top),
        "profile_centre": median(centre),
        "profile_centre_spread": spread(centre),
        "profile_width": median(width),
        "profile_width_spread": spread(width),
        "bell_misfit": median(bell),
        "bell_misfit_low": quantile(ordered(bell), 0.1),
        "slow_head_share": float(slow[:, :half].mean()) if len(slow) else np.nan,
        "slow_tail_share": float(slow[:, half:].mean()) if len(slow) else np.nan,
        "profile_peaks": float(peaks.mean()) if peaks.size else np.nan,
        "single_peak_share": float((peaks <= 1.0).mean()) if peaks.size else np.nan,
    }
