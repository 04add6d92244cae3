"""The bells of speed that strokes are made of: how many, how far apart, how deep between."""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import median, ratio, rising
from playproof.features.path import MOVING_PX_S, STEP_S, Path
from playproof.features.strokes import Strokes

_LEAST_PX_S = 45.0
_LEAST_DEPTH = 0.85
"""Peaks with a shallower valley between them are one."""


def submovements(path: Path, strokes: Strokes) -> dict[str, float]:
    """Peaks of the speed that stand out of their surroundings."""
    speed = path.speed
    middle = speed[1:-1]
    peaks = ((middle > speed[:-2]) & (middle >= speed[2:]) & (middle > _LEAST_PX_S)).nonzero()[0] + 1
    if peaks.size < 3:
        return {}
    # The lowest speed between neighbouring peaks; the last stretch runs to the end of the path.
    valley = np.minimum.reduceat(speed, peaks)[:-1]
    height = speed[peaks]
    depth = valley / np.minimum(height[:-1], height[1:])
    apart = depth < _LEAST_DEPTH
    joined = (apart & (valley > MOVING_PX_S)).nonzero()[0]
    depths, falls = rising(np.array((depth[joined], np.log(height[joined + 1] / height[joined]))))
    return {
        "submovement_rate": ratio(int(np.count_nonzero(apart)), int(np.count_nonzero(path.moving)) * STEP_S),
        "submovement_depth": median(depths),
        "submovement_fall": median(falls),
        "submovements_per_stroke": joined.size / strokes.start.size,
    }
