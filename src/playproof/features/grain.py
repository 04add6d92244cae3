"""The grain of motion at greater length: what a mouse does with the lesser coordinate while it goes along the other.

A hand that goes nearly along an axis of the screen leaves the other coordinate where it is for long, and when it
changes it does so in one direction. What is computed and rounded, or recorded and bent to another target, steps to and fro.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.numbers import NAN, Floats
from playproof.features.path import Path
from playproof.features.strokes import Strokes
from playproof.features.texture import LEAST_PX, NOTHING_PX, SLOW_PX, share_among

_CREEP_PX = 0.02
"""Steps from one cell to the next: less than this is none."""
_BRISK_PX = (2.0, 25.0)
_NEAR_PX = 1.0
_SHEER_PX = 6.0
_SIDE_PX = 0.2
"""A lesser change is no step aside."""
_REACH = 3
"""Cells on either side over which the slant of the motion is measured."""
_NEAR, _SLANTED, _STEEP, _SHEER = 0.25, 0.08, 0.3, 0.05
"""Tangents of the angle between motion and the nearer axis."""
_GRAZING_PX = 0.3
_RECENT = 8
"""Places after which a step aside is forgotten."""
_FEWEST = 5
_RUN = 3
_EARLY = 3
"""The first part of a stroke: one in so many."""
_ENDING = 4
"""Places on either side of the end of a stroke."""
_FEWEST_STROKES = 4


class Grain(NamedTuple):
    """How the lesser coordinate changes; the catalogue says what each is."""

    one_axis_creep: float
    one_axis_near: float
    one_axis_slant: float
    one_axis_sheer: float
    grain_switch_slow: float
    grain_switch_brisk: float
    axis_switch: float
    grazing_share: float
    side_step_share: float
    side_step_back: float
    one_axis_early: float
    one_axis_ending: float
    one_axis_variety: float
    one_axis_runs: float


class _Steps(NamedTuple):
    """The steps from each cell to the next."""

    longer: Floats
    """(m,) px along the axis that it goes along more."""
    shorter: Floats
    """(m,) px along the other."""
    aside: Floats
    """(m,) the latter with its sign."""
    axis: Floats
    """(m,) 1 exactly along x, 2 along y, 0 along neither."""


@compiled
def grain(path: Path, strokes: Strokes) -> Grain:
    """Steps between unsmoothed cells against the slant of the motion around them."""
    steps = _steps(path)
    creeps = creeps_alone = near = near_alone = slanted = slanted_alone = sheer = sheer_alone = 0
    slow = slow_switched = brisk = brisk_switched = axes = axes_switched = little = grazing = 0
    sided = returned = recent = 0
    side, axis = 0.0, 0.0
    for place in range(steps.longer.size):
        longer, shorter = steps.longer[place], steps.shorter[place]
        alone = steps.axis[place] > 0.0
        if longer < LEAST_PX:
            creeps += longer > _CREEP_PX
            creeps_alone += longer > _CREEP_PX and shorter < NOTHING_PX
            continue
        slant = _slant(path, place)
        if longer >= _NEAR_PX and slant < _NEAR:
            near += 1
            near_alone += alone
            if shorter > _SIDE_PX:
                if side != 0.0 and place - recent < _RECENT:
                    sided += 1
                    returned += side * steps.aside[place] < 0.0
                side, recent = steps.aside[place], place
        if longer >= _SHEER_PX and slant < _SHEER:
            sheer += 1
            sheer_alone += alone
        if longer < SLOW_PX:
            little += 1
            grazing += NOTHING_PX < shorter < _GRAZING_PX
            slanted += _SLANTED < slant < _STEEP
            slanted_alone += _SLANTED < slant < _STEEP and alone
        if place:
            before, switched = steps.longer[place - 1], steps.axis[place] != steps.axis[place - 1]
            if longer < SLOW_PX and LEAST_PX <= before < SLOW_PX:
                slow += 1
                slow_switched += switched
            if _BRISK_PX[0] <= longer < _BRISK_PX[1] and _BRISK_PX[0] <= before < _BRISK_PX[1]:
                brisk += 1
                brisk_switched += switched
        if alone:
            axes += axis > 0.0
            axes_switched += axis > 0.0 and axis != steps.axis[place]
            axis = steps.axis[place]
    early, ending, variety, runs = _in_strokes(steps, strokes)
    return Grain(
        one_axis_creep=share_among(creeps_alone, creeps),
        one_axis_near=share_among(near_alone, near),
        one_axis_slant=share_among(slanted_alone, slanted),
        one_axis_sheer=share_among(sheer_alone, sheer),
        grain_switch_slow=share_among(slow_switched, slow),
        grain_switch_brisk=share_among(brisk_switched, brisk),
        axis_switch=share_among(axes_switched, axes),
        grazing_share=share_among(grazing, little),
        side_step_share=share_among(sided, near),
        side_step_back=share_among(returned, sided),
        one_axis_early=early,
        one_axis_ending=ending,
        one_axis_variety=variety,
        one_axis_runs=runs,
    )


@compiled
def _steps(path: Path) -> _Steps:
    count = path.speed.size
    longer, shorter, aside, axis = np.empty(count), np.empty(count), np.empty(count), np.zeros(count)
    for place in range(count):
        step = path.cells[place + 1] - path.cells[place]
        across, down = abs(step.real), abs(step.imag)
        longer[place], shorter[place] = max(across, down), min(across, down)
        aside[place] = step.imag if across > down else step.real
        if longer[place] >= LEAST_PX and shorter[place] < NOTHING_PX:
            axis[place] = 1.0 if across > down else 2.0
    return _Steps(longer, shorter, aside, axis)


@compiled
def _slant(path: Path, place: int) -> float:
    """Tangent of the angle between the motion around a place and the nearer axis."""
    way = path.smooth[min(place + _REACH + 1, path.smooth.size - 1)] - path.smooth[max(place - _REACH, 0)]
    across, down = abs(way.real), abs(way.imag)
    return float(min(across, down) / max(across, down, NOTHING_PX))


@compiled
def _in_strokes(steps: _Steps, strokes: Strokes) -> tuple[float, float, float, float]:
    """Shares of motion along one axis early in strokes, about their ends, its deviation between strokes, and strokes with a run."""
    count, places = strokes.start.size, steps.longer.size
    shares = np.empty(count)
    told = early = early_alone = ending = ending_alone = with_run = 0
    for stroke in range(count):
        start, end = strokes.start[stroke], strokes.end[stroke]
        moved = alone = run = longest = 0
        for place in range(start, end):
            if steps.longer[place] < LEAST_PX:
                continue
            lone = steps.axis[place] > 0.0
            moved += 1
            alone += lone
            run = run + 1 if lone else 0
            longest = max(longest, run)
            if steps.longer[place] < SLOW_PX and (place - start) * _EARLY < end - start:
                early += 1
                early_alone += lone
        if moved >= _FEWEST:
            shares[told] = alone / moved
            told += 1
        with_run += longest >= _RUN
        for place in range(end - _ENDING, min(end + _ENDING, places)):
            ending += steps.longer[place] > _CREEP_PX
            ending_alone += steps.longer[place] > _CREEP_PX and steps.shorter[place] < NOTHING_PX
    return share_among(early_alone, early), share_among(ending_alone, ending), _deviation(shares[:told]), with_run / count


@compiled
def _deviation(values: Floats) -> float:
    """Standard deviation of `values` (n,); NaN of too few."""
    if values.size < _FEWEST_STROKES:
        return NAN
    total = square = 0.0
    for value in values:
        total += value
        square += value * value
    mean = total / values.size
    return math.sqrt(max(square / values.size - mean * mean, 0.0))
