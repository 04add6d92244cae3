"""The strokes of a path: what lies between two rests, each also at equal shares of its time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playproof.features.numbers import Floats, Places
from playproof.features.path import STEP_S, Path

SHORTEST_CELLS = 5
SHORTEST_PX = 15.0
SHORTEST_CHORD_PX = 10.0
"""A stroke that ends nearer to its beginning has no direction."""
POINTS = 32
"""Each stroke's speed and place are read at so many equal shares of its time."""

_SHARES = (np.arange(POINTS) + 0.5) / POINTS
_PLACES = np.arange(POINTS) / (POINTS - 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Strokes:
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
    """(2 s,) start and end in turn, for `reduceat`."""

    def total(self, values: Floats) -> Floats:
        """Sums (s,) of `values` (m,) over each stroke."""
        sums: Floats = np.add.reduceat(np.append(values, 0.0), self.bounds)[::2]
        return sums


def split(path: Path) -> Strokes:
    """The strokes of a path; there may be none."""
    edge = np.flatnonzero(np.diff(path.moving.astype(np.int8), prepend=0, append=0))
    start, end = edge[::2], edge[1::2]
    px = path.travelled[end] - path.travelled[start]
    kept = (end - start >= SHORTEST_CELLS) & (px >= SHORTEST_PX)
    start, end, px = start[kept], end[kept], px[kept]
    if not start.size:
        none = np.empty(0)
        flat = np.empty((0, POINTS))
        return Strokes(start, end, none, none, none, none, flat, flat, flat, start)
    bounds = np.stack((start, end), axis=1).ravel()
    peak = np.maximum.reduceat(np.append(path.speed, 0.0), bounds)[::2]
    count = (end - start).astype(np.float64)
    places = np.arange(path.smooth.shape[1])
    at = (start[:, None] - 0.5 + count[:, None] * _SHARES).ravel()
    profile = np.interp(at, places[:-1], path.speed).reshape(-1, POINTS)
    profile /= profile.mean(axis=1, keepdims=True)
    at = (start[:, None] + count[:, None] * _PLACES).ravel()
    x = np.interp(at, places, path.smooth[0]).reshape(-1, POINTS)
    y = np.interp(at, places, path.smooth[1]).reshape(-1, POINTS)
    x -= x[:, :1]
    y -= y[:, :1]
    cx, cy = x[:, -1], y[:, -1]
    square = cx * cx + cy * cy
    square[square < SHORTEST_CHORD_PX**2] = np.nan
    along = (x * cx[:, None] + y * cy[:, None]) / square[:, None]
    aside = (y * cx[:, None] - x * cy[:, None]) / square[:, None]
    return Strokes(start, end, count * STEP_S, px, np.sqrt(square), peak, profile, along, aside, bounds)
