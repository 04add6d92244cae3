"""How far out of people's range a feature lies."""

from __future__ import annotations

import numpy as np
import pytest

from playproof.scoring.ranges import HumanRanges, Standing

LEVELS = np.array([0.01, 0.05, 0.5, 0.95, 0.99])
RANGES = HumanRanges(LEVELS, np.array([[1.0, 5.0, 50.0, 95.0, 99.0], [np.nan] * 5, [0.0, 0.0, 0.0, 0.0, 1.0]]))
ALL = np.arange(3)


def standing(feature: int, value: float) -> Standing:
    row = np.full(3, np.nan)
    row[feature] = value
    (found,) = RANGES.furthest(row, ALL, 3)
    assert found.feature == feature
    return found


@pytest.mark.parametrize(
    ("value", "share", "low"),
    [
        (-1e308, 0.01, True),
        (0.0, 0.01, True),
        (3.0, 0.05, True),
        (49.0, 0.5, True),
        (60.0, 0.5, False),
        (97.0, 0.05, False),
        (100.0, 0.01, False),
        (1e308, 0.01, False),
    ],
)
def test_shares_bound_the_people_as_far_out(value: float, share: float, low: bool) -> None:
    found = standing(0, value)
    assert found.share == pytest.approx(share)
    assert found.is_low == low


def test_a_value_that_most_people_share_is_not_far_out() -> None:
    assert standing(2, 0.0).share == pytest.approx(0.99)
    assert standing(2, 0.5).share == pytest.approx(0.05)


def test_what_is_not_measured_stands_nowhere() -> None:
    assert RANGES.furthest(np.array([np.nan, 7.0, np.nan]), ALL, 3) == []


def test_the_furthest_come_first_and_of_those_alike_the_first() -> None:
    levels, people = np.array([0.05, 0.5, 0.95]), np.tile([1.0, 2.0, 3.0], (6, 1))
    row = np.array([1.5, 0.0, 0.9, np.nan, 0.5, 2.5])

    def furthest(count: int, among: list[int]) -> list[int]:
        return [standing.feature for standing in HumanRanges(levels, people).furthest(row, np.array(among, dtype=np.intp), count)]

    assert furthest(9, [0, 1, 2, 3, 4, 5]) == [1, 2, 4, 0, 5]
    assert furthest(2, [0, 1, 2, 3, 4, 5]) == [1, 2]
    assert furthest(2, [0, 4, 5]) == [4, 0]
    assert furthest(0, [0, 1]) == furthest(3, []) == []


def test_typical_is_the_middle_nine_tenths() -> None:
    assert RANGES.typical(0) == (5.0, 95.0)


def test_what_does_not_fit_is_refused() -> None:
    for row, among in ((np.zeros(2), ALL), (np.zeros(3), np.array([0, 3])), (np.zeros(3), np.array([-1, 1]))):
        with pytest.raises(ValueError, match="a row of 3 features"):
            RANGES.furthest(row, among, 2)
    for levels in (LEVELS, LEVELS[:3], LEVELS[:0]):
        with pytest.raises(ValueError, match="at every level"):
            HumanRanges(levels, np.zeros((3, len(levels) - (levels is LEVELS))))
