"""What one row looks like to each detector; higher is less human.

One-class detectors know people alone. They see a row through `Margins`: every feature as the standard normal deviate of its
place among people, so that no unit and no long tail weighs more than another. A feature that is not measurable is 0 there,
the middle of people: it speaks neither for nor against.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from playproof.scoring.local.trees import Trees, doubled

Floats = NDArray[np.float64]

LIMIT = 8.0
"""Deviates beyond are cut: further out than that is out."""


class View(NamedTuple):
    """One row as the detectors see it."""

    deviates: Floats
    """(f,) each feature's place among people as a standard normal deviate, 0 where it is not measurable."""
    doubled: Floats
    """(2 f,) as `playproof.scoring.local.trees.doubled` returns it."""


class Detector(Protocol):
    """One way of finding a row unusual."""

    def output(self, view: View) -> float:
        """One number; higher is less human."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Margins:
    """Each feature's distribution among people, as quantiles."""

    quantiles: Floats
    """(f, q) strictly rising along q."""
    deviates: Floats
    """(q,) the standard normal deviate of each quantile's level, rising."""

    def view(self, x: Floats) -> View:
        """One row `x` (f,), NaN where not measurable, as the detectors see it."""
        grid, z = self.quantiles, self.deviates
        # The quantile to the left; beyond the outermost the outermost piece is prolonged.
        place = np.minimum(np.maximum((grid < x[:, None]).sum(axis=1) - 1, 0), len(z) - 2)
        flat = place + len(z) * np.arange(len(x))
        low, left = grid.take(flat), z.take(place)
        deviate = left + (x - low) / (grid.take(flat + 1) - low) * (z.take(place + 1) - left)
        deviate[np.isnan(x)] = 0.0
        return View(np.minimum(np.maximum(deviate, -LIMIT), LIMIT), doubled(x))


@dataclass(frozen=True, slots=True, eq=False)
class Mahalanobis:
    """How far from people's centre, in people's own directions: the log of the squared distance under a shrunk covariance."""

    centre: Floats
    """(f,)"""
    whiten: Floats
    """(f, f): its product with a centred row has unit covariance among people."""

    def output(self, view: View) -> float:
        """One number; higher is less human."""
        white = self.whiten @ (view.deviates - self.centre)
        return log(float(white @ white) + 1e-12)


@dataclass(frozen=True, slots=True, eq=False)
class Tails:
    """How far out the features lie one by one: the mean squared deviate, which grows as the two-sided tails' logs."""

    def output(self, view: View) -> float:
        """One number; higher is less human."""
        return float(view.deviates @ view.deviates) / len(view.deviates)


@dataclass(frozen=True, slots=True, eq=False)
class Isolation:
    """How few random cuts set a row apart from people (Liu, Ting and Zhou 2008): minus the mean path, in units of the expected one."""

    trees: Trees
    """A leaf says its depth plus what is left below it."""
    expected: float
    """Mean path in a tree of as many rows as each was grown from."""

    def output(self, view: View) -> float:
        """One number; higher is less human."""
        return -float(self.trees.leaves(view.doubled).mean()) / self.expected


@dataclass(frozen=True, slots=True, eq=False)
class Boosted:
    """The log odds of a bot against a person, by boosted trees: the mean of bags that each know some features and generators."""

    trees: Trees
    """Of all bags; a leaf says its share of the mean log odds."""
    baseline: float

    def output(self, view: View) -> float:
        """One number; higher is less human."""
        return self.baseline + float(self.trees.leaves(view.doubled).sum())
