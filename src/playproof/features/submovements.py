"""The bells of speed that strokes are made of: how many, how deep between, and whether what covers the distance is corrected."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.numbers import NAN, Floats, median_of, ratio, spread_of
from playproof.features.path import MOVING_PX_S, STEP_S, Path
from playproof.features.profiles import fastest
from playproof.features.strokes import POINTS, Strokes

_LEAST_PX_S = 45.0
_LEAST_DEPTH = 0.85
"""Peaks with a shallower valley between them are one."""
_FEWEST_PEAKS = 3


class Submovements(NamedTuple):
    """The bells of speed; the catalogue says what each is."""

    submovement_rate: float
    submovement_gap: float
    submovement_depth: float
    submovement_fall: float
    submovement_pair_spread: float
    corrected_share: float
    submovements_per_stroke: float


@compiled
def submovements(path: Path, strokes: Strokes) -> Submovements:
    """Peaks of the speed that stand out of their surroundings, and strokes that speed up again."""
    speed = path.speed
    depths, falls, gaps = np.empty(speed.size), np.empty(speed.size), np.empty(speed.size)
    peaks = apart = joined = moving = last = 0
    height = valley = 0.0
    for place in range(1, speed.size - 1):
        here = speed[place]
        if speed[place - 1] < here and here >= speed[place + 1] and here > _LEAST_PX_S:
            if peaks:
                depth = valley / min(height, here)
                if depth < _LEAST_DEPTH:
                    apart += 1
                    if valley > MOVING_PX_S:
                        depths[joined], falls[joined] = depth, math.log(here / height)
                        gaps[joined] = (place - last) * STEP_S
                        joined += 1
            peaks += 1
            last = place
            height = valley = here
        valley = min(valley, here)
    for place in range(speed.size):
        moving += path.moving[place]
    count = strokes.start.size
    corrected = 0
    for stroke in range(count):
        corrected += _speeds_up_again(strokes.profile, stroke)
    enough = peaks >= _FEWEST_PEAKS
    return Submovements(
        submovement_rate=ratio(apart, moving * STEP_S) if enough else NAN,
        submovement_gap=median_of(gaps[:joined]) if enough else NAN,
        submovement_depth=median_of(depths[:joined]) if enough else NAN,
        submovement_fall=median_of(falls[:joined]) if enough else NAN,
        submovement_pair_spread=spread_of(falls[:joined]) if enough else NAN,
        corrected_share=corrected / count,
        submovements_per_stroke=joined / count if enough else NAN,
    )


@compiled
def _speeds_up_again(profiles: Floats, stroke: int) -> bool:
    """Whether a stroke of `profiles` (s, POINTS) does after its fastest point."""
    point = fastest(profiles, stroke) + 1
    while point < POINTS and profiles[stroke, point] <= profiles[stroke, point - 1]:
        point += 1
    return point < POINTS
