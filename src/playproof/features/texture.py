"""The grain of motion: a mouse counts in whole steps on each of its axes, so that a hand often moves along one of them alone.

What is computed and then rounded does so less often, and so does what was recorded once and is turned or stretched.
"""

from __future__ import annotations

from typing import NamedTuple

from playproof.compiled import compiled
from playproof.features.numbers import NAN
from playproof.features.path import Path
from playproof.features.strokes import Strokes

LEAST_PX = 0.5
SLOW_PX = 10.0
"""Steps from one cell to the next."""
NOTHING_PX = 1e-6
_NEAR_AXIS = 0.08
"""Tangent of the angle between the smoothed motion and the nearer axis."""
_FEWEST = 8
_ONSET = 4
"""The first places of a stroke, which has more."""
_LONG = 3
"""Places that make 60 ms."""


class Texture(NamedTuple):
    """How much of the motion goes along one axis exactly; the catalogue says what each is."""

    one_axis_slow: float
    one_axis_fast: float
    one_axis_pure: float
    one_axis_onset: float
    one_axis_long: float


@compiled
def texture(path: Path, strokes: Strokes) -> Texture:
    """Steps between unsmoothed cells that leave one coordinate where it was."""
    slow = slow_alone = fast = fast_alone = straight = straight_alone = 0
    moving = run = long = 0
    for place in range(path.speed.size):
        moving += path.moving[place]
        step = path.cells[place + 1] - path.cells[place]
        longer = max(abs(step.real), abs(step.imag))
        alone = _alone(step)
        run = run + 1 if alone else 0
        long += run >= _LONG
        if longer >= SLOW_PX:
            fast += 1
            fast_alone += alone
        elif longer >= LEAST_PX:
            slow += 1
            slow_alone += alone
            across, down = abs(path.velocity[place].real), abs(path.velocity[place].imag)
            if min(across, down) < _NEAR_AXIS * max(across, down, NOTHING_PX):
                straight += 1
                straight_alone += alone
    onset = 0
    for start in strokes.start:
        for place in range(start, start + _ONSET):
            onset += _alone(path.cells[place + 1] - path.cells[place])
    return Texture(
        one_axis_slow=share_among(slow_alone, slow),
        one_axis_fast=share_among(fast_alone, fast),
        one_axis_pure=share_among(straight_alone, straight),
        one_axis_onset=onset / (strokes.start.size * _ONSET),
        one_axis_long=long / max(moving, 1),
    )


@compiled
def _alone(step: complex) -> bool:
    """Whether a step goes along one axis exactly."""
    across, down = abs(step.real), abs(step.imag)
    return max(across, down) >= LEAST_PX and min(across, down) < NOTHING_PX


@compiled
def share_among(part: int, among: int) -> float:
    """NaN among too few."""
    return part / among if among >= _FEWEST else NAN
