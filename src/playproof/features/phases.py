"""The phases of a stroke: how it sets in and dies away, how hard it starts and brakes, and how its ripple follows."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.kinematics import FAST_PX_S, Motion
from playproof.features.numbers import Floats, median_of, spread_of
from playproof.features.path import STEP_S, Path
from playproof.features.relations import partial, related
from playproof.features.strokes import Strokes, level_of

_HALF, _TENTH = 0.5, 0.1
"""Of the highest speed."""
_LEAST_PULL = 1.0
"""px/s², so that there is a logarithm."""
_ROUNDING_PX = 0.05
_FEWEST, _FEWEST_EACH = 4, 2
"""Fast places in a stroke, and on either side of its peak, for a ripple to be told of it."""


class Phases(NamedTuple):
    """What happens when in the strokes; the catalogue says what each is."""

    onset_speed: float
    offset_speed: float
    offset_spread: float
    rise_time: float
    fall_time: float
    width_with_length: float
    pull_balance: float
    pull_balance_spread: float
    ripple_late: float
    ripple_late_spread: float
    ripple_scatter: float
    ripple_with_peak: float
    ripple_with_direction: float


@compiled
def phases(path: Path, motion: Motion, strokes: Strokes) -> Phases:
    """Rise, width and fall of the strokes' speed, and the ripple before and after their peak."""
    count = strokes.start.size
    onset, offset, rise, fall, width = np.empty(count), np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    length, pull = np.empty(count), np.empty(count)
    late, ripple, pace, level = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    lates = ripples = 0
    for stroke in range(count):
        start, end, peak = strokes.start[stroke], strokes.end[stroke], strokes.peak[stroke]
        top = start
        most = least = 0.0
        for place in range(start, end):
            if path.speed[place] > path.speed[top]:
                top = place
            most, least = max(most, motion.tangential[place]), min(least, motion.tangential[place])
        onset[stroke], offset[stroke] = path.speed[start] / peak, math.log(path.speed[end - 1] / peak)
        left = _reaches(path.speed, top, start, -1, _HALF * peak)
        right = _reaches(path.speed, top, end - 1, 1, _HALF * peak)
        rise[stroke] = (left - _reaches(path.speed, left, start, -1, _TENTH * peak) + 1) * STEP_S
        fall[stroke] = (_reaches(path.speed, right, end - 1, 1, _TENTH * peak) - right + 1) * STEP_S
        width[stroke], length[stroke] = math.log(right - left + 1), math.log(strokes.px[stroke])
        pull[stroke] = math.log(max(most, _LEAST_PULL) / max(-least, _LEAST_PULL))
        before, fast_before = _ripple(path, start + 1, top + 1)
        after, fast_after = _ripple(path, top + 1, end)
        if fast_before >= _FEWEST_EACH and fast_after >= _FEWEST_EACH:
            late[lates] = math.log((after / fast_after + _ROUNDING_PX) / (before / fast_before + _ROUNDING_PX))
            lates += 1
        if fast_before + fast_after >= _FEWEST:
            ripple[ripples] = math.log((before + after) / (fast_before + fast_after) + _ROUNDING_PX)
            pace[ripples], level[ripples] = math.log(peak), level_of(path, strokes, stroke)
            ripples += 1
    rippled = related(pace[:ripples], ripple[:ripples])
    return Phases(
        onset_speed=median_of(onset),
        offset_speed=math.exp(median_of(offset)),
        offset_spread=spread_of(offset),
        rise_time=median_of(rise),
        fall_time=median_of(fall),
        width_with_length=related(length, width).strength,
        pull_balance=median_of(pull),
        pull_balance_spread=spread_of(pull),
        ripple_late=median_of(late[:lates]),
        ripple_late_spread=spread_of(late[:lates]),
        ripple_scatter=rippled.scatter,
        ripple_with_peak=rippled.slope,
        ripple_with_direction=partial(ripple[:ripples], level[:ripples], pace[:ripples]),
    )


@compiled
def _reaches(speed: Floats, place: int, last: int, step: int, least: float) -> int:
    """The last place from `place` on, by `step` and up to `last`, up to which the speed stays above `least`."""
    while place != last and speed[place + step] > least:
        place += step
    return place


@compiled
def _ripple(path: Path, begin: int, end: int) -> tuple[float, int]:
    """The sum of what smoothing takes off across fast motion in the cells from `begin` to `end`, px, and how many are fast."""
    total, fast = 0.0, 0
    for cell in range(begin, end):
        if min(path.speed[cell - 1], path.speed[cell]) > FAST_PX_S:
            rest, velocity = path.cells[cell] - path.smooth[cell], path.velocity[cell]
            total += abs(rest.imag * velocity.real - rest.real * velocity.imag) / path.speed[cell]
            fast += 1
    return total, fast
