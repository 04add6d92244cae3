"""The shape of the strokes: how straight, how bent to which side and where."""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import median, quantile, rising
from playproof.features.strokes import POINTS, Strokes

_EARLY = POINTS // 5
_LATE = POINTS - 1 - _EARLY
_LEAST_BENT = 0.005
"""Of the chord: what is straighter is furthest from its chord nowhere in particular."""


def geometry(strokes: Strokes) -> dict[str, float]:
    """Shape of the path of the strokes."""
    aside, along = strokes.aside, strokes.along
    size = np.abs(aside)
    most = np.maximum.reduce(size, axis=1)
    where = size.argmax(axis=1) * (1.0 / (POINTS - 1))
    where[~(most > _LEAST_BENT)] = np.nan
    back = -np.add.reduce(np.minimum(along[:, 1:] - along[:, :-1], 0.0), axis=1)
    launch = np.abs(np.arctan2(aside[:, _EARLY], along[:, _EARLY]))
    arrival = np.abs(np.arctan2(aside[:, _LATE], 1.0 - along[:, _LATE]))
    straights, mosts, places, backs, launches, arrivals = rising(np.array((strokes.chord / strokes.px, most, where, back, launch, arrival)))
    return {
        "straightness": median(straights),
        "deviation": median(mosts),
        "deviation_high": quantile(mosts, 0.9),
        "deviation_low": quantile(mosts, 0.1),
        "deviation_place": median(places),
        "launch_error": median(launches),
        "arrival_error": median(arrivals),
        "backtracking": quantile(backs, 0.75),
    }
