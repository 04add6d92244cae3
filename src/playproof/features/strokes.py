"""The strokes of a path: what lies between two rests, each also at equal shares of its time."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np

from playproof.features.numbers import Floats, Places, Points
from playproof.features.path import STEP_S, Path

Row = TypeVar("Row", Floats, Points)

SHORTEST_CELLS = 5
SHORTEST_PX = 15.0
SHORTEST_CHORD_PX = 10.0
"""A stroke that ends nearer to its beginning has no direction."""
MOST = 128
"""More strokes than these are left out, which bounds the cost."""
POINTS = 24
"""Each stroke's speed and place are read at so many equal shares of its time."""

_LAST = np.array((((2.0,),), ((1.0,),)))
"""There is one speed fewer than places; the last of either has no neighbour."""
_SHARES = np.array((((np.arange(POINTS) + 0.5) / POINTS,), (np.arange(POINTS) / (POINTS - 1.0),)))
"""Of a stroke's time, for its speed and for its place."""
_AHEAD = np.array((((0.5,),), ((0.0,),)))
"""Cells by which the middle of a speed lies before the edge it is counted from."""


class Strokes(NamedTuple):
    """The s strokes of a path; (s,) arrays unless said otherwise."""

    start: Places
    """First place in `Path.speed`."""
    end: Places
    """One past the last."""
    seconds: Floats
    px: Floats
    """Length of the path."""
    chord: Floats
    """Distance of the end from the start; NaN below `SHORTEST_CHORD_PX`."""
    peak: Floats
    """Highest speed, px/s."""
    profile: Floats
    """(s, POINTS) speed over the stroke's mean speed."""
    along: Floats
    """(s, POINTS) place along the chord, over the chord."""
    aside: Floats
    """(s, POINTS) place beside the chord, over the chord."""
    bounds: Places
    """(2 s,) start and end in turn, for `reduceat`; without the last where that is the end of the path."""

    def total(self, values: Floats) -> Floats:
        """Sums (s,) of `values` (m,) over each stroke."""
        sums: Floats = np.add.reduceat(values, self.bounds)[::2]
        return sums


def split(path: Path) -> Strokes | None:
    """The strokes of a path; `None` where there is none."""
    wide = np.zeros(path.moving.size + 2, np.bool_)
    wide[1:-1] = path.moving
    edge = (wide[1:] != wide[:-1]).nonzero()[0]
    start, end = edge[::2], edge[1::2]
    px = path.travelled[end] - path.travelled[start]
    kept = ((end - start >= SHORTEST_CELLS) & (px >= SHORTEST_PX)).nonzero()[0][:MOST]
    if not kept.size:
        return None
    start, end, px = start[kept], end[kept], px[kept]
    bounds = np.empty(2 * start.size, np.intp)
    bounds[::2], bounds[1::2] = start, end
    if end[-1] == path.speed.size:
        bounds = bounds[:-1]
    peak = np.maximum.reduceat(path.speed, bounds)[::2]
    count = (end - start).astype(np.float64)
    at = np.maximum(start[:, None] - _AHEAD + count[:, None] * _SHARES, 0.0)
    below = np.minimum(at, path.speed.size - _LAST).astype(np.intp)
    at -= below
    profile, place = _between(path.speed, below[0], at[0]), _between(path.smooth, below[1], at[1])
    profile *= (POINTS / np.add.reduce(profile, axis=1))[:, None]
    way = place[:, -1] - place[:, 0]
    chord = np.abs(way)
    chord[chord < SHORTEST_CHORD_PX] = np.nan
    place -= place[:, :1]
    place *= (way.conj() / (chord * chord))[:, None]
    return Strokes(start, end, count * STEP_S, px, chord, peak, profile, place.real, place.imag, bounds)


def _between(row: Row, below: Places, part: Floats) -> Row:
    """`row` (n,) at the places `below` (s, p) from 0 to n - 2 and `part` of the way to the next: (s, p)."""
    low = row[below]
    result: Row = row[below + 1]
    result -= low
    result *= part
    result += low
    return result
