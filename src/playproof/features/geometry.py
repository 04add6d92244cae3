"""The shape of the strokes: how straight, how bent, how they set out and arrive."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.numbers import median_of, quantile_of
from playproof.features.strokes import POINTS, Strokes

_EARLY = POINTS // 5
_LATE = POINTS - 1 - _EARLY


class Geometry(NamedTuple):
    """The shape of the strokes; the catalogue says what each is."""

    straightness: float
    deviation: float
    deviation_low: float
    launch_error: float
    arrival_error: float
    backtracking: float


@compiled
def geometry(strokes: Strokes) -> Geometry:
    """Shape of the strokes' paths, of those that do not end where they began."""
    aside, along = strokes.aside, strokes.along
    count = strokes.start.size
    straight, bow, launch, arrival, back = np.empty(count), np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    kept = 0
    for stroke in range(count):
        if strokes.chord[stroke] > 0.0:
            straight[kept] = strokes.chord[stroke] / strokes.px[stroke]
            bow[kept] = back[kept] = 0.0
            for point in range(POINTS):
                bow[kept] = max(bow[kept], abs(aside[stroke, point]))
            for point in range(1, POINTS):
                back[kept] += max(along[stroke, point - 1] - along[stroke, point], 0.0)
            launch[kept] = abs(math.atan2(aside[stroke, _EARLY], along[stroke, _EARLY]))
            arrival[kept] = abs(math.atan2(aside[stroke, _LATE], 1.0 - along[stroke, _LATE]))
            kept += 1
    return Geometry(
        straightness=median_of(straight[:kept]),
        deviation=median_of(bow[:kept]),
        deviation_low=quantile_of(bow[:kept], 0.1),
        launch_error=median_of(launch[:kept]),
        arrival_error=median_of(arrival[:kept]),
        backtracking=quantile_of(back[:kept], 0.75),
    )
