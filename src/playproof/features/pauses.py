"""Rests between strokes, and what goes on in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.numbers import NAN, median_of, quantile_of, ratio, spread_of
from playproof.features.path import STEP_S, Path
from playproof.features.strokes import Strokes

_CREEP_PX_S = 1.0
_STILL_PX = 1.0
_FEWEST = 3
_LONGEST_JOIN_S = 1.0
_LONGEST_CORRECTION_S = 0.4
_CORRECTION = 0.3
"""A correction is shorter than this share of the stroke before it."""


class Pauses(NamedTuple):
    """The rests between strokes; the catalogue says what each is."""

    rest_low: float
    rest_spread: float
    rest_share: float
    creep_share: float
    rest_still_share: float
    rest_travel: float
    stroke_rate: float
    creep_straightness: float
    join_direction: float
    correction_share: float


_UNKNOWN = Pauses(*[NAN] * len(Pauses._fields))


@compiled
def pauses(path: Path, strokes: Strokes) -> Pauses:
    """Rests between strokes; rests are cut to `path.LONGEST_REST_MS`."""
    count = strokes.start.size - 1
    if count < 1:
        return _UNKNOWN
    rests = np.empty(count)
    still = crept_rests = joins = corrections = 0
    travel = straight = joined = 0.0
    for rest in range(count):
        begin, end = strokes.end[rest], strokes.start[rest + 1]
        rests[rest] = (end - begin) * STEP_S
        crept = path.travelled[end] - path.travelled[begin]
        travel += crept
        still += crept < _STILL_PX
        if crept > _STILL_PX:
            straight += abs(path.smooth[end] - path.smooth[begin]) / crept
            crept_rests += 1
        if rests[rest] < _LONGEST_JOIN_S:
            leaving, setting_out = path.velocity[begin - 2], path.velocity[end + 1]
            joined += (setting_out * leaving.conjugate()).real / (abs(setting_out) * abs(leaving))
            joins += 1
        corrections += rests[rest] < _LONGEST_CORRECTION_S and strokes.px[rest + 1] < _CORRECTION * strokes.px[rest]
    first, last = strokes.start[0], strokes.end[count]
    resting = creeping = 0
    for place in range(first, last):
        if not path.moving[place]:
            resting += 1
            creeping += path.speed[place] > _CREEP_PX_S
    return Pauses(
        rest_low=quantile_of(rests, 0.1),
        rest_spread=ratio(spread_of(rests), median_of(rests)),
        rest_share=resting / (last - first),
        creep_share=ratio(creeping, resting),
        rest_still_share=still / count,
        rest_travel=travel / count,
        stroke_rate=(count + 1) / ((last - first) * STEP_S),
        creep_straightness=straight / crept_rests if crept_rests >= _FEWEST else NAN,
        join_direction=joined / joins if joins >= _FEWEST else NAN,
        correction_share=corrections / count,
    )
