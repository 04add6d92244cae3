"""How the path bends, and how speed and bending go together."""

from __future__ import annotations

import numpy as np

from playproof.features.kinematics import Motion
from playproof.features.numbers import line, median, share

_FEWEST = 8
_LEAST_BEND = 1e-4
"""1/px: what bends less has no place in a logarithm."""


def curvature(motion: Motion) -> dict[str, float]:
    """Bending where the pointer is fast."""
    fast = motion.fast
    if fast.size < _FEWEST:
        return {}
    normal = motion.normal[fast]
    rate = np.abs(normal) / motion.fast_speed
    bend = rate / motion.fast_speed
    bends = np.sort(bend)
    bent = (bend > _LEAST_BEND).nonzero()[0]
    slope, scatter, strength = line(np.log(bend[bent]), motion.fast_log[bent])
    swing = normal * motion.normal[fast + 1]
    rate.sort()
    return {
        "curvature_median": 1000.0 * median(bends),
        "turn_rate_median": median(rate),
        "power_law_slope": -slope,
        "power_law_scatter": scatter,
        "power_law_strength": -strength,
        "turn_change_share": share(swing < 0.0),
    }
