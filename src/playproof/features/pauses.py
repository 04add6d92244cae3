"""Rests between strokes, and what goes on in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.numbers import NAN, quantile_of, ratio
from playproof.features.path import STEP_S, Path
from playproof.features.strokes import Strokes

_CREEP_PX_S = 1.0
_STILL_PX = 1.0


class Pauses(NamedTuple):
    """The rests between strokes; the catalogue says what each is."""

    rest_low: float
    rest_share: float
    creep_share: float
    rest_still_share: float
    rest_travel: float
    stroke_rate: float


_UNKNOWN = Pauses(*[NAN] * len(Pauses._fields))


@compiled
def pauses(path: Path, strokes: Strokes) -> Pauses:
    """Rests between strokes; rests are cut to `path.LONGEST_REST_MS`."""
    count = strokes.start.size - 1
    if count < 1:
        return _UNKNOWN
    rests = np.empty(count)
    still = 0
    travel = 0.0
    for rest in range(count):
        begin, end = strokes.end[rest], strokes.start[rest + 1]
        rests[rest] = (end - begin) * STEP_S
        crept = path.travelled[end] - path.travelled[begin]
        travel += crept
        still += crept < _STILL_PX
    first, last = strokes.start[0], strokes.end[count]
    resting = creeping = 0
    for place in range(first, last):
        if not path.moving[place]:
            resting += 1
            creeping += path.speed[place] > _CREEP_PX_S
    return Pauses(
        rest_low=quantile_of(rests, 0.1),
        rest_share=resting / (last - first),
        creep_share=ratio(creeping, resting),
        rest_still_share=still / count,
        rest_travel=travel / count,
        stroke_rate=(count + 1) / ((last - first) * STEP_S),
    )
