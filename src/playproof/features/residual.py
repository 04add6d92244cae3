"""What smoothing takes off: the fine structure of fast motion, across and along its direction."""

from __future__ import annotations

import numpy as np

from playproof.features.kinematics import Motion
from playproof.features.numbers import line, median, quantile, ratio
from playproof.features.path import Path

_FEWEST = 8
_ROUNDING_PX = 0.05
"""Added before a logarithm: less than this is rounding."""


def residual(path: Path, motion: Motion) -> dict[str, float]:
    """Cells less smoothed cells where the pointer is fast, px."""
    fast = motion.fast
    if fast.size < _FEWEST:
        return {}
    # Velocity i lies between cells i and i + 1, of which the later one stands for both.
    rest = (path.cells - path.smooth)[fast + 1] * motion.fast_unit.conj()
    size, length = np.abs(rest.imag), np.abs(rest.real)
    sizes = np.sort(size)
    length.sort()
    middle = median(sizes)
    slope, _, _ = line(motion.fast_log, np.log(size + _ROUNDING_PX))
    return {
        "ripple_across": middle,
        "ripple_across_tail": ratio(quantile(sizes, 0.9), middle),
        "ripple_along": ratio(median(length), middle),
        "ripple_speed_slope": slope,
    }
