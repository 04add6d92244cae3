"""Flat trees say what the trees they were made of say."""

from __future__ import annotations

import numpy as np
import pytest

from playproof.scoring.local.trees import Tree, doubled, stack

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


@pytest.mark.parametrize(
    ("row", "value"),
    [([1.0, 5.0], 10.0), ([1.0, 5.1], 20.0), ([1.1, 0.0], 30.0), ([np.nan, 5.0], 10.0), ([0.0, np.nan], 20.0), ([np.nan, np.nan], 20.0)],
)
def test_every_tree_is_walked_to_its_leaf(row: list[float], value: float) -> None:
    trees = stack([DEEP, LEAF, DEEP], 2)
    assert trees.depth == 2
    assert trees.leaves(doubled(np.array(row))).tolist() == [value, 7.0, value]


def test_a_split_between_measurable_and_not_is_walked() -> None:
    by_absence = DEEP._replace(threshold=np.array([1.0, np.inf, 0.0, 0.0, 0.0]))
    trees = stack([by_absence], 2)
    assert trees.leaves(doubled(np.array([0.0, 1e300]))).tolist() == [10.0]
    assert trees.leaves(doubled(np.array([0.0, np.nan]))).tolist() == [20.0]
