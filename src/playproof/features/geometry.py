"""The shape of the strokes: how straight, how bent, how they set out and arrive."""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import Floats
from playproof.features.strokes import POINTS, Strokes

_EARLY = POINTS // 5
_LATE = POINTS - 1 - _EARLY


def geometry(strokes: Strokes) -> dict[str, Floats]:
    """Shape of each stroke's path; NaN where it ends where it began."""
    aside, along = strokes.aside, strokes.along
    return {
        "straight": strokes.chord / strokes.px,
        "deviation": np.maximum.reduce(np.abs(aside), axis=1),
        "launch": np.abs(np.arctan2(aside[:, _EARLY], along[:, _EARLY])),
        "arrival": np.abs(np.arctan2(aside[:, _LATE], 1.0 - along[:, _LATE])),
    }
