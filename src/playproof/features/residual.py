"""What smoothing takes off: the fine structure of fast motion, across and along its direction."""

from __future__ import annotations

import numpy as np

from playproof.features.kinematics import Motion
from playproof.features.numbers import correlation, line, median, ordered, quantile, ratio
from playproof.features.path import Path


def residual(path: Path, motion: Motion) -> dict[str, float]:
    """Cells less smoothed cells where the pointer is fast, px."""
    fast = motion.fast
    if int(fast.sum()) < 8:
        return {}
    rest = (path.cells - path.smooth)[:, 1:]
    unit = path.velocity / np.maximum(path.speed, 1e-9)
    along = rest[0] * unit[0] + rest[1] * unit[1]
    across = rest[1] * unit[0] - rest[0] * unit[1]
    both = fast[:-1] & fast[1:]
    a, c, speed = along[fast], across[fast], path.speed[fast]
    size = np.abs(c)
    sizes = ordered(size)
    slope, _, strength = line(np.log(speed), np.log(size + 0.05))
    flips = across[:-1][both] * across[1:][both] < 0.0
    return {
        "ripple_across": quantile(sizes, 0.5),
        "ripple_across_tail": ratio(quantile(sizes, 0.9), quantile(sizes, 0.5)),
        "ripple_along": ratio(median(np.abs(a)), quantile(sizes, 0.5)),
        "ripple_across_memory": correlation(across[:-1][both], across[1:][both]),
        "ripple_along_memory": correlation(along[:-1][both], along[1:][both]),
        "ripple_speed_slope": slope,
        "ripple_speed_strength": strength,
        "ripple_flip_share": float(flips.mean()) if flips.size else np.nan,
        "ripple_level": ratio(quantile(sizes, 0.5), median(speed) * 0.02),
    }
