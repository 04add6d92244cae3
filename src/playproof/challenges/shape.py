"""The shape of each stroke of a play, free of where, how large, which way and how fast it was made.

A replay that is aimed anew keeps nothing of the whole path but its strokes, so strokes are what is compared:

* times are stretched until the strokes of a play last `STROKE_MS` on average, so that a play made faster or slower as a
  whole is traced the same;
* a stroke lies between two valleys of speed that are low beside the peaks around them, however fast these are;
* it is written in Legendre polynomials over its share of the way gone, which no change of pace alters. Divided by the linear one,
  the complex coefficients of the place are free of place, size and direction; of a mirrored stroke they are conjugate;
* so are those of the speed over its mean. Neighbours that depend on one another are turned into sum and difference;
* a stroke with too few events is nothing but what the tracing puts between them, and is left out.
"""

from __future__ import annotations

import math

import numpy as np

from playproof.compiled import compiled, kernel
from playproof.features.numbers import Floats, Places
from playproof.features.path import STEP_MS, Path, trace

DIMENSIONS = 11
"""Of a shape: place beside the way (4), along it (2), speed (5)."""
PLACE = 6
"""The first so many are of the place, in shares of half the stroke's chord or so; the others of the speed."""
SIGNED = 4
"""The first so many change sign in a mirror."""
RADIUS, TIME, WIDTH = 11, 12, 13
"""Columns after the dimensions: modulus of the linear coefficient, px; when half the way was gone, ms; their number."""
MOST = 128
"""More strokes than these are left out."""

_VALLEY = 0.5
"""Of the lower of the two peaks beside it."""
_FLOOR = 0.06
"""Of the mean speed over the way: below it, everything is rest."""
_TRIM = 0.1
"""Of the stroke's highest speed: its ends are where it passes that."""
_CELLS = 5
_PX = 24.0
_EVENTS = 6
_STRAIGHT = 0.15
"""Strokes whose linear coefficient is less than this share of their length have no direction."""
_USUAL = np.array([0.0, 0.0, 0.0, 0.0, 0.0, -0.007, -0.012, -0.069, -0.779, -0.698, 0.003])
"""The dimensions of people's strokes in the middle, of which the others are told as what is above it."""
_DEGREE = 5
_PARTS = 4
"""Each cell is read in so many parts."""


@kernel("f8[:,::1](Array(f8, 1, 'A', True), Array(f8, 1, 'A', True), Array(f8, 1, 'A', True), f8)")
def shapes_of(t: Floats, x: Floats, y: Floats, rate: float) -> Floats:
    """The strokes (s, `WIDTH`) of a session's movements (n,), in order of time, had it taken `rate` times as long."""
    path, start, end = _split(t, x, y, rate)
    rows = np.empty((start.size, WIDTH))
    kept = 0
    for i in range(start.size):
        kept += _describe(path, start[i], end[i], rows[kept])
    return rows[:kept].copy()


@compiled
def _split(t: Floats, x: Floats, y: Floats, rate: float) -> tuple[Path, Places, Places]:
    """The path with times `rate` as long, and where its strokes begin and end."""
    path = trace(t * rate, x, y, np.empty(0))
    start, end = _valleys(path.speed)
    kept = 0
    event = 0
    for i in range(start.size):
        peak = 0.0
        for at in range(start[i], end[i]):
            peak = max(peak, path.speed[at])
        begin, stop = start[i], end[i]
        while begin < stop and path.speed[begin] < _TRIM * peak:
            begin += 1
        while stop > begin and path.speed[stop - 1] < _TRIM * peak:
            stop -= 1
        while event < path.clock.size and path.clock[event] < begin * STEP_MS:
            event += 1
        last = event
        while last < path.clock.size and path.clock[last] <= (stop + 1) * STEP_MS:
            last += 1
        long_enough = stop - begin >= _CELLS and path.travelled[stop] - path.travelled[begin] >= _PX
        if long_enough and last - event >= _EVENTS and kept < MOST:
            start[kept], end[kept] = begin, stop
            kept += 1
    return path, start[:kept], end[:kept]


@compiled
def _valleys(speed: Floats) -> tuple[Places, Places]:
    """The stretches of `speed` (m,) between valleys that are lower than `_VALLEY` of the peaks on both sides."""
    start, end = np.empty(speed.size + 1, np.intp), np.empty(speed.size + 1, np.intp)
    count = begin = lowest = 0
    square = total = 0.0
    for pace in speed:
        square += pace * pace
        total += pace
    floor = _FLOOR * square / total if total > 0.0 else math.inf
    peak, low, falling = 0.0, math.inf, False
    for at in range(speed.size + 1):
        pace = speed[at] if at < speed.size else 0.0
        over = at == speed.size
        if not falling:
            peak = max(peak, pace)
            falling = pace < _VALLEY * peak and peak > floor / _VALLEY
            low = math.inf
        if falling and pace <= low:
            low, lowest = pace, at
        if falling and (over or pace > max(low, floor) / _VALLEY):
            start[count], end[count] = begin, min(lowest + 1, speed.size)
            count += 1
            begin, peak, falling = lowest, pace, False
    return start[:count], end[:count]


@compiled
def _describe(path: Path, start: int, end: int, row: Floats) -> bool:
    """Fill `row` (WIDTH,) with a stroke; false where it has no direction."""
    length = mean = middle = 0.0
    centre = 0j
    for at in range(start, end):
        length += path.speed[at]
    for at in range(start, end):
        share = path.speed[at] / length
        mean += share * path.speed[at]
        middle += share * (at + 1.0)
        centre += share * 0.5 * (path.smooth[at] + path.smooth[at + 1])
    place, pace = np.zeros(_DEGREE + 1, np.complex128), np.zeros(_DEGREE + 1)
    gone = 0.0
    for at in range(start, end):
        share = path.speed[at] / (length * _PARTS)
        for part in range(_PARTS):
            into = (part + 0.5) / _PARTS
            where = path.smooth[at] * (1.0 - into) + path.smooth[at + 1] * into - centre
            # A speed stands in the middle of its cell.
            side = path.speed[max(at - 1, start) if into < 0.5 else min(at + 1, end - 1)]
            quick = path.speed[at] + (side - path.speed[at]) * abs(into - 0.5)
            u = 2.0 * (gone + 0.5 * share) - 1.0
            gone += share
            before, now = 1.0, u
            for degree in range(1, _DEGREE + 1):
                weight = (2.0 * degree + 1.0) * share * now
                place[degree] += weight * where
                pace[degree] += weight * quick / mean
                before, now = now, ((2.0 * degree + 1.0) * u * now - degree * before) / (degree + 1.0)
    radius = math.hypot(place[1].real, place[1].imag)
    if radius < _STRAIGHT * length * (STEP_MS / 1000.0):
        return False
    for degree in range(2, 6):
        row[degree - 2] = (place[degree] / place[1]).imag
    row[4], row[5] = (place[2] / place[1]).real, (place[3] / place[1]).real
    row[6], row[7] = pace[1] + pace[3], pace[1] - pace[3]
    row[8], row[9] = pace[2] + pace[4], pace[2] - pace[4]
    row[10] = pace[5]
    for k in range(DIMENSIONS):
        row[k] -= _USUAL[k]
    row[RADIUS], row[TIME] = radius, middle * STEP_MS
    return True
