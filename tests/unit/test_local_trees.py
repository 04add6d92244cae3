"""Flat trees say what the trees they were made of say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from playproof.scoring.local.trees import Tree, Trees, stack

# x0 <= 1 ? (x1 <= 5 ? 10 : 20) : 30; what is not measurable goes left in x0 and right in x1.
DEEP = Tree(
    feature=np.array([0, 1, 0, 0, 0], dtype=np.int32),
    threshold=np.array([1.0, 5.0, 0.0, 0.0, 0.0]),
    missing_left=np.array([True, False, True, True, True]),
    left=np.array([1, 3, -1, -1, -1], dtype=np.int32),
    right=np.array([2, 4, -1, -1, -1], dtype=np.int32),
    value=np.array([0.0, 0.0, 30.0, 10.0, 20.0]),
)
LEAF = Tree(
    *(
        np.array([value], dtype=kind)
        for value, kind in ((0, np.int32), (0.0, float), (True, bool), (-1, np.int32), (-1, np.int32), (7.0, float))
    )
)


ROWS = pytest.mark.parametrize(
    ("row", "value"),
    [([1.0, 5.0], 10.0), ([1.0, 5.1], 20.0), ([1.1, 0.0], 30.0), ([np.nan, 5.0], 10.0), ([0.0, np.nan], 20.0), ([np.nan, np.nan], 20.0)],
)


def said(trees: Trees, row: list[float]) -> float:
    return float(trees.sums(np.array([row]))[0])


@ROWS
def test_every_tree_is_walked_to_its_leaf(row: list[float], value: float) -> None:
    trees = stack([DEEP, LEAF, DEEP], 2)
    assert trees.depth == 2
    assert said(trees, row) == value + 7.0 + value
    assert said(stack([LEAF, DEEP], 2), row) == 7.0 + value


def test_a_split_between_measurable_and_not_is_walked() -> None:
    by_absence = DEEP._replace(threshold=np.array([1.0, np.inf, 0.0, 0.0, 0.0]))
    trees = stack([by_absence], 2)
    assert said(trees, [0.0, 1e300]) == 10.0
    assert said(trees, [0.0, np.nan]) == 20.0


def test_rows_are_scored_each_by_itself() -> None:
    rows = np.random.default_rng(1).normal(2.0, 3.0, size=(50, 4))
    rows[::5, 1] = np.nan
    trees = stack([DEEP, LEAF], 2)
    strided = rows[::-1, ::2]
    assert trees.sums(strided).tolist() == [said(trees, row) for row in strided.tolist()]
    assert trees.sums(np.empty((0, 2))).tolist() == []
    assert stack([], 2).sums(np.zeros((2, 2))).tolist() == [0.0, 0.0]


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="rows of 2 features"):
        stack([DEEP], 2).sums(np.zeros((1, 3)))


@pytest.mark.parametrize(
    "damage",
    [
        {"features": 1},
        {"roots": np.array([5], dtype=np.uint32)},
        {"left": np.array([1, 4, 2, 3, 4], dtype=np.uint32)},
        {"left": np.array([1, 3, 2, 3, 2**32 - 1], dtype=np.uint32)},
        {"left": np.array([1, 3], dtype=np.uint32)},
        {"threshold": np.zeros(3)},
        {"threshold": np.zeros(5)},
        {"depth": -1},
        {"depth": 6},
    ],
)
def test_trees_that_could_be_left_are_refused(damage: dict[str, Any]) -> None:
    whole = stack([DEEP], 2)
    with pytest.raises(ValueError, match=r"trees (of|that)"):
        replace(whole, **damage)
