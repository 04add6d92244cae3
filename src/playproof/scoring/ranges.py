"""What range people's features lie in, to say in words how far out a session is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class HumanRanges:
    """Quantiles of every catalogue feature over the people that a model was fitted on."""

    levels: Floats
    """(q,) rising, in (0, 1)."""
    quantiles: Floats
    """(k, q) one row per catalogue feature, non-decreasing along the levels; NaN rows where people were not measured."""

    def shares(self, row: Floats) -> tuple[Floats, Floats]:
        """For each feature of `row` (k,): the share of people at least that low, and at least that high.

        Both are (k,) upper bounds read off the quantile grid, so the least that can be said is the grid's outermost
        level; NaN where the feature or its range is not measured.
        """
        unknown = np.isnan(row) | np.isnan(self.quantiles[:, 0])
        passed = (self.quantiles < row[:, None]).sum(axis=1)
        low = np.append(self.levels, 1.0)[passed]
        high = 1.0 - np.append(0.0, self.levels)[passed]
        low[unknown] = np.nan
        high[unknown] = np.nan
        return low, high

    def typical(self, index: int) -> tuple[float, float]:
        """The range of the middle nine tenths of people for the feature at `index`."""
        low, high = np.searchsorted(self.levels, [0.05, 0.95])
        return float(self.quantiles[index, low]), float(self.quantiles[index, high])
