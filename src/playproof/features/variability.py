"""How strokes differ from one another, and how their time and speed go with their length."""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import NAN, Floats, line, median, rising, spread
from playproof.features.strokes import Strokes

_MOST_STROKES = 64
_FEWEST_STROKES = 4


def variability(strokes: Strokes) -> dict[str, float]:
    """Fitts' relation, the main sequence, and how alike strokes are."""
    if strokes.start.size < _FEWEST_STROKES:
        return {}
    bent = np.maximum(1.0 - strokes.chord / strokes.px, 1e-4)
    logs = np.log2(np.array((strokes.px, strokes.seconds, strokes.peak, bent)))
    slope, scatter, strength = line(logs[0], logs[1])
    peak_slope, peak_scatter, peak_strength = line(logs[0], logs[2])
    profile = strokes.profile - 1.0
    profile *= (1.0 / np.sqrt(np.add.reduce(profile * profile, axis=1) + 1e-12))[:, None]
    together = np.add.reduce(profile, axis=0)
    count = len(profile)
    _, durations, _, bends = rising(logs)
    return {
        "fitts_slope": slope,
        "fitts_scatter": scatter,
        "fitts_strength": strength,
        "peak_slope": peak_slope,
        "peak_scatter": peak_scatter,
        "peak_strength": peak_strength,
        "duration_spread": spread(durations),
        "straightness_spread": spread(bends),
        "profile_likeness": (float(together @ together) - count) / (count * (count - 1)),
        "path_nearest": _nearest(strokes.aside[(strokes.chord > 0.0).nonzero()[0][:_MOST_STROKES]]),
    }


def _nearest(rows: Floats) -> float:
    """How nearly parallel the median row of `rows` (s, n) is to the row most like it or its mirror image."""
    if len(rows) < _FEWEST_STROKES:
        return NAN
    size = np.sqrt(np.add.reduce(rows * rows, axis=1) + 1e-12)
    pairs = np.abs(rows @ rows.T) / (size[:, None] * size)
    pairs.flat[:: len(rows) + 1] = 0.0
    return median(np.sort(np.maximum.reduce(pairs, axis=1)))
