"""How far out of people's range a feature lies."""

from __future__ import annotations

import numpy as np
import pytest

from playproof.scoring.ranges import HumanRanges

LEVELS = np.array([0.01, 0.05, 0.5, 0.95, 0.99])
RANGES = HumanRanges(LEVELS, np.array([[1.0, 5.0, 50.0, 95.0, 99.0], [np.nan] * 5]))


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [(0.0, 0.01, 1.0), (1.0, 0.01, 1.0), (3.0, 0.05, 0.99), (50.0, 0.5, 0.95), (97.0, 0.99, 0.05), (100.0, 1.0, 0.01)],
)
def test_shares_bound_the_people_as_far_out(value: float, low: float, high: float) -> None:
    lows, highs = RANGES.shares(np.array([value, 7.0]))
    assert lows[0] == pytest.approx(low)
    assert highs[0] == pytest.approx(high)


def test_what_people_were_not_measured_on_has_no_share() -> None:
    lows, highs = RANGES.shares(np.array([np.nan, 7.0]))
    assert np.isnan(lows).all()
    assert np.isnan(highs).all()


def test_typical_is_the_middle_nine_tenths() -> None:
    assert RANGES.typical(0) == (5.0, 95.0)
