"""The grain of motion: a mouse counts in whole steps on each of its axes, so that a hand often moves along one of them alone.

What is computed and then rounded does so less often, and so does what was recorded once and is turned or stretched.
"""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import NAN, Floats, Mask, Points
from playproof.features.path import Path
from playproof.features.strokes import Strokes

_LEAST_PX = 0.5
_SLOW_PX = 10.0
"""Steps from one cell to the next."""
_NOTHING_PX = 1e-6
_NEAR_AXIS = 0.08
"""Tangent of the angle between the smoothed motion and the nearer axis."""
_FEWEST = 8
_ONSET = np.arange(4)
"""The first places of a stroke."""


def texture(path: Path, strokes: Strokes) -> dict[str, float]:
    """Steps between unsmoothed cells that leave one coordinate where it was."""
    across, down = _sides(path.cells[1:] - path.cells[:-1])
    longer = np.maximum(across, down)
    long_enough = longer >= _LEAST_PX
    lone = (np.minimum(across, down) < _NOTHING_PX) & long_enough
    x, y = _sides(path.velocity)
    slant = np.minimum(x, y) / np.maximum(np.maximum(x, y), _NOTHING_PX)
    fast = longer >= _SLOW_PX
    slow = long_enough ^ fast
    long = lone[:-2] & lone[1:-1] & lone[2:]
    onset = lone[strokes.start[:, None] + _ONSET]
    return {
        "one_axis_slow": _share(lone, slow),
        "one_axis_fast": _share(lone, fast),
        "one_axis_pure": _share(lone, slow & (slant < _NEAR_AXIS)),
        "one_axis_long": int(np.count_nonzero(long)) / max(int(np.count_nonzero(path.moving)), 1),
        "one_axis_onset": int(np.count_nonzero(onset)) / onset.size,
    }


def _sides(steps: Points) -> tuple[Floats, Floats]:
    """Sizes (m,) of the two coordinates of `steps` (m,)."""
    sizes = np.abs(steps.view(np.float64))
    return sizes[::2], sizes[1::2]


def _share(mask: Mask, among: Mask) -> float:
    """The share of `mask` (m,) `among` some places; NaN of too few."""
    count = int(np.count_nonzero(among))
    return int(np.count_nonzero(mask & among)) / count if count >= _FEWEST else NAN
