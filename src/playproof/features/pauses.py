"""Rests between strokes, and what goes on in them."""

from __future__ import annotations

from playproof.features.numbers import Floats, ordered, quantile, ratio
from playproof.features.path import STEP_S, Path
from playproof.features.strokes import Strokes


def pauses(path: Path, strokes: Strokes) -> dict[str, float]:
    """Rests between strokes; rests are cut to `path.LONGEST_REST_MS`."""
    if strokes.start.size < 2:
        return {}
    rest: Floats = (strokes.start[1:] - strokes.end[:-1]) * STEP_S
    rests = ordered(rest)
    middle = quantile(rests, 0.5)
    moved = path.travelled[strokes.start[1:]] - path.travelled[strokes.end[:-1]]
    first, last = int(strokes.start[0]), int(strokes.end[-1])
    moving = path.moving[first:last]
    crept = (path.speed[first:last] > 1.0) & ~moving
    return {
        "rest_median": middle,
        "rest_low": quantile(rests, 0.1),
        "rest_spread": ratio(quantile(rests, 0.75) - quantile(rests, 0.25), middle),
        "rest_share": float(1.0 - moving.mean()),
        "creep_share": ratio(float(crept.sum()), float((~moving).sum())),
        "rest_travel": float(moved.mean()),
        "stroke_rate": ratio(float(strokes.start.size), (last - first) * STEP_S),
    }
