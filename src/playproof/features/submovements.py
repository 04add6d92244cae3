"""The bells of speed that strokes are made of: how many, how far apart, how deep between."""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import median, ordered, quantile, ratio, spread
from playproof.features.path import MOVING_PX_S, STEP_S, Path
from playproof.features.strokes import Strokes


def submovements(path: Path, strokes: Strokes) -> dict[str, float]:
    """Peaks of the speed that stand out of their surroundings."""
    speed = path.speed
    middle = speed[1:-1]
    peaks = np.flatnonzero((middle > speed[:-2]) & (middle >= speed[2:]) & (middle > 1.5 * MOVING_PX_S)) + 1
    if peaks.size < 3 or not strokes.start.size:
        return {}
    # The lowest speed between neighbouring peaks; the last stretch runs to the end of the path.
    valley = np.minimum.reduceat(speed, peaks)
    height = speed[peaks]
    depth = valley[:-1] / np.minimum(height[:-1], height[1:])
    apart = depth < 0.85
    inside = valley[:-1] > MOVING_PX_S
    gap = np.diff(peaks) * STEP_S
    joined = apart & inside
    gaps = ordered(gap[joined])
    pair = np.log(height[1:][joined] / height[:-1][joined])
    moving = float(path.moving.sum()) * STEP_S
    return {
        "submovement_rate": ratio(float(apart.sum()), moving),
        "submovement_gap": quantile(gaps, 0.5),
        "submovement_gap_spread": ratio(quantile(gaps, 0.75) - quantile(gaps, 0.25), quantile(gaps, 0.5)),
        "submovement_depth": median(depth[joined]),
        "submovement_depth_spread": spread(depth[joined]),
        "submovement_fall": median(pair),
        "submovement_pair_spread": spread(pair),
        "shallow_peak_share": ratio(float((~apart).sum()), float(depth.size)),
        "submovements_per_stroke": ratio(float(joined.sum()), float(strokes.start.size)),
    }
