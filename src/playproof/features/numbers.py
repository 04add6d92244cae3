"""Small statistics that know what NaN is: quantiles, spreads, correlations and straight lines through points."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Mask = NDArray[np.bool_]
NAN = math.nan


def ordered(values: Floats) -> Floats:
    """`values` (n,) in rising order, without those that are NaN."""
    result = np.sort(values)  # NaN goes last
    if result.size and result[-1] != result[-1]:
        result = result[: int(np.searchsorted(result, np.nan))]
    return result


def quantile(rising: Floats, level: float) -> float:
    """The quantile at `level` (0 to 1) of `ordered` values, linear between neighbours; NaN of none."""
    if not rising.size:
        return NAN
    place = level * (rising.size - 1)
    below = int(place)
    low = float(rising[below])
    if below + 1 == rising.size:
        return low
    return low + (place - below) * (float(rising[below + 1]) - low)


def median(values: Floats) -> float:
    """The middle of `values`, NaN left out."""
    return quantile(ordered(values), 0.5)


def spread(values: Floats) -> float:
    """The distance between the quartiles of `values`, NaN left out; NaN of fewer than three."""
    rising = ordered(values)
    return quantile(rising, 0.75) - quantile(rising, 0.25) if rising.size >= 3 else NAN


def ratio(above: float, below: float) -> float:
    """`above / below`, NaN where `below` is not above 0."""
    return above / below if below > 0.0 else NAN


def correlation(a: Floats, b: Floats) -> float:
    """Pearson's correlation of two (n,) arrays; NaN of fewer than three points or of a constant."""
    if a.size < 3:
        return NAN
    a = a - a.mean()
    b = b - b.mean()
    scale = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / scale if scale > 1e-12 else NAN


def line(a: Floats, b: Floats) -> tuple[float, float, float]:
    """Least squares b = slope * a + c: slope, standard deviation of what remains, correlation; NaN as in `correlation`."""
    if a.size < 3:
        return NAN, NAN, NAN
    a = a - a.mean()
    b = b - b.mean()
    aa, ab, bb = float(a @ a), float(a @ b), float(b @ b)
    if aa <= 1e-12 or bb <= 1e-12:
        return NAN, NAN, NAN
    remains = max(bb - ab * ab / aa, 0.0)
    return ab / aa, math.sqrt(remains / a.size), ab / math.sqrt(aa * bb)
