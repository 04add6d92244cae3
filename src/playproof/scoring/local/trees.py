"""Many binary trees as flat arrays, walked one after another by compiled code.

Every walk takes as many steps as the deepest tree has, and a step has no branch: the processor then walks several trees at
once, which is worth more than the steps saved by stopping early.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from sys import float_info
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from playproof.compiled import compiled, kernel

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]
Places = NDArray[np.uint32]


class Tree(NamedTuple):
    """One tree as its fitter has it; all arrays are (nodes,), node 0 is the root."""

    feature: Indices
    """Which column a node asks about; read at inner nodes alone."""
    threshold: Floats
    """Go left where the value is at most this."""
    missing_left: NDArray[np.bool_]
    """Where to go when the value is not measurable."""
    left: Indices
    """-1 at a leaf."""
    right: Indices
    value: Floats
    """What a leaf says."""


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """Trees stacked end to end; a leaf leads to itself, so that all walk equally deep.

    Raises `ValueError` where a walk could leave the arrays.
    """

    features: int
    """How many columns (f) the rows have."""
    roots: Places
    """(t,) node of each tree's root."""
    feature: Places
    """(nodes,) place in a row's values taken twice: first with NaN lowest, then with NaN highest."""
    threshold: Floats
    """(nodes,) infinite at a leaf."""
    left: Places
    """(nodes,) where to go for a value at most the threshold; the right child is the next node."""
    value: Floats
    """(nodes,) what a leaf says."""
    depth: int
    """Steps from a root to the deepest leaf."""

    def __post_init__(self) -> None:
        nodes = len(self.value)
        if not (len(self.feature) == len(self.threshold) == len(self.left) == nodes >= self.depth >= 0):
            raise ValueError("trees of arrays that do not fit each other")
        leaf = (self.left == np.arange(nodes)) & (self.threshold == np.inf)
        right = np.where(leaf, self.left, self.left + np.uint32(1))
        if not all(_within(places, nodes) for places in (self.roots, self.left, right)):
            raise ValueError("trees that lead out of their arrays")
        if not _within(self.feature, 2 * self.features):
            raise ValueError(f"trees that ask about more than {self.features} features")

    def sums(self, rows: Floats) -> Floats:
        """(n,) the sum, in their order, of what all trees say of each of `rows` (n, f), NaN where not measurable."""
        if rows.shape[1] != self.features:
            raise ValueError(f"rows of {self.features} features were expected, not of {rows.shape[1]}")
        return _sums(rows, self.roots, self.feature, self.threshold, self.left, self.value, self.depth)


def _within(places: Places, size: int) -> bool:
    return not places.size or int(places.max()) < size


@kernel(
    "f8[::1](Array(f8, 2, 'A', True), Array(u4, 1, 'C', True), Array(u4, 1, 'C', True), Array(f8, 1, 'C', True),"
    " Array(u4, 1, 'C', True), Array(f8, 1, 'C', True), i8)"
)
def _sums(rows: Floats, roots: Places, feature: Places, threshold: Floats, left: Places, value: Floats, depth: int) -> Floats:
    sums = np.empty(rows.shape[0])
    twice = np.empty(2 * rows.shape[1])
    for row in range(rows.shape[0]):
        _take_twice(rows[row], twice)
        total = 0.0
        for root in roots:
            # Unsigned, for what could be negative would be looked for at the arrays' ends at every step.
            node = np.uintp(root)
            for _ in range(depth):
                node = np.uintp(left[node]) + np.uintp(twice[feature[node]] > threshold[node])
            total += value[node]
        sums[row] = total
    return sums


@compiled
def _take_twice(x: Floats, twice: Floats) -> None:
    """Fill `twice` (2 f,) with `x` (f,), once with NaN lowest and once with NaN highest.

    A node that sends what is not measurable to the right asks about the second, so that a walk needs no test for NaN.
    """
    count = len(x)
    for place in range(count):
        known = x[place] == x[place]
        twice[place] = x[place] if known else -np.inf
        twice[count + place] = x[place] if known else np.inf


def stack(trees: Sequence[Tree], features: int) -> Trees:
    """Trees over rows of `features` columns as one set of arrays, children side by side."""
    feature: list[int] = []
    threshold: list[float] = []
    left: list[int] = []
    value: list[float] = []
    roots: list[int] = []
    deepest = 0
    for tree in trees:
        roots.append(len(left))
        level = [(0, _reserve(1, feature, threshold, left, value))]
        depth = 0
        while True:
            following: list[tuple[int, int]] = []
            for node, place in level:
                if tree.left[node] < 0:
                    value[place] = float(tree.value[node])
                    continue
                child = _reserve(2, feature, threshold, left, value)
                feature[place] = int(tree.feature[node]) + (0 if tree.missing_left[node] else features)
                # A split between what is measurable and what is not has an infinite threshold, which nothing would exceed.
                threshold[place] = min(float(tree.threshold[node]), float_info.max)
                left[place] = child
                following += [(int(tree.left[node]), child), (int(tree.right[node]), child + 1)]
            if not following:
                break
            level, depth = following, depth + 1
        deepest = max(deepest, depth)
    return Trees(
        features,
        np.array(roots, dtype=np.uint32),
        np.array(feature, dtype=np.uint32),
        np.array(threshold),
        np.array(left, dtype=np.uint32),
        np.array(value),
        deepest,
    )


def _reserve(count: int, feature: list[int], threshold: list[float], left: list[int], value: list[float]) -> int:
    """Append `count` leaves and return the place of the first."""
    place = len(left)
    for offset in range(count):
        feature.append(0)
        threshold.append(float("inf"))
        left.append(place + offset)
        value.append(0.0)
    return place
