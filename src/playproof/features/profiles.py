"""How the speed rises and falls over the time of the strokes, and whether what covers the distance is corrected."""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import Floats, share
from playproof.features.strokes import POINTS, Strokes

_TIME = (np.arange(POINTS) + 0.5) / POINTS
_BELL = 30.0 * _TIME**2 * (1.0 - _TIME) ** 2
_PLACES = np.arange(POINTS - 1)
_LEAST_PEAK = 0.15
"""Of the stroke's highest speed: lower peaks are ripple."""


def profiles(strokes: Strokes) -> tuple[dict[str, Floats], dict[str, float]]:
    """Shape of each stroke's speed profile, and what is told of all strokes at once."""
    profile = strokes.profile
    turn = profile.argmax(axis=1)
    top = np.maximum.reduce(profile, axis=1)
    off = profile - _BELL
    rises = profile[:, 1:] > profile[:, :-1]
    peaks = (rises[:, :-1] > rises[:, 1:]) & (profile[:, 1:-1] > (_LEAST_PEAK * top)[:, None])
    again = rises & (turn[:, None] <= _PLACES)
    quantities = {
        "peak": turn * (1.0 / POINTS),
        "bell": np.sqrt(np.add.reduce(off * off, axis=1) * (1.0 / POINTS)),
        "peaks": np.add.reduce(peaks.view(np.int8), axis=1, dtype=np.int8),
    }
    return quantities, {"corrected_share": share(np.logical_or.reduce(again, axis=1))}
