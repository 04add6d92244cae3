"""How much likelier two strokes are to be one stroke sent twice than two strokes of people: natural logarithms of odds.

A copy differs by noise, of which there are three sizes: what rounding leaves, what jitter of a pixel or two and a wavering pace
make, and thrice that. What people do is the likelier of two things: any stroke at all, of which most are nearly
straight and few are far from it (Student's distribution of 1 degree of freedom for the place and 2 for the speed), or the same stroke
made again, as where the layout is the same. A stroke straight to within rounding tells nothing by its shape. The
widths below are all that is kept of the people they were taken from (sapimouse, 39,506 strokes of 91 people).
"""

from __future__ import annotations

import math

import numpy as np

from playproof.challenges.shape import DIMENSIONS, PLACE, RADIUS, SIGNED
from playproof.compiled import compiled, kernel
from playproof.features.numbers import Floats

_PEOPLE = np.array([0.0354, 0.013, 0.0066, 0.0038, 0.0025, 0.0034, 0.0657, 0.2701, 0.0644, 0.1556, 0.055])
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
_FARTHEST = 26.0
"""Squares of differences over the largest widths, summed: one copy in 150 with noise of that size is farther."""
_SOUND = 0.95
"""Share of a copy's strokes that noise changes as above; the others may have become anything."""
NOTHING = math.log(1.0 - _SOUND)
"""The log odds of two strokes that have nothing in common."""
MOST = 10.0
"""More than this no single stroke can tell: how rare its like is among people is not known any further."""
_STRAIGHT = math.log(0.1)
_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)

_INTERVALS = np.array([0.015, 0.06, 0.2])
"""Noise of the logarithm of the time between two strokes."""
_AGAIN, _ANY = 0.12, 0.8
"""Its width where somebody else makes the same strokes, and between any two."""
_TIME_MS = 6.0
_LATEST = 4.0
"""Beyond so many of the largest widths no noise made an interval."""
SHORTEST_MS = 20.0


def _student(widths: Floats, freedom: float) -> float:
    """Logarithm of the factor of Student's density in `widths.size` dimensions."""
    size = widths.size
    gammas = math.lgamma((freedom + size) / 2.0) - math.lgamma(freedom / 2.0)
    return float(gammas - 0.5 * size * math.log(freedom * math.pi) - np.log(widths).sum())


_PLACE_FREEDOM, _SPEED_FREEDOM = 1.0, 2.0
_PLACE_FACTOR = _student(_PEOPLE[:PLACE], _PLACE_FREEDOM)
_SPEED_FACTOR = _student(_PEOPLE[PLACE:], _SPEED_FREEDOM)
_TIGHT = 1.0 / (_PACE[:, None] * _COPY)
"""One over the widths of a copy's noise, by size and dimension of the speed."""
_SPEED_LOGS = np.array([np.log(_COPY[PLACE:] * size).sum() + (DIMENSIONS - PLACE) * _HALF_LOG_2PI for size in _PACE])


@compiled
def _place_of_people(values: Floats) -> float:
    """Logarithm of the density of the place of people's strokes at `values` (DIMENSIONS,)."""
    square = 0.0
    for k in range(PLACE):
        square += (values[k] / _PEOPLE[k]) ** 2
    return _PLACE_FACTOR - 0.5 * (_PLACE_FREEDOM + PLACE) * math.log1p(square / _PLACE_FREEDOM)


@compiled
def _speed_of_people(values: Floats) -> float:
    """The same of their speed."""
    square = 0.0
    for k in range(PLACE, DIMENSIONS):
        square += (values[k] / _PEOPLE[k]) ** 2
    return _SPEED_FACTOR - 0.5 * (_SPEED_FREEDOM + DIMENSIONS - PLACE) * math.log1p(square / _SPEED_FREEDOM)


@compiled
def _place_variance(size: int, dimension: int, radius: float, value: float) -> float:
    """Of the noise that a copy of a stroke of `radius` has in a dimension of its place."""
    rounded = float(_CODED[dimension] ** 2) + (_CODED_SHARE * value) ** 2
    noise = float(_PX[size] * _COPY[dimension]) / radius
    own = float(_OF_ITSELF[size]) * value
    return noise**2 + own**2 + rounded


@compiled
def log_odds(stroke: Floats, stored: Floats, scratch: Floats) -> tuple[float, float]:
    """Of `stroke` (`WIDTH`,) being a copy of `stored`, and of its mirror image, at least `NOTHING`; `scratch` is (2, DIMENSIONS)."""
    far = 0.0
    # The speed first: most strokes that are not the same are told apart there, and at once.
    for k in range(DIMENSIONS - 1, PLACE - 1, -1):
        scratch[0, k] = stroke[k] - stored[k]
        far += (scratch[0, k] * _TIGHT[_SIZES - 1, k]) ** 2
        if far > _FARTHEST:
            return NOTHING, NOTHING
    radius = min(stroke[RADIUS], stored[RADIUS])
    plain = _place_odds(stroke, stored, 1.0, radius, far, scratch)
    mirrored = _place_odds(stroke, stored, -1.0, radius, far, scratch)
    if max(plain, mirrored) == -math.inf:
        return NOTHING, NOTHING
    for size in range(_SIZES):
        scratch[1, size] = -_SPEED_LOGS[size]
        for k in range(PLACE, DIMENSIONS):
            scratch[1, size] -= 0.5 * (scratch[0, k] * _TIGHT[size, k]) ** 2
    speed = _log_mean(scratch[1]) - max(_speed_of_people(stroke), _speed_of_people(scratch[0]))
    return _sound(plain + speed), _sound(mirrored + speed)


@compiled
def _place_odds(stroke: Floats, stored: Floats, side: float, radius: float, far: float, scratch: Floats) -> float:
    """Log odds of the place of `stroke`, `side` -1 for the mirror image; minus infinity of what is too far, by its speed `far` already."""
    for k in range(PLACE):
        scratch[0, k] = stroke[k] - (side * stored[k] if k < SIGNED else stored[k])
        far += scratch[0, k] ** 2 / _place_variance(_SIZES - 1, k, radius, stroke[k])
        if far > _FARTHEST:
            return -math.inf
    straight = _STRAIGHT - PLACE * _HALF_LOG_2PI
    for size in range(_SIZES):
        place, product = -PLACE * _HALF_LOG_2PI, 1.0
        for k in range(PLACE):
            variance = _place_variance(size, k, radius, stroke[k])
            product *= variance
            place -= 0.5 * scratch[0, k] ** 2 / variance
            if size == 0:
                straight -= 0.5 * stroke[k] ** 2 / variance
        scratch[1, size] = place - 0.5 * math.log(product)
        if size == 0:
            straight -= 0.5 * math.log(product)
    return _log_mean(scratch[1]) - max(_place_of_people(stroke), _place_of_people(scratch[0]), straight)


@compiled
def _sound(odds: float) -> float:
    """Log odds where a stroke may also have become anything, and two people's may be alike by chance for once."""
    return min(math.log(_SOUND * math.exp(odds) + 1.0 - _SOUND), MOST)


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
    if difference**2 > _LATEST**2 * (_INTERVALS[-1] ** 2 + clock):
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
        told[i] = -_place_of_people(strokes[i]) - _speed_of_people(strokes[i])
        for k in range(PLACE):
            told[i] -= 0.5 * math.log(_place_variance(1, k, strokes[i, RADIUS], strokes[i, k]))
    return told
