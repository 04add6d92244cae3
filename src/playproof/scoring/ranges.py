"""What range people's features lie in, to say in words how far out a session is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from playproof.compiled import kernel

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


_TYPICAL = (0.05, 0.95)


class Standing(NamedTuple):
    """Where one feature of a row stands among people."""

    feature: int
    """Its place in the catalogue."""
    share: float
    """Share of people at least as far out on the same side, an upper bound read off the quantiles."""
    is_low: bool
    """Whether that side is the low one."""


@dataclass(frozen=True, slots=True, eq=False)
class HumanRanges:
    """Quantiles of every catalogue feature over the people that a model was fitted on. Raises `ValueError` for other shapes."""

    levels: Floats
    """(q,) rising, in (0, 1), the last at least 0.95."""
    quantiles: Floats
    """(k, q) one row per catalogue feature, non-decreasing along the levels; NaN rows where people were not measured."""
    _typical: Floats = field(init=False)
    _below: Floats = field(init=False)
    _above: Floats = field(init=False)

    def __post_init__(self) -> None:
        if self.quantiles.shape[1:] != self.levels.shape or not self.levels.size or self.levels[-1] < _TYPICAL[1]:
            raise ValueError("ranges need a quantile of every feature at every level, up to that of nearly all people")
        # By the number of quantiles that a value reaches: at most this share of people lies at or below it;
        object.__setattr__(self, "_below", np.append(self.levels, 1.0))
        # and by the number that it exceeds: at most this share lies at or above it. The two differ where people tie.
        object.__setattr__(self, "_above", 1.0 - np.append(0.0, self.levels))
        object.__setattr__(self, "_typical", self.quantiles[:, np.searchsorted(self.levels, _TYPICAL)])

    def furthest(self, row: Floats, among: Places, count: int) -> list[Standing]:
        """The `count` features of `row` (k,) furthest out, the furthest first, the first in the catalogue first of those alike.

        Only features `among` (places in the catalogue, rising) count, and none that is not measured in the row or in people.
        """
        if len(row) != len(self.quantiles) or (among.size and not 0 <= among[0] <= among[-1] < len(row)):
            raise ValueError(f"a row of {len(self.quantiles)} features and places in it were expected")
        features, shares, lows = _furthest(row, among, count, self.quantiles, self._below, self._above)
        return list(map(Standing, features.tolist(), shares.tolist(), lows.tolist()))

    def typical(self, feature: int) -> tuple[float, float]:
        """The range of the middle nine tenths of people for the feature at this place in the catalogue."""
        low, high = self._typical[feature].tolist()
        return low, high


@kernel(
    "Tuple((i8[::1], f8[::1], b1[::1]))(Array(f8, 1, 'A', True), Array(i8, 1, 'C', True), i8, Array(f8, 2, 'C', True),"
    " Array(f8, 1, 'C', True), Array(f8, 1, 'C', True))"
)
def _furthest(
    row: Floats, among: Places, count: int, quantiles: Floats, below: Floats, above: Floats
) -> tuple[Places, Floats, NDArray[np.bool_]]:
    features, shares, lows = np.empty(count, np.int64), np.empty(count), np.empty(count, np.bool_)
    found = 0
    for feature in among:
        value = row[feature]
        if value != value or quantiles[feature, 0] != quantiles[feature, 0]:
            continue
        reached = exceeded = 0
        for quantile in quantiles[feature]:
            reached += quantile <= value
            exceeded += quantile < value
        share = min(below[reached], above[exceeded])
        if found == count and (not count or share >= shares[count - 1]):
            continue
        found = min(found + 1, count)
        place = found - 1
        while place > 0 and share < shares[place - 1]:
            features[place], shares[place], lows[place] = features[place - 1], shares[place - 1], lows[place - 1]
            place -= 1
        features[place], shares[place], lows[place] = feature, share, below[reached] <= above[exceeded]
    return features[:found], shares[:found], lows[:found]
