"""What one row looks like to each detector; all are ensembles of m members, and higher is less human.

One-class detectors know people alone. They see a row through `Margins`: every feature as the standard normal deviate of its
place among people, so that no unit and no long tail weighs more than another. A feature that is not measurable is 0 there,
the middle of people: it speaks neither for nor against.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    """(m, f) as `Margins.deviate` returns them."""
    doubled: Floats
    """(2 f,) as `playproof.scoring.local.trees.doubled` returns it."""


class Detector(Protocol):
    """One way of finding a row unusual."""

    def output(self, view: View) -> Floats:
        """(m,) one number from each member; higher is less human."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Margins:
    """Each feature's distribution among people, as quantiles."""

    quantiles: Floats
    """(m, f, q) strictly rising along q."""
    deviates: Floats
    """(q,) the standard normal deviate of each quantile's level, rising."""

    def view(self, x: Floats) -> View:
        """One row `x` (f,), NaN where not measurable, as the detectors see it."""
        grid, z = self.quantiles, self.deviates
        # The quantile to the left; beyond the outermost the outermost piece is prolonged.
        place = np.minimum(np.maximum((grid < x[:, None]).sum(axis=2) - 1, 0), len(z) - 2)
        flat = place + len(z) * np.arange(place.size).reshape(place.shape)
        low, high = grid.take(flat), grid.take(flat + 1)
        left = z.take(place)
        deviate = left + (x - low) / (high - low) * (z.take(place + 1) - left)
        deviate[:, np.isnan(x)] = 0.0
        return View(np.minimum(np.maximum(deviate, -LIMIT), LIMIT), doubled(x))


@dataclass(frozen=True, slots=True, eq=False)
class Mahalanobis:
    """How far from people's centre, in people's own directions: the log of the squared distance under a shrunk covariance."""

    centre: Floats
    """(m, f)"""
    whiten: Floats
    """(m, f, f): its product with a centred row has unit covariance among people."""

    def output(self, view: View) -> Floats:
        """(m,) one number from each member; higher is less human."""
        white = np.matmul(self.whiten, (view.deviates - self.centre)[:, :, None])[:, :, 0]
        return np.asarray(np.log((white * white).sum(axis=1) + 1e-12))


@dataclass(frozen=True, slots=True, eq=False)
class Tails:
    """How far out the features lie one by one: the mean squared deviate, which grows as the two-sided tails' logs."""

    def output(self, view: View) -> Floats:
        """(m,) one number from each member; higher is less human."""
        return np.asarray((view.deviates * view.deviates).mean(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Isolation:
    """How few random cuts set a row apart from people (Liu, Ting and Zhou 2008): minus the mean path, in units of the expected one."""

    trees: Trees
    """m times t trees, member by member; a leaf says its depth plus what is left below it."""
    expected: float
    """Mean path in a tree of as many rows as each was grown from."""
    members: int

    def output(self, view: View) -> Floats:
        """(m,) one number from each member; higher is less human."""
        paths = self.trees.leaves(view.doubled).reshape(self.members, -1)
        return np.asarray(-paths.mean(axis=1) / self.expected)


@dataclass(frozen=True, slots=True, eq=False)
class Boosted:
    """The log odds of a bot against a person, by boosted trees; each member averages bags that know some features and generators."""

    trees: Trees
    """m times t trees, member by member; a leaf says its share of the mean log odds."""
    baseline: Floats
    """(m,)"""

    def output(self, view: View) -> Floats:
        """(m,) one number from each member; higher is less human."""
        steps = self.trees.leaves(view.doubled).reshape(len(self.baseline), -1)
        return np.asarray(self.baseline + steps.sum(axis=1))
