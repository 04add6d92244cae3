"""The stroke that covers the distance, and the corrections that follow it."""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import Floats, median, rising, share, spread
from playproof.features.strokes import POINTS, Strokes

_LEAST_PEAK = 0.15
"""Of the stroke's highest speed: lower peaks are ripple."""
_PLACES = np.arange(POINTS - 1)


def count_peaks(strokes: Strokes) -> Floats:
    """Speed peaks (s,) of each stroke."""
    profile = strokes.profile
    middle = profile[:, 1:-1]
    least = _LEAST_PEAK * np.maximum.reduce(profile, axis=1)
    found = (middle > profile[:, :-2]) & (middle >= profile[:, 2:]) & (middle > least[:, None])
    counts: Floats = np.add.reduce(found, axis=1, dtype=np.float64)
    return counts


def corrections(strokes: Strokes) -> dict[str, float]:
    """How far the fastest part of a stroke has come by when the speed first rises again."""
    profile = strokes.profile
    top = profile.argmax(axis=1)
    rises = (profile[:, 1:] > profile[:, :-1]) & (top[:, None] <= _PLACES)
    valley = rises.argmax(axis=1)
    rows = rises[np.arange(valley.size), valley].nonzero()[0]
    covered = strokes.along[rows, valley[rows]]
    (ordered,) = rising(covered[None])
    return {
        "primary_share": median(ordered),
        "primary_spread": spread(ordered),
        "primary_over_share": share(np.array(ordered) > 1.0),
        "corrected_share": rows.size / valley.size,
    }
