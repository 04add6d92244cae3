"""Many binary trees as flat arrays, walked all at once.

One row of a thousand trees costs a handful of numpy calls a level, where a loop over trees would cost a thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from sys import float_info
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]


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
    """Trees stacked end to end; a leaf leads to itself, so that all walk equally deep."""

    roots: Indices
    """(t,) node of each tree's root."""
    feature: Indices
    """(nodes,) place in a doubled row."""
    threshold: Floats
    """(nodes,) infinite at a leaf."""
    left: Indices
    """(nodes,) where to go for a value at most the threshold; the right child is the next node."""
    value: Floats
    """(nodes,) what a leaf says."""
    depth: int
    """Steps from a root to the deepest leaf."""

    def leaves(self, doubled: Floats) -> Floats:
        """(t,) what every tree says of one row, given as `doubled` returns it."""
        node = self.roots
        for _ in range(self.depth):
            beyond = doubled.take(self.feature.take(node)) > self.threshold.take(node)
            node = self.left.take(node) + beyond
        return self.value.take(node)


def doubled(x: Floats) -> Floats:
    """(2 f,) the row `x` (f,) twice: once with NaN lowest, once with NaN highest.

    A node that sends what is not measurable to the right asks about the second copy, so that a walk needs no test for NaN.
    """
    unknown = np.isnan(x)
    return np.concatenate([np.where(unknown, -np.inf, x), np.where(unknown, np.inf, x)])


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
        np.array(roots, dtype=np.int32),
        np.array(feature, dtype=np.int32),
        np.array(threshold),
        np.array(left, dtype=np.int32),
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
