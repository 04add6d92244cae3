"""How strokes differ from one another, and how their time, speed and shape go together."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from playproof.features.numbers import NAN, Floats, median, ratio, rising
from playproof.features.strokes import Strokes

_FEWEST_STROKES = 4
_MOST_STROKES = 64
"""More are not compared in pairs."""


def logarithms(strokes: Strokes) -> dict[str, Floats]:
    """Binary logarithms of each stroke's length, duration and peak speed."""
    length, duration, pace = np.log2(np.array((strokes.px, strokes.seconds, strokes.peak)))
    return {"length": length, "duration": duration, "pace": pace}


def variability(quantities: Mapping[str, Floats]) -> dict[str, float]:
    """Fitts' relation and the main sequence, from what is measured of each stroke."""
    rows = np.array(tuple(quantities[name] for name in ("length", "duration", "pace", "peaks")))
    count = rows.shape[1]
    if count < _FEWEST_STROKES:
        return {}
    rows -= (np.add.reduce(rows, axis=1) * (1.0 / count))[:, None]
    products = (rows @ rows.T).tolist()
    length, duration, peak, parts = range(4)
    along, slower, faster = products[length][length], products[length][duration], products[length][peak]
    fitts, sequence = _related(products, length, duration), _related(products, length, peak)
    return {
        "fitts_slope": ratio(slower, along),
        "fitts_scatter": math.sqrt(products[duration][duration] / count * (1.0 - fitts**2)),
        "peak_slope": ratio(faster, along),
        "peak_scatter": math.sqrt(products[peak][peak] / count * (1.0 - sequence**2)),
        "peak_strength": sequence,
        "peaks_with_length": _related(products, length, parts),
    }


def _related(products: list[list[float]], a: int, b: int) -> float:
    """Correlation of rows `a` and `b` from the products of centred rows; NaN of a constant."""
    size = products[a][a] * products[b][b]
    return min(max(products[a][b] / math.sqrt(size), -1.0), 1.0) if size > 1e-12 else NAN


def likeness(strokes: Strokes) -> dict[str, float]:
    """How alike strokes are in their speed profile and in how they leave their chord, whichever side that is."""
    measured = (strokes.chord > 0.0).nonzero()[0][:_MOST_STROKES]
    count = measured.size
    if count < _FEWEST_STROKES:
        return {}
    products = _products(np.array((strokes.profile[measured] - 1.0, strokes.aside[measured])))
    speeds, ways = products
    np.abs(ways, out=ways)
    nearest_speeds, nearest_ways = rising(np.maximum.reduce(products, axis=2))
    return {
        "profile_nearest": median(nearest_speeds),
        "path_nearest": median(nearest_ways),
        "twin_likeness": float(np.maximum.reduce(np.minimum(speeds, ways), axis=None)),
    }


def _products(rows: Floats) -> Floats:
    """Cosines (k, s, s) of the angles between the s rows of each of k tables (k, s, n), 0 on the diagonal."""
    rows *= (1.0 / np.sqrt(np.add.reduce(rows * rows, axis=2) + 1e-12))[:, :, None]
    pairs: Floats = rows @ rows.transpose(0, 2, 1)
    count = rows.shape[1]
    pairs.reshape(-1, count * count)[:, :: count + 1] = 0.0
    return pairs
