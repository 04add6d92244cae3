"""How strokes differ from one another, and how their time and speed go with their length."""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import Floats, line, median, spread
from playproof.features.strokes import Strokes

_MOST_STROKES = 64
_FEWEST_STROKES = 4


def variability(strokes: Strokes) -> dict[str, float]:
    """Fitts' relation, the main sequence, and how alike strokes are."""
    if strokes.start.size < _FEWEST_STROKES:
        return {}
    way, seconds, peak = np.log2(strokes.px), np.log2(strokes.seconds), np.log2(strokes.peak)
    slope, scatter, strength = line(way, seconds)
    peak_slope, peak_scatter, peak_strength = line(way, peak)
    profile_alike, profile_nearest = _likeness(strokes.profile)
    measured = ~np.isnan(strokes.chord)
    aside_alike, aside_nearest = _likeness(strokes.aside[measured], signed=False)
    straight = np.log(np.maximum(1.0 - strokes.chord / strokes.px, 1e-4))
    return {
        "fitts_slope": slope,
        "fitts_scatter": scatter,
        "fitts_strength": strength,
        "peak_slope": peak_slope,
        "peak_scatter": peak_scatter,
        "peak_strength": peak_strength,
        "length_spread": spread(way),
        "duration_spread": spread(seconds),
        "peak_spread": spread(peak),
        "straightness_spread": spread(straight),
        "profile_likeness": profile_alike,
        "profile_nearest": profile_nearest,
        "path_likeness": aside_alike,
        "path_nearest": aside_nearest,
    }


def _likeness(rows: Floats, *, signed: bool = True) -> tuple[float, float]:
    """Mean correlation of pairs of rows, and the median row's correlation with its nearest."""
    rows = rows[:_MOST_STROKES]
    if len(rows) < _FEWEST_STROKES:
        return np.nan, np.nan
    rows = rows - rows.mean(axis=1, keepdims=True)
    size = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    rows = rows / np.maximum(size, 1e-9)
    pairs = rows @ rows.T
    if not signed:
        np.abs(pairs, out=pairs)
    np.fill_diagonal(pairs, 0.0)
    mean = float(pairs.sum()) / (len(rows) * (len(rows) - 1))
    return mean, median(pairs.max(axis=1))
