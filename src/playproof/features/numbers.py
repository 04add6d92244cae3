"""Small statistics of numbers that are not NaN: quantiles, spreads, correlations and straight lines through points."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from playproof.compiled import compiled

Floats = NDArray[np.float64]
Points = NDArray[np.complex128]
"""Positions and velocities: x + iy. A product with a conjugate is the dot product and, imaginary, the cross product."""
Places = NDArray[np.intp]
Mask = NDArray[np.bool_]
NAN = math.nan


@compiled
def quantile_of(values: Floats, level: float) -> float:
    """The quantile at `level` (0 to 1) of `values` (n,), linear between neighbours; NaN of none."""
    last = values.size - 1
    if last < 0:
        return NAN
    place = level * last
    below = int(place)
    low = _ranked(values, below)
    # Its neighbour: the next higher value, or itself where there are several.
    up_to, high = 0, math.inf
    for value in values:
        up_to += value <= low
        high = min(high, value if value > low else math.inf)
    part = place - below
    return low + part * (high - low) if part > 0.0 and up_to == below + 1 else low


@compiled
def median_of(values: Floats) -> float:
    """The middle of `values` (n,); NaN of none."""
    return quantile_of(values, 0.5)


@compiled
def spread_of(values: Floats) -> float:
    """The distance between the quartiles of `values` (n,); NaN of fewer than three."""
    return quantile_of(values, 0.75) - quantile_of(values, 0.25) if values.size >= 3 else NAN


@compiled
def _ranked(values: Floats, rank: int) -> float:
    """The value that `rank` of `values` (n,) lie below or beside; NaN where NaN leave none."""
    # Hoare's selection, without a branch that depends on a value: what is on the wrong side of a pivot is left out.
    left = values.copy()
    count = left.size
    while count:
        pivot = _pivot(left[:count], rank)
        below = same = kept = 0
        for value in left[:count]:
            below += value < pivot
            same += value == pivot
        if rank < below:
            for value in left[:count]:
                left[kept] = value
                kept += value < pivot
        elif rank < below + same:
            return pivot
        else:
            rank -= below + same
            for value in left[:count]:
                left[kept] = value
                kept += value > pivot
        count = kept
    return NAN


@compiled
def _pivot(values: Floats, rank: int) -> float:
    """The lowest, the middle or the highest of three of `values` (n,), whichever is nearest to `rank`."""
    a, b, c = float(values[values.size // 4]), float(values[values.size // 2]), float(values[-1])
    if 4 * rank < values.size:
        return min(a, b, c)
    if 4 * rank > 3 * values.size:
        return max(a, b, c)
    return max(min(a, b), min(max(a, b), c))


@compiled
def rising_order(values: Floats) -> Places:
    """The places (n,) of `values` (n,) in rising order, equal ones as they come: runs merged in pairs."""
    count = values.size
    order, merged = np.arange(count), np.empty(count, np.intp)
    width = 1
    while width < count:
        for begin in range(0, count, 2 * width):
            middle, end = min(begin + width, count), min(begin + 2 * width, count)
            left, right = begin, middle
            for to in range(begin, end):
                if right >= end or (left < middle and values[order[left]] <= values[order[right]]):
                    merged[to] = order[left]
                    left += 1
                else:
                    merged[to] = order[right]
                    right += 1
        order, merged = merged, order
        width *= 2
    return order


@compiled
def ratio(above: float, below: float) -> float:
    """`above / below`, NaN where `below` is not above 0."""
    return above / below if below > 0.0 else NAN


@compiled
def count(mask: Mask) -> int:
    """How many of `mask` (n,) are true."""
    total = 0
    for each in mask:
        total += each
    return total


@compiled
def memory(values: Floats, lag: int) -> float:
    """Correlation of `values` (n,), whose mean is about 0, with themselves `lag` places on."""
    kept = max(values.size - lag, 0)
    later = square = 0.0
    for i in range(kept):
        later += values[i] * values[i + lag]
        square += values[i] * values[i]
    for i in range(kept, values.size):
        square += values[i] * values[i]
    return ratio(later, square)


@compiled
def line(a: Floats, b: Floats) -> tuple[float, float, float]:
    """Least squares b = slope * a + c: slope, standard deviation of what remains, correlation.

    NaN where there are fewer than three points or either is constant.
    """
    count = a.size
    if count < 3:
        return NAN, NAN, NAN
    sum_a = sum_b = aa = ab = bb = 0.0
    for i in range(count):  # at once, as each sum waits for its last term
        sum_a += a[i]
        sum_b += b[i]
        aa += a[i] * a[i]
        ab += a[i] * b[i]
        bb += b[i] * b[i]
    aa -= sum_a * sum_a / count
    ab -= sum_a * sum_b / count
    bb -= sum_b * sum_b / count
    if aa <= 1e-6 or bb <= 1e-6:
        return NAN, NAN, NAN
    return ab / aa, math.sqrt(max(bb - ab * ab / aa, 0.0) / count), ab / math.sqrt(aa * bb)
