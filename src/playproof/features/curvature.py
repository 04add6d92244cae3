"""How the path bends, and how speed and bending go together."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.kinematics import Motion
from playproof.features.numbers import NAN, line, median_of

_FEWEST = 8
_LEAST_BEND = 1e-4
"""1/px: what bends less has no place in a logarithm."""
_STRAIGHT_RAD_S = 0.25
_LEVEL, _UPRIGHT = 0.85, 0.7
"""Cosines of the angles to the horizontal and to the vertical."""
_FEWEST_UPRIGHT = 5
_LITTLE_PX_S2 = 50.0
"""Added before a logarithm."""


class Curvature(NamedTuple):
    """How the path bends; the catalogue says what each is."""

    curvature_median: float
    turn_rate_median: float
    power_law_slope: float
    power_law_scatter: float
    power_law_strength: float
    turn_change_share: float
    straight_share: float
    turning_with_direction: float


_UNKNOWN = Curvature(*[NAN] * len(Curvature._fields))


@compiled
def curvature(motion: Motion) -> Curvature:
    """Bending where the pointer is fast."""
    count = motion.fast.size
    if count < _FEWEST:
        return _UNKNOWN
    rates, bends, log_bends, log_speeds = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    bent = swings = straight = 0
    for k in range(count):
        place, speed = motion.fast[k], motion.fast_speed[k]
        normal = motion.normal[place]
        rates[k] = abs(normal) / speed
        straight += rates[k] < _STRAIGHT_RAD_S
        bends[k] = rates[k] / speed
        if bends[k] > _LEAST_BEND:
            log_bends[bent] = math.log(bends[k])
            log_speeds[bent] = motion.fast_log[k]
            bent += 1
        swings += normal * motion.normal[place + 1] < 0.0  # the last place is never among the fast ones
    slope, scatter, strength = line(log_bends[:bent], log_speeds[:bent])
    return Curvature(
        curvature_median=1000.0 * median_of(bends),
        turn_rate_median=median_of(rates),
        power_law_slope=-slope,
        power_law_scatter=scatter,
        power_law_strength=-strength,
        turn_change_share=swings / count,
        straight_share=straight / count,
        turning_with_direction=_level_over_upright(motion),
    )


@compiled
def _level_over_upright(motion: Motion) -> float:
    """Logarithm of the mean acceleration across level motion over that across upright motion; NaN of too little of either."""
    level = upright = 0
    across_level = across_upright = 0.0
    for k in range(motion.fast.size):
        unit, normal = motion.fast_unit[k], abs(motion.normal[motion.fast[k]])
        if abs(unit.real) > _LEVEL:
            level += 1
            across_level += normal
        elif abs(unit.imag) > _UPRIGHT:
            upright += 1
            across_upright += normal
    if level < _FEWEST or upright < _FEWEST_UPRIGHT:
        return NAN
    return math.log((across_level / level + _LITTLE_PX_S2) / (across_upright / upright + _LITTLE_PX_S2))
