"""What smoothing takes off: the fine structure of fast motion, across and along its direction."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.kinematics import FAST_PX_S, Motion
from playproof.features.numbers import NAN, Floats, Places, line, median_of, quantile_of, ratio
from playproof.features.path import Path
from playproof.features.relations import partial

_FEWEST = 8
_ROUNDING_PX = 0.05
"""Added before a logarithm: less than this is rounding."""
_LITTLE_PX_S2 = 100.0
_NOTHING_PX = 1e-6


class Residual(NamedTuple):
    """What smoothing takes off; the catalogue says what each is."""

    ripple_across: float
    ripple_across_tail: float
    ripple_along: float
    ripple_speed_slope: float
    ripple_across_memory: float
    ripple_along_memory: float
    ripple_along_with_pull: float
    ripple_slow: float


_UNKNOWN = Residual(*[NAN] * len(Residual._fields))


@compiled
def residual(path: Path, motion: Motion) -> Residual:
    """Cells less smoothed cells where the pointer is fast, px."""
    count = motion.fast.size
    if count < _FEWEST:
        return _UNKNOWN
    across, along, log_across, log_along = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    signed_across, signed_along, log_pull = np.empty(count), np.empty(count), np.empty(count)
    for k in range(count):
        # Velocity i lies between cells i and i + 1, of which the later one stands for both.
        cell = motion.fast[k] + 1
        rest = path.cells[cell] - path.smooth[cell]
        unit = motion.fast_unit[k]
        signed_along[k] = rest.real * unit.real + rest.imag * unit.imag
        signed_across[k] = rest.imag * unit.real - rest.real * unit.imag
        along[k], across[k] = abs(signed_along[k]), abs(signed_across[k])
        log_along[k] = math.log(along[k] + _ROUNDING_PX)
        log_pull[k] = math.log(abs(motion.tangential[motion.fast[k]]) + _LITTLE_PX_S2)
        log_across[k] = math.log(across[k] + _ROUNDING_PX)
    slope, _, _ = line(motion.fast_log, log_across)
    middle = median_of(across)
    unit_of_ripple = middle if middle > _NOTHING_PX else 0.0  # a straight line's ripple is the rounding of its arithmetic
    return Residual(
        ripple_across=middle,
        ripple_across_tail=ratio(quantile_of(across, 0.9), unit_of_ripple),
        ripple_along=ratio(median_of(along), unit_of_ripple),
        ripple_speed_slope=slope,
        ripple_across_memory=_memory(motion.fast, signed_across, 1),
        ripple_along_memory=_memory(motion.fast, signed_along, 2),
        ripple_along_with_pull=partial(log_along, log_pull, motion.fast_log),
        ripple_slow=_slow(path),
    )


@compiled
def _memory(fast: Places, values: Floats, lag: int) -> float:
    """Correlation of `values` (f,) with those `lag` places on in the same stretch of fast motion; NaN of too few."""
    pairs = 0
    later = square = 0.0
    for k in range(fast.size - lag):
        if fast[k + lag] == fast[k] + lag:
            pairs += 1
            later += values[k] * values[k + lag]
            square += 0.5 * (values[k] ** 2 + values[k + lag] ** 2)
    return ratio(later, square) if pairs >= _FEWEST else NAN


@compiled
def _slow(path: Path) -> float:
    """Median of what smoothing takes off slow motion, px; NaN of too little."""
    sizes = np.empty(path.speed.size)
    count = 0
    for place in range(path.speed.size):
        if path.moving[place] and path.speed[place] < FAST_PX_S:
            sizes[count] = abs(path.cells[place + 1] - path.smooth[place + 1])
            count += 1
    return median_of(sizes[:count]) if count >= _FEWEST else NAN
