"""The grain of slow motion: a mouse counts in whole steps on each of its axes, so that a slow hand often moves along one alone."""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import share
from playproof.features.path import Path

_LEAST_PX = 0.5
_SLOW_PX = 8.0
_BRISK_PX = (3.0, 12.0)
"""Steps from one cell to the next."""
_NOTHING_PX = 1e-6
_FEWEST = 8


def texture(path: Path) -> dict[str, float]:
    """Steps between unsmoothed cells that leave one coordinate where it was."""
    step = path.cells[1:] - path.cells[:-1]
    across, down = np.abs(step.real), np.abs(step.imag)
    longer = np.maximum(across, down)
    lone = (np.minimum(across, down) < _NOTHING_PX) & (longer >= _LEAST_PX)
    slow = ((longer >= _LEAST_PX) & (longer < _SLOW_PX)).nonzero()[0]
    brisk = ((longer >= _BRISK_PX[0]) & (longer < _BRISK_PX[1])).nonzero()[0]
    long = lone[:-2] & lone[1:-1] & lone[2:]
    return {
        "one_axis_slow": share(lone[slow]) if slow.size >= _FEWEST else np.nan,
        "one_axis_brisk": share(lone[brisk]) if brisk.size >= _FEWEST else np.nan,
        "one_axis_long": int(np.count_nonzero(long)) / max(int(np.count_nonzero(path.moving)), 1),
    }
