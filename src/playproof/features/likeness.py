"""How alike strokes are in their speed profile and in how they leave their chord, whichever side that is."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.numbers import NAN, Floats, median_of
from playproof.features.strokes import POINTS, Strokes

_FEWEST_STROKES = 4
_MOST_STROKES = 64
"""More are not compared in pairs."""
_NOTHING = 1e-12


class Likeness(NamedTuple):
    """Cosines from 0, unlike or opposite, to 1, alike; NaN of too few strokes."""

    profile: float
    path: float
    twin: float


@compiled
def likeness(strokes: Strokes) -> Likeness:
    """The median stroke's likeness to the one most like it, in speed and in path, and that of the two strokes most alike."""
    count = 0
    for chord in strokes.chord:
        count += chord > 0.0
    count = min(count, _MOST_STROKES)
    if count < _FEWEST_STROKES:
        return Likeness(NAN, NAN, NAN)
    # A column for each stroke, so that one stroke is compared with all before it side by side.
    speeds, ways = np.empty((POINTS, count)), np.empty((POINTS, count))
    speed_sizes, way_sizes = np.empty(count), np.empty(count)
    column = stroke = 0
    while column < count:
        if strokes.chord[stroke] > 0.0:
            for point in range(POINTS):
                speeds[point, column] = strokes.profile[stroke, point] - 1.0
                ways[point, column] = strokes.aside[stroke, point]
            speed_sizes[column], way_sizes[column] = _size(speeds, column), _size(ways, column)
            column += 1
        stroke += 1
    speed, way = np.empty(count), np.empty(count)
    nearest_speed, nearest_way = np.zeros(count), np.zeros(count)
    twin = 0.0
    for a in range(1, count):
        _compare(speeds, speed_sizes, a, speed)
        _compare(ways, way_sizes, a, way)
        for b in range(a):
            pace, course = speed[b], abs(way[b])
            nearest_speed[a], nearest_speed[b] = max(nearest_speed[a], pace), max(nearest_speed[b], pace)
            nearest_way[a], nearest_way[b] = max(nearest_way[a], course), max(nearest_way[b], course)
            twin = max(twin, min(pace, course))
    return Likeness(median_of(nearest_speed), median_of(nearest_way), twin)


@compiled
def _size(columns: Floats, column: int) -> float:
    """The length of one of `columns` (POINTS, s), never 0."""
    square = _NOTHING
    for point in range(POINTS):
        square += columns[point, column] ** 2
    return math.sqrt(square)


@compiled
def _compare(columns: Floats, sizes: Floats, a: int, result: Floats) -> None:
    """Put the cosines between column `a` of `columns` (POINTS, s) and each before it into `result`."""
    result[:a] = 0.0
    for point in range(POINTS):
        value = columns[point, a]
        for b in range(a):
            result[b] += value * columns[point, b]
    for b in range(a):
        result[b] /= sizes[a] * sizes[b]
