"""How strokes differ from one another, and how their time, speed and shape go together."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.likeness import likeness
from playproof.features.numbers import NAN, Floats, ratio, spread_of
from playproof.features.profiles import peaks
from playproof.features.strokes import Strokes

_FEWEST_STROKES = 4


class Variability(NamedTuple):
    """How strokes differ and agree; the catalogue says what each is."""

    fitts_slope: float
    fitts_scatter: float
    peak_slope: float
    peak_scatter: float
    peak_strength: float
    peaks_with_length: float
    duration_spread: float
    profile_nearest: float
    path_nearest: float
    twin_likeness: float


@compiled
def variability(strokes: Strokes) -> Variability:
    """Fitts' relation, the main sequence, and how alike strokes are."""
    count = strokes.start.size
    length, duration, pace, parts = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    for stroke in range(count):
        length[stroke] = math.log2(strokes.px[stroke])
        duration[stroke] = math.log2(strokes.seconds[stroke])
        pace[stroke] = math.log2(strokes.peak[stroke])
        parts[stroke] = peaks(strokes.profile, stroke)
    fitts, sequence, with_length = _related(length, duration), _related(length, pace), _related(length, parts)
    alike = likeness(strokes)
    return Variability(
        fitts_slope=fitts.slope,
        fitts_scatter=fitts.scatter,
        peak_slope=sequence.slope,
        peak_scatter=sequence.scatter,
        peak_strength=sequence.strength,
        peaks_with_length=with_length.strength,
        duration_spread=spread_of(duration),
        profile_nearest=alike.profile,
        path_nearest=alike.path,
        twin_likeness=alike.twin,
    )


class _Relation(NamedTuple):
    slope: float
    scatter: float
    strength: float


@compiled
def _related(a: Floats, b: Floats) -> _Relation:
    """Least squares b = slope * a + c, what scatters about it, and the correlation; NaN of too few or of a constant."""
    count = a.size
    if count < _FEWEST_STROKES:
        return _Relation(NAN, NAN, NAN)
    middle_a = middle_b = 0.0
    for k in range(count):
        middle_a += a[k]
        middle_b += b[k]
    middle_a /= count
    middle_b /= count
    aa = ab = bb = 0.0
    for k in range(count):
        off_a, off_b = a[k] - middle_a, b[k] - middle_b
        aa += off_a * off_a
        ab += off_a * off_b
        bb += off_b * off_b
    strength = min(max(ab / math.sqrt(aa * bb), -1.0), 1.0) if aa * bb > 1e-12 else NAN
    return _Relation(ratio(ab, aa), math.sqrt(bb / count * (1.0 - strength**2)), strength)
