"""What one row looks like to each detector; higher is less human.

One-class detectors know people alone. They see a row through `Margins`: every feature as the standard normal deviate of its
place among people, so that no unit and no long tail weighs more than another. A feature that is not measurable is 0 there,
the middle of people: it speaks neither for nor against.

All is computed row by row in a fixed order, so that a row's numbers do not depend, in any bit, on the rows beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from playproof.compiled import kernel
from playproof.scoring.local.trees import Trees

Floats = NDArray[np.float64]

LIMIT = 8.0
"""Deviates beyond are cut: further out than that is out."""
NETWORK_LIMIT = 4.0
"""For the network, which would extrapolate, they are cut nearer."""


class View(NamedTuple):
    """Rows as the detectors see them."""

    values: Floats
    """(n, f) as measured, NaN where not measurable."""
    deviates: Floats
    """(n, f) each feature's place among people as a standard normal deviate, 0 where it is not measurable."""


class Detector(Protocol):
    """One way of finding a row unusual."""

    def outputs(self, view: View) -> Floats:
        """(n,) one number for each row; higher is less human."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Margins:
    """Each feature's distribution among people, as quantiles. Raises `ValueError` for fewer than two or of other shapes."""

    quantiles: Floats
    """(f, q) strictly rising along q."""
    deviates: Floats
    """(q,) the standard normal deviate of each quantile's level, rising."""

    def __post_init__(self) -> None:
        if self.quantiles.ndim != 2 or self.quantiles.shape[1] != len(self.deviates) or len(self.deviates) < 2:
            raise ValueError("margins need two or more quantiles of every feature")

    def view(self, rows: Floats) -> View:
        """`rows` (n, f), NaN where not measurable, as the detectors see them."""
        if rows.shape[1] != len(self.quantiles):
            raise ValueError(f"rows of {len(self.quantiles)} features were expected, not of {rows.shape[1]}")
        return View(rows, _deviates(rows, self.quantiles, self.deviates))


@kernel("f8[:, ::1](Array(f8, 2, 'A', True), Array(f8, 2, 'C', True), Array(f8, 1, 'C', True))")
def _deviates(rows: Floats, quantiles: Floats, levels: Floats) -> Floats:
    deviates = np.zeros(rows.shape)
    last = quantiles.shape[1] - 2
    for row in range(rows.shape[0]):
        for feature in range(rows.shape[1]):
            value = rows[row, feature]
            if value != value:
                continue
            below = 0
            for quantile in quantiles[feature]:
                below += quantile < value
            # The quantile to the left; beyond the outermost the outermost piece is prolonged.
            place = min(max(below - 1, 0), last)
            low, high = quantiles[feature, place], quantiles[feature, place + 1]
            left, right = levels[place], levels[place + 1]
            deviates[row, feature] = min(max(left + (value - low) / (high - low) * (right - left), -LIMIT), LIMIT)
    return deviates


@dataclass(frozen=True, slots=True, eq=False)
class Mahalanobis:
    """How far from people's centre, in people's own directions: the log of the squared distance under a shrunk covariance.

    Raises `ValueError` where the shapes do not fit each other.
    """

    centre: Floats
    """(f,)"""
    whiten: Floats
    """(f, f): its product with a centred row has unit covariance among people."""
    _by_feature: Floats = field(init=False)
    """(f, f) `whiten` transposed, so that the product adds up whole rows, which is what the processor does fast."""

    def __post_init__(self) -> None:
        if self.whiten.shape != 2 * self.centre.shape:
            raise ValueError("the whitening matrix does not fit the centre")
        object.__setattr__(self, "_by_feature", np.ascontiguousarray(self.whiten.T))

    def outputs(self, view: View) -> Floats:
        """(n,) one number for each row; higher is less human."""
        if view.deviates.shape[1] != len(self.centre):
            raise ValueError(f"rows of {len(self.centre)} features were expected, not of {view.deviates.shape[1]}")
        return _log_distances(view.deviates, self.centre, self._by_feature)


@kernel("f8[::1](Array(f8, 2, 'A', True), Array(f8, 1, 'C', True), Array(f8, 2, 'C', True))")
def _log_distances(deviates: Floats, centre: Floats, by_feature: Floats) -> Floats:
    distances = np.empty(deviates.shape[0])
    white = np.empty(len(centre))
    for row in range(deviates.shape[0]):
        white[:] = 0.0
        for feature in range(len(centre)):
            away = deviates[row, feature] - centre[feature]
            for direction in range(len(centre)):
                white[direction] += by_feature[feature, direction] * away
        squared = 0.0
        for value in white:
            squared += value * value
        distances[row] = log(squared + 1e-12)
    return distances


@dataclass(frozen=True, slots=True, eq=False)
class Tails:
    """How far out the features lie one by one: the mean squared deviate, which grows as the two-sided tails' logs."""

    def outputs(self, view: View) -> Floats:
        """(n,) one number for each row; higher is less human."""
        return np.array([float(deviates @ deviates) / len(deviates) for deviates in view.deviates])


@dataclass(frozen=True, slots=True, eq=False)
class Isolation:
    """How few random cuts set a row apart from people (Liu, Ting and Zhou 2008): minus the mean path, in units of the expected one."""

    trees: Trees
    """A leaf says its depth plus what is left below it."""
    expected: float
    """Mean path in a tree of as many rows as each was grown from."""

    def outputs(self, view: View) -> Floats:
        """(n,) one number for each row; higher is less human."""
        return self.trees.sums(view.values) / (-self.expected * len(self.trees.roots))


@dataclass(frozen=True, slots=True, eq=False)
class Boosted:
    """The log odds of a bot against a person, by boosted trees: the mean of bags that each know some features and generators."""

    trees: Trees
    """Of all bags; a leaf says its share of the mean log odds."""
    baseline: float

    def outputs(self, view: View) -> Floats:
        """(n,) one number for each row; higher is less human."""
        return self.trees.sums(view.values) + self.baseline


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The log odds of a bot against a person, by small neural networks of one layer: smooth where trees are all steps.

    Raises `ValueError` where the shapes do not fit each other.
    """

    inner: Floats
    """(f, h) from deviates to the hidden units of all networks, each positive or 0."""
    bias: Floats
    """(h,)"""
    outer: Floats
    """(h,) from hidden units to the mean log odds."""
    baseline: float

    def __post_init__(self) -> None:
        if self.inner.ndim != 2 or not self.inner.shape[1] == len(self.bias) == len(self.outer):
            raise ValueError("every hidden unit of a network needs its weights")

    def outputs(self, view: View) -> Floats:
        """(n,) one number for each row; higher is less human."""
        if view.deviates.shape[1] != len(self.inner):
            raise ValueError(f"rows of {len(self.inner)} features were expected, not of {view.deviates.shape[1]}")
        return _network_odds(view.deviates, self.inner, self.bias, self.outer) + self.baseline


@kernel("f8[::1](Array(f8, 2, 'A', True), Array(f8, 2, 'C', True), Array(f8, 1, 'C', True), Array(f8, 1, 'C', True))")
def _network_odds(deviates: Floats, inner: Floats, bias: Floats, outer: Floats) -> Floats:
    odds = np.zeros(deviates.shape[0])
    hidden = np.empty(len(bias))
    for row in range(deviates.shape[0]):
        hidden[:] = bias
        for feature in range(deviates.shape[1]):
            value = min(max(deviates[row, feature], -NETWORK_LIMIT), NETWORK_LIMIT)
            for unit in range(len(bias)):
                hidden[unit] += inner[feature, unit] * value
        for unit in range(len(bias)):
            odds[row] += max(hidden[unit], 0.0) * outer[unit]
    return odds
