"""How the speed rises and falls over the time of the strokes."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.numbers import Floats, median_of
from playproof.features.strokes import POINTS, Strokes

_TIME = (np.arange(POINTS) + 0.5) / POINTS
_BELL = 30.0 * _TIME**2 * (1.0 - _TIME) ** 2
_LEAST_PEAK = 0.15
"""Of the stroke's highest speed: lower peaks are ripple."""


class Profile(NamedTuple):
    """How the speed rises and falls in the strokes; the catalogue says what each is."""

    peak_time: float
    bell_misfit: float


@compiled
def profile(strokes: Strokes) -> Profile:
    """Where the strokes are fastest, and how far they are from a minimum-jerk bell."""
    count = strokes.start.size
    time, misfit = np.empty(count), np.empty(count)
    for stroke in range(count):
        time[stroke] = fastest(strokes.profile, stroke) / POINTS
        square = 0.0
        for point in range(POINTS):
            square += (strokes.profile[stroke, point] - _BELL[point]) ** 2
        misfit[stroke] = math.sqrt(square / POINTS)
    return Profile(peak_time=median_of(time), bell_misfit=median_of(misfit))


@compiled
def fastest(profiles: Floats, stroke: int) -> int:
    """The point at which a stroke of `profiles` (s, POINTS) is fastest, the first of several."""
    top = 0
    for point in range(1, POINTS):
        if profiles[stroke, point] > profiles[stroke, top]:
            top = point
    return top


@compiled
def peaks(profiles: Floats, stroke: int) -> int:
    """How many peaks of speed a stroke of `profiles` (s, POINTS) has."""
    least = _LEAST_PEAK * profiles[stroke, fastest(profiles, stroke)]
    count = 0
    for point in range(1, POINTS - 1):
        speed = profiles[stroke, point]
        count += profiles[stroke, point - 1] < speed and speed >= profiles[stroke, point + 1] and speed > least
    return count
