"""What smoothing takes off: the fine structure of fast motion, across and along its direction."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.kinematics import Motion
from playproof.features.numbers import NAN, line, median_of, quantile_of, ratio
from playproof.features.path import Path

_FEWEST = 8
_ROUNDING_PX = 0.05
"""Added before a logarithm: less than this is rounding."""


class Residual(NamedTuple):
    """What smoothing takes off; the catalogue says what each is."""

    ripple_across: float
    ripple_across_tail: float
    ripple_along: float
    ripple_speed_slope: float


_UNKNOWN = Residual(*[NAN] * len(Residual._fields))


@compiled
def residual(path: Path, motion: Motion) -> Residual:
    """Cells less smoothed cells where the pointer is fast, px."""
    count = motion.fast.size
    if count < _FEWEST:
        return _UNKNOWN
    across, along, log_across = np.empty(count), np.empty(count), np.empty(count)
    for k in range(count):
        # Velocity i lies between cells i and i + 1, of which the later one stands for both.
        cell = motion.fast[k] + 1
        rest = path.cells[cell] - path.smooth[cell]
        unit = motion.fast_unit[k]
        along[k] = abs(rest.real * unit.real + rest.imag * unit.imag)
        across[k] = abs(rest.imag * unit.real - rest.real * unit.imag)
        log_across[k] = math.log(across[k] + _ROUNDING_PX)
    slope, _, _ = line(motion.fast_log, log_across)
    middle = median_of(across)
    return Residual(
        ripple_across=middle,
        ripple_across_tail=ratio(quantile_of(across, 0.9), middle),
        ripple_along=ratio(median_of(along), middle),
        ripple_speed_slope=slope,
    )
