"""How far out of people's range a feature lies."""

from __future__ import annotations

import numpy as np
import pytest

from playproof.scoring.ranges import UNMEASURED, HumanRanges

LEVELS = np.array([0.01, 0.05, 0.5, 0.95, 0.99])
RANGES = HumanRanges(LEVELS, np.array([[1.0, 5.0, 50.0, 95.0, 99.0], [np.nan] * 5, [0.0, 0.0, 0.0, 0.0, 1.0]]))


@pytest.mark.parametrize(
    ("value", "share", "low"),
    [(0.0, 0.01, True), (3.0, 0.05, True), (49.0, 0.5, True), (60.0, 0.5, False), (97.0, 0.05, False), (100.0, 0.01, False)],
)
def test_shares_bound_the_people_as_far_out(value: float, share: float, low: bool) -> None:
    standing = RANGES.standing(np.array([value, 7.0, np.nan]))
    assert standing.share[0] == pytest.approx(share)
    assert standing.low[0] == low


def test_a_value_that_most_people_share_is_not_far_out() -> None:
    assert RANGES.standing(np.array([50.0, 7.0, 0.0])).share[2] == pytest.approx(0.99)
    assert RANGES.standing(np.array([50.0, 7.0, 0.5])).share[2] == pytest.approx(0.05)


def test_what_is_not_measured_stands_nowhere() -> None:
    assert RANGES.standing(np.array([np.nan, 7.0, 0.0])).share[:2].tolist() == [UNMEASURED, UNMEASURED]


def test_typical_is_the_middle_nine_tenths() -> None:
    assert RANGES.typical(0) == (5.0, 95.0)
