"""Rests between strokes, and what goes on in them."""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import mean, quantile, ratio, share
from playproof.features.path import STEP_S, Path
from playproof.features.strokes import Strokes

_CREEP_PX_S = 1.0


def pauses(path: Path, strokes: Strokes) -> dict[str, float]:
    """Rests between strokes; rests are cut to `path.LONGEST_REST_MS`."""
    if strokes.start.size < 2:
        return {}
    begin, end = strokes.end[:-1], strokes.start[1:]
    rests = np.sort((end - begin) * STEP_S)
    crept = path.travelled[end] - path.travelled[begin]
    first, last = int(strokes.start[0]), int(strokes.end[-1])
    resting = ~path.moving[first:last]
    still = int(np.count_nonzero(resting))
    creeping = int(np.count_nonzero(resting & (path.speed[first:last] > _CREEP_PX_S)))
    return {
        "rest_low": quantile(rests, 0.1),
        "rest_share": share(resting),
        "rest_still_share": share(crept < 1.0),
        "rest_travel": mean(crept),
        "creep_share": ratio(creeping, still),
        "stroke_rate": strokes.start.size / ((last - first) * STEP_S),
    }
