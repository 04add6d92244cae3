"""How many bootstrap calibrations would have decided alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playproof.scoring.conformal import GRID, Calibrator, fit_calibrator

PEOPLE, EACH = 60, 5


@pytest.fixture(scope="module")
def calibrator() -> Calibrator:
    rng = np.random.default_rng(1)
    raw = rng.normal(0.0, 1.0, PEOPLE * EACH)
    return fit_calibrator(raw, [f"p{number // EACH}" for number in range(len(raw))], rng)


@given(raw=st.floats(-10.0, 40.0), first=st.floats(0.0, 12.0), second=st.floats(0.0, 12.0))
def test_shares_are_of_one_whole(calibrator: Calibrator, raw: float, first: float, second: float) -> None:
    shares = calibrator.shares(raw, min(first, second), max(first, second))
    assert sum(shares) == pytest.approx(1.0)
    assert min(shares) >= 0.0


def test_a_higher_raw_score_passes_in_fewer_calibrations(calibrator: Calibrator) -> None:
    passing = [calibrator.shares(raw, 2.0, 2.5)[0] for raw in np.linspace(-1.0, 8.0, 40)]
    assert passing == sorted(passing, reverse=True)
    assert (passing[0], passing[-1]) == (1.0, 0.0)


def test_thresholds_above_the_grid_count_as_well(calibrator: Calibrator) -> None:
    raw = float(calibrator.curve.inverse(np.array([GRID[-1] + 1.0]))[0])
    assert calibrator.score(raw) == pytest.approx(GRID[-1] + 1.0)
    low, middle, high = calibrator.shares(raw, GRID[-1] + 0.1, GRID[-1] + 8.0)
    assert middle > 0.8
    assert max(low, high) < 0.2
