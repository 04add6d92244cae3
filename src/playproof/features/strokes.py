"""The strokes of a path: what lies between two rests, each also at equal shares of its time."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.numbers import NAN, Floats, Places
from playproof.features.path import STEP_S, Path

SHORTEST_CELLS = 5
SHORTEST_PX = 15.0
SHORTEST_CHORD_PX = 10.0
"""A stroke that ends nearer to its beginning has no direction."""
MOST = 128
"""More strokes than these are left out, which bounds the cost."""
POINTS = 24
"""Each stroke's speed and place are read at so many equal shares of its time."""


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


@compiled
def split(path: Path) -> Strokes:
    """The strokes of a path."""
    start, end = _ends(path)
    count = start.size
    seconds, px, chord, peak = np.empty(count), np.empty(count), np.empty(count), np.zeros(count)
    profile, along, aside = np.empty((count, POINTS)), np.empty((count, POINTS)), np.empty((count, POINTS))
    for i in range(count):
        seconds[i] = (end[i] - start[i]) * STEP_S
        px[i] = path.travelled[end[i]] - path.travelled[start[i]]
        for at in range(start[i], end[i]):
            peak[i] = max(peak[i], path.speed[at])
        _read_speed(path, start[i], end[i], profile[i])
        chord[i] = _read_places(path, start[i], end[i], along[i], aside[i])
    return Strokes(start, end, seconds, px, chord, peak, profile, along, aside)


@compiled
def level_of(path: Path, strokes: Strokes, stroke: int) -> float:
    """Cosine of twice the angle of a stroke's chord to the screen's horizontal: 1 along it, -1 upright; 0 without a chord."""
    if not strokes.chord[stroke] > 0.0:
        return 0.0
    way = path.smooth[strokes.end[stroke]] - path.smooth[strokes.start[stroke]]
    across, down = way.real**2, way.imag**2
    return float((across - down) / (across + down))


@compiled
def _ends(path: Path) -> tuple[Places, Places]:
    """First place of each stroke and one past its last."""
    start, end = np.empty(MOST, np.intp), np.empty(MOST, np.intp)
    count = begin = 0
    places = path.moving.size
    for at in range(places + 1):
        if at < places and path.moving[at]:
            continue
        if at - begin >= SHORTEST_CELLS and path.travelled[at] - path.travelled[begin] >= SHORTEST_PX and count < MOST:
            start[count], end[count] = begin, at
            count += 1
        begin = at + 1
    return start[:count].copy(), end[:count].copy()


@compiled
def _read_speed(path: Path, start: int, end: int, profile: Floats) -> None:
    """Fill `profile` (POINTS,) with the speed in the middle of equal shares of a stroke's time, over its mean."""
    total = 0.0
    for i in range(POINTS):
        # A speed stands in the middle of its place.
        at = max(start - 0.5 + (end - start) * ((i + 0.5) / POINTS), 0.0)
        below = min(int(at), path.speed.size - 2)
        low = path.speed[below]
        profile[i] = low + (path.speed[below + 1] - low) * (at - below)
        total += profile[i]
    for i in range(POINTS):
        profile[i] *= POINTS / total


@compiled
def _read_places(path: Path, start: int, end: int, along: Floats, aside: Floats) -> float:
    """Fill `along` and `aside` (POINTS,) with a stroke's places at equal shares of its time, and return its chord."""
    places = np.empty(POINTS, np.complex128)
    for i in range(POINTS):
        at = start + (end - start) * (i / (POINTS - 1.0))
        below = min(int(at), path.smooth.size - 2)
        low = path.smooth[below]
        places[i] = low + (path.smooth[below + 1] - low) * (at - below)
    way = places[-1] - places[0]
    chord = math.hypot(way.real, way.imag)
    if chord < SHORTEST_CHORD_PX:
        chord = NAN
    turn = way.conjugate() / (chord * chord)
    for i in range(POINTS):
        place = (places[i] - places[0]) * turn
        along[i], aside[i] = place.real, place.imag
    return chord
