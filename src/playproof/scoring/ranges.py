"""What range people's features lie in, to say in words how far out a session is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UNMEASURED = 2.0
"""The share of a feature that cannot be placed among people: above every real one, so that it is never the furthest out."""


class Standing(NamedTuple):
    """Where each feature of one row stands among people."""

    share: Floats
    """(k,) share of people at least as far out on the same side, an upper bound read off the quantiles; or `UNMEASURED`."""
    low: NDArray[np.bool_]
    """(k,) whether that side is the low one."""


@dataclass(frozen=True, slots=True, eq=False)
class HumanRanges:
    """Quantiles of every catalogue feature over the people that a model was fitted on."""

    levels: Floats
    """(q,) rising, in (0, 1)."""
    quantiles: Floats
    """(k, q) one row per catalogue feature, non-decreasing along the levels; NaN rows where people were not measured."""
    _typical: Floats = field(init=False)
    _unknown: NDArray[np.bool_] = field(init=False)
    _below: Floats = field(init=False)
    _above: Floats = field(init=False)

    def __post_init__(self) -> None:
        # By the number of quantiles that a value reaches: at most this share of people lies at or below it;
        object.__setattr__(self, "_below", np.append(self.levels, 1.0))
        # and by the number that it exceeds: at most this share lies at or above it. The two differ where people tie.
        object.__setattr__(self, "_above", 1.0 - np.append(0.0, self.levels))
        object.__setattr__(self, "_unknown", np.isnan(self.quantiles[:, 0]))
        object.__setattr__(self, "_typical", self.quantiles[:, np.searchsorted(self.levels, [0.05, 0.95])])

    def standing(self, row: Floats) -> Standing:
        """Where the features of `row` (k,) stand; NaN stands nowhere."""
        value = row[:, None]
        below = self._below.take(np.count_nonzero(self.quantiles <= value, axis=1))
        above = self._above.take(np.count_nonzero(self.quantiles < value, axis=1))
        share = np.minimum(below, above)
        share[np.isnan(row) | self._unknown] = UNMEASURED
        return Standing(share, below <= above)

    def typical(self, index: int) -> tuple[float, float]:
        """The range of the middle nine tenths of people for the feature at `index`."""
        low, high = self._typical[index].tolist()
        return low, high
