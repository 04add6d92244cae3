"""How smooth the strokes are."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.kinematics import Motion
from playproof.features.numbers import Floats, median_of, spread_of
from playproof.features.path import STEP_S
from playproof.features.strokes import POINTS, Strokes

_CYCLES = np.arange(0.0, 8.01, 0.25)
"""Frequencies of the spectral arc length, in cycles a stroke: a stroke's duration does not change its smoothness."""
_COUNT = _CYCLES.size
_HALF = POINTS // 2
_PHASES = 2.0 * np.pi * np.outer((np.arange(_HALF) + 0.5) / POINTS - 0.5, _CYCLES)
"""Of the first half of a stroke's points, from its middle: waves are even or odd about it."""
_EVEN, _ODD = np.cos(_PHASES) / POINTS, np.sin(_PHASES) / POINTS
_LEAST_AMPLITUDE = 0.05
_LEAST_JERK = 1e-9


class Smoothness(NamedTuple):
    """How smooth the strokes are; the catalogue says what each is."""

    jerk_smoothness: float
    jerk_smoothness_spread: float
    arc_length: float


@compiled
def smoothness(motion: Motion, strokes: Strokes) -> Smoothness:
    """Log dimensionless jerk and spectral arc length of the strokes."""
    count = strokes.start.size
    smooth, arc = np.empty(count), np.empty(count)
    even, odd = np.empty(_COUNT), np.empty(_COUNT)
    for stroke in range(count):
        square = 0.0
        for place in range(strokes.start[stroke], strokes.end[stroke]):
            square += motion.jerk[place] ** 2
        jerk = square * (strokes.seconds[stroke] ** 3 / strokes.peak[stroke] ** 2 * STEP_S)
        smooth[stroke] = -math.log(max(jerk, _LEAST_JERK))
        arc[stroke] = _arc_length(strokes.profile, stroke, even, odd)
    return Smoothness(jerk_smoothness=median_of(smooth), jerk_smoothness_spread=spread_of(smooth), arc_length=median_of(arc))


@compiled
def _arc_length(profiles: Floats, stroke: int, even: Floats, odd: Floats) -> float:
    """Length of the curve of a stroke's amplitude spectrum up to where it has died down, negative; `even` and `odd` are scratch."""
    even[:] = 0.0
    odd[:] = 0.0
    for point in range(_HALF):
        near, far = profiles[stroke, point], profiles[stroke, POINTS - 1 - point]
        total, rest = near + far, near - far
        for cycle in range(_COUNT):
            even[cycle] += total * _EVEN[point, cycle]
            odd[cycle] += rest * _ODD[point, cycle]
    last = 1
    for cycle in range(_COUNT):
        even[cycle] = math.sqrt(even[cycle] ** 2 + odd[cycle] ** 2)
    for cycle in range(1, _COUNT):
        if even[cycle] >= _LEAST_AMPLITUDE:
            last = cycle
    step = 1.0 / (last * last)
    length = 0.0
    for cycle in range(last):
        length += math.sqrt((even[cycle + 1] - even[cycle]) ** 2 + step)
    return -length
