"""How strokes differ from one another, and how their time, speed and shape go together."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.likeness import likeness
from playproof.features.numbers import spread_of
from playproof.features.path import Path
from playproof.features.profiles import peaks
from playproof.features.relations import partial, related
from playproof.features.strokes import Strokes, level_of

_LEAST_BENT = 1e-4


class Variability(NamedTuple):
    """How strokes differ and agree; the catalogue says what each is."""

    fitts_slope: float
    fitts_scatter: float
    peak_slope: float
    peak_scatter: float
    peak_strength: float
    peaks_with_length: float
    peak_with_bend: float
    peak_with_direction: float
    duration_spread: float
    profile_nearest: float
    path_nearest: float
    twin_likeness: float


@compiled
def variability(path: Path, strokes: Strokes) -> Variability:
    """Fitts' relation, the main sequence, and how alike strokes are."""
    count = strokes.start.size
    length, duration, pace, parts = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    bend, level = np.empty(count), np.empty(count)
    for stroke in range(count):
        length[stroke] = math.log2(strokes.px[stroke])
        duration[stroke] = math.log2(strokes.seconds[stroke])
        pace[stroke] = math.log2(strokes.peak[stroke])
        parts[stroke] = peaks(strokes.profile, stroke)
        straight = strokes.chord[stroke] / strokes.px[stroke] if strokes.chord[stroke] > 0.0 else 0.0
        bend[stroke] = math.log2(max(1.0 - straight, _LEAST_BENT))
        level[stroke] = level_of(path, strokes, stroke)
    fitts, sequence, with_length = related(length, duration), related(length, pace), related(length, parts)
    alike = likeness(strokes)
    return Variability(
        fitts_slope=fitts.slope,
        fitts_scatter=fitts.scatter,
        peak_slope=sequence.slope,
        peak_scatter=sequence.scatter,
        peak_strength=sequence.strength,
        peaks_with_length=with_length.strength,
        peak_with_bend=partial(pace, bend, length),
        peak_with_direction=partial(pace, level, length),
        duration_spread=spread_of(duration),
        profile_nearest=alike.profile,
        path_nearest=alike.path,
        twin_likeness=alike.twin,
    )
