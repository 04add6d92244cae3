"""How much likelier two strokes are to be one stroke sent twice than two strokes of people: natural logarithms of odds.

A copy differs by noise, of which there are three sizes: what rounding leaves, what jitter of a pixel or two and a wavering pace
make, and thrice that. What people do is the likelier of two things: any stroke at all, of which most are nearly
straight and few are far from it (Student's distribution of 1 degree of freedom for the place and 2 for the speed), or the same stroke
made again, as where the layout is the same. A stroke straight to within rounding tells nothing by its shape. The
widths below are all that is kept of the people they were taken from (sapimouse, 34,448 strokes of 91 people).
"""

from __future__ import annotations

import math

import numpy as np

from playproof.challenges.shape import DIMENSIONS, PLACE, RADIUS, SIGNED
from playproof.compiled import compiled, kernel
from playproof.features.numbers import Floats

_PEOPLE = np.array([0.033, 0.0113, 0.0057, 0.0034, 0.0027, 0.0039, 0.0648, 0.236, 0.0643, 0.1245, 0.045])
"""Width of people's strokes in each dimension."""
_COPY = np.array([1.0, 0.72, 0.53, 0.38, 0.18, 0.2, 0.05, 0.075, 0.05, 0.06, 0.027])
"""Relative noise of a copy in each: px over the radius for the place, as it is for the speed."""
_PX = np.array([0.15, 0.8, 2.5])
_OF_ITSELF = np.array([0.01, 0.02, 0.05])
"""Noise of the place as a share of what it is."""
_PACE = np.array([0.12, 0.8, 1.7])
_SIZES = len(_PX)
_CODED = np.array([0.004, 0.003, 0.0022, 0.0017, 0.001, 0.001]) / 20.0
_CODED_SHARE = 0.015
"""What the codes of a signature round away: so much, or so much of the number."""
_FARTHEST = 4.0
"""Beyond so many of the largest widths no noise made it."""
_SOUND = 0.95
"""Share of a copy's strokes that noise changes as above; the others may have become anything."""
NOTHING = math.log(1.0 - _SOUND)
"""The log odds of two strokes that have nothing in common."""
_STRAIGHT = math.log(0.1)
_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)

_INTERVALS = np.array([0.015, 0.06, 0.2])
"""Noise of the logarithm of the time between two strokes."""
_AGAIN, _ANY = 0.12, 0.8
"""Its width where somebody else makes the same strokes, and between any two."""
_TIME_MS = 6.0
SHORTEST_MS = 20.0


def _student(widths: Floats, freedom: float) -> float:
    """Logarithm of the factor of Student's density in `widths.size` dimensions."""
    size = widths.size
    gammas = math.lgamma((freedom + size) / 2.0) - math.lgamma(freedom / 2.0)
    return float(gammas - 0.5 * size * math.log(freedom * math.pi) - np.log(widths).sum())


_PLACE_FREEDOM, _SPEED_FREEDOM = 1.0, 2.0
_PLACE_FACTOR = _student(_PEOPLE[:PLACE], _PLACE_FREEDOM)
_SPEED_FACTOR = _student(_PEOPLE[PLACE:], _SPEED_FREEDOM)
_SPEED_LOGS = np.array([np.log(_COPY[PLACE:] * size).sum() + (DIMENSIONS - PLACE) * _HALF_LOG_2PI for size in _PACE])


@compiled
def _of_people(values: Floats) -> tuple[float, float]:
    """Logarithms of the density of place and of speed of people's strokes at `values` (DIMENSIONS,)."""
    place = speed = 0.0
    for k in range(PLACE):
        place += (values[k] / _PEOPLE[k]) ** 2
    for k in range(PLACE, DIMENSIONS):
        speed += (values[k] / _PEOPLE[k]) ** 2
    return (
        _PLACE_FACTOR - 0.5 * (_PLACE_FREEDOM + PLACE) * math.log1p(place / _PLACE_FREEDOM),
        _SPEED_FACTOR - 0.5 * (_SPEED_FREEDOM + DIMENSIONS - PLACE) * math.log1p(speed / _SPEED_FREEDOM),
    )


@compiled
def _place_variance(size: int, dimension: int, radius: float, value: float) -> float:
    """Of the noise that a copy of a stroke of `radius` has in a dimension of its place."""
    rounded = float(_CODED[dimension] ** 2) + (_CODED_SHARE * value) ** 2
    noise = float(_PX[size] * _COPY[dimension]) / radius
    own = float(_OF_ITSELF[size]) * value
    return noise**2 + own**2 + rounded


@compiled
def log_odds(stroke: Floats, stored: Floats, mirrored: bool, scratch: Floats) -> float:
    """Of `stroke` (`WIDTH`,) being a copy of `stored`, or of its mirror image, at least `NOTHING`; `scratch` is (3, DIMENSIONS)."""
    radius = min(stroke[RADIUS], stored[RADIUS])
    differences, place, speed = scratch[0], scratch[1], scratch[2]
    last = _SIZES - 1
    # The speed first: most strokes that are not the same are told apart there, and at once.
    for k in range(DIMENSIONS - 1, PLACE - 1, -1):
        differences[k] = stroke[k] - stored[k]
        if abs(differences[k]) > _FARTHEST * _PACE[last] * _COPY[k]:
            return NOTHING
    for k in range(PLACE):
        differences[k] = stroke[k] + stored[k] if mirrored and k < SIGNED else stroke[k] - stored[k]
        if differences[k] ** 2 > _FARTHEST**2 * _place_variance(last, k, radius, stroke[k]):
            return NOTHING
    straight = _STRAIGHT - PLACE * _HALF_LOG_2PI
    for size in range(_SIZES):
        place[size] = -PLACE * _HALF_LOG_2PI
        speed[size] = -_SPEED_LOGS[size]
        product = 1.0
        for k in range(PLACE):
            variance = _place_variance(size, k, radius, stroke[k])
            product *= variance
            place[size] -= 0.5 * differences[k] ** 2 / variance
            if size == 0:
                straight -= 0.5 * stroke[k] ** 2 / variance
        place[size] -= 0.5 * math.log(product)
        if size == 0:
            straight -= 0.5 * math.log(product)
        for k in range(PLACE, DIMENSIONS):
            speed[size] -= 0.5 * (differences[k] / (_PACE[size] * _COPY[k])) ** 2
    any_place, any_speed = _of_people(stroke)
    again_place, again_speed = _of_people(differences)
    usual = max(any_place, again_place, straight) + max(any_speed, again_speed)
    return math.log(_SOUND * math.exp(_log_mean(place) + _log_mean(speed) - float(usual)) + 1.0 - _SOUND)


@compiled
def _log_mean(logs: Floats) -> float:
    """Logarithm of the mean of what the first `_SIZES` of `logs` are the logarithms of."""
    top = -math.inf
    for size in range(_SIZES):
        top = max(top, logs[size])
    total = 0.0
    for size in range(_SIZES):
        total += math.exp(logs[size] - top)
    return top + math.log(total / _SIZES)


@compiled
def interval_odds(taken: float, stored: float, stretch: float) -> float:
    """Log odds of the time `taken` between two strokes being the `stored` one times `stretch`; ms."""
    taken, stored = max(taken, SHORTEST_MS), max(stored, SHORTEST_MS)
    difference = math.log(taken / (stored * stretch))
    clock = (_TIME_MS / min(taken, stored)) ** 2
    if difference**2 > _FARTHEST**2 * (_INTERVALS[-1] ** 2 + clock):
        return NOTHING
    copy = 0.0
    for size in range(_INTERVALS.size):
        width = math.sqrt(_INTERVALS[size] ** 2 + clock)
        copy += math.exp(-0.5 * (difference / width) ** 2) / (width * _INTERVALS.size)
    people = 0.5 * math.exp(-0.5 * (difference / _AGAIN) ** 2) / _AGAIN + 0.5 * math.exp(-0.5 * (difference / _ANY) ** 2) / _ANY
    return math.log(_SOUND * copy / people + 1.0 - _SOUND)


@kernel("f8[::1](f8[:,:])")
def rarity(strokes: Floats) -> Floats:
    """How much each of `strokes` (s, `WIDTH`) would tell if it came again with noise of the middle size; (s,) natural logarithms."""
    told = np.empty(strokes.shape[0])
    for i in range(strokes.shape[0]):
        place, speed = _of_people(strokes[i])
        told[i] = -place - speed
        for k in range(PLACE):
            told[i] -= 0.5 * math.log(_place_variance(1, k, strokes[i, RADIUS], strokes[i, k]))
    return told
