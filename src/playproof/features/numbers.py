"""Small statistics that know what NaN is: quantiles, spreads, correlations and straight lines through points."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Points = NDArray[np.complex128]
"""Positions and velocities: x + iy. A product with a conjugate is the dot product and, imaginary, the cross product."""
Places = NDArray[np.intp]
Mask = NDArray[np.bool_]
NAN = math.nan


def rising(values: Floats) -> list[list[float]]:
    """The rows of `values` (k, n), which it sorts in place, without those values that are NaN."""
    values.sort(axis=1)
    rows: list[list[float]] = values.tolist()
    for row in rows:
        while row and row[-1] != row[-1]:  # NaN goes last
            row.pop()
    return rows


def quantile(ordered: Sequence[float] | Floats, level: float) -> float:
    """The quantile at `level` (0 to 1) of values in rising order, linear between neighbours; NaN of none."""
    last = len(ordered) - 1
    if last < 0:
        return NAN
    place = level * last
    below = int(place)
    low = float(ordered[below])
    return low + (place - below) * (float(ordered[below + 1]) - low) if below < last else low


def median(ordered: Sequence[float] | Floats) -> float:
    """The middle of values in rising order."""
    count = len(ordered)
    if not count:
        return NAN
    half = count >> 1
    high = float(ordered[half])
    if count & 1:
        return high
    low = float(ordered[half - 1])
    return low + 0.5 * (high - low)


def spread(ordered: Sequence[float] | Floats) -> float:
    """The distance between the quartiles of values in rising order; NaN of fewer than three."""
    return quantile(ordered, 0.75) - quantile(ordered, 0.25) if len(ordered) >= 3 else NAN


def ratio(above: float, below: float) -> float:
    """`above / below`, NaN where `below` is not above 0."""
    return above / below if below > 0.0 else NAN


def mean(values: Floats) -> float:
    """The mean of `values` (n,); NaN of none."""
    return float(np.add.reduce(values)) / values.size if values.size else NAN


def share(mask: Mask) -> float:
    """The share of `mask` (n,) that is true; NaN of none."""
    return int(np.count_nonzero(mask)) / mask.size if mask.size else NAN


def memory(values: Floats, lag: int) -> float:
    """Correlation of `values` (n,), whose mean is about 0, with themselves `lag` places on."""
    return ratio(float(values[:-lag] @ values[lag:]), float(values @ values))


def line(a: Floats, b: Floats) -> tuple[float, float, float]:
    """Least squares b = slope * a + c: slope, standard deviation of what remains, correlation.

    NaN where there are fewer than three points or either is constant.
    """
    count = a.size
    if count < 3:
        return NAN, NAN, NAN
    middle_a, middle_b = mean(a), mean(b)
    aa = float(a @ a) - count * middle_a * middle_a
    ab = float(a @ b) - count * middle_a * middle_b
    bb = float(b @ b) - count * middle_b * middle_b
    if aa <= 1e-6 or bb <= 1e-6:
        return NAN, NAN, NAN
    return ab / aa, math.sqrt(max(bb - ab * ab / aa, 0.0) / count), ab / math.sqrt(aa * bb)
