"""Calibration: what is promised holds on average, for people who were not calibrated on."""

from __future__ import annotations

import json
from math import log10

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playproof.scoring import conformal
from playproof.scoring.conformal import Calibrator, fit_calibrator


def people_of(rng: np.random.Generator, count: int, alike: float, *, uneven: bool = False) -> tuple[np.ndarray, list[str]]:
    """Sessions of `count` people, 10 to 30 each or from one to hundreds; `alike` is the correlation within a person."""
    each = np.exp(rng.normal(1.5, 1.4, count)).astype(int).clip(1, 300) if uneven else rng.integers(10, 31, count)
    who = np.repeat(np.arange(count), each)
    raw = rng.normal(size=count)[who] * alike**0.5 + rng.normal(size=len(who)) * (1.0 - alike) ** 0.5
    return raw, [f"person{i}" for i in who]


@pytest.fixture(scope="module")
def calibrator() -> Calibrator:
    rng = np.random.default_rng(5)
    return fit_calibrator(*people_of(rng, 91, 0.3), rng)


@pytest.mark.parametrize(
    ("people", "uneven", "alike", "scores"),
    [
        (91, False, 0.0, [1.0, 1.5, 2.0]),
        (91, False, 0.3, [1.0, 1.5, 2.0]),
        (91, False, 0.7, [1.0, 1.5, 2.0]),
        (91, True, 0.3, [1.0, 1.5, 2.0]),
        (50, False, 0.3, [1.0, 1.5]),
        (50, False, 0.7, [1.0, 1.5]),
    ],
)
def test_the_promised_rate_holds_on_average_over_calibration_draws(
    people: int, uneven: bool, alike: float, scores: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conformal, "DRAWS", 1)
    rng = np.random.default_rng(11)
    realised = []
    for _ in range(60):
        fitted = fit_calibrator(*people_of(rng, people, alike, uneven=uneven), rng)
        fresh = rng.normal(size=4000)  # one session each of people never met
        realised.append([float((fresh > fitted.curve.inverse(np.array([score]))[0]).mean()) for score in scores])
    mean, error = np.mean(realised, axis=0), np.std(realised, axis=0) / len(realised) ** 0.5
    promised = 10.0 ** -np.array(scores)
    assert (mean <= promised + 2.5 * error).all(), (mean, error)
    assert (mean >= promised - 2.5 * error).all(), "so careful that bots are let through for nothing"


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2))
def test_a_score_never_falls_as_raw_rises(calibrator: Calibrator, pair: list[float]) -> None:
    low, high = sorted(pair)
    assert calibrator.score(low) <= calibrator.score(high)


def test_the_score_goes_on_rising_beyond_the_most_unusual_person(calibrator: Calibrator) -> None:
    last = float(calibrator.curve.raw[-1])
    scores = [calibrator.score(last + step) for step in (0.0, 0.1, 1.0, 10.0)]
    assert scores == sorted(set(scores))
    assert scores[0] > calibrator.resolved_to


def test_the_least_unusual_scores_nothing(calibrator: Calibrator) -> None:
    assert 0.0 <= calibrator.score(-1e9) < 0.01


def test_each_person_weighs_the_same() -> None:
    # One person plays a thousand unusual sessions, ninety-nine play one usual session each.
    raw = np.concatenate([np.full(1000, 9.0), np.linspace(0.0, 1.0, 99)])
    who = ["eager"] * 1000 + [f"person{i}" for i in range(99)]
    fitted = fit_calibrator(raw, who, np.random.default_rng(1))
    assert 10.0 ** -fitted.score(9.0) == pytest.approx(0.01, rel=1.1)
    assert fitted.score(1.0) > 1.5


def test_copies_count_as_people_and_independent_sessions_as_sessions() -> None:
    rng = np.random.default_rng(2)
    copies = fit_calibrator(np.repeat(rng.normal(size=100), 20), [f"p{i // 20}" for i in range(2000)], rng)
    assert copies.effective == pytest.approx(100.0)
    single = fit_calibrator(rng.normal(size=2000), [f"p{i}" for i in range(2000)], rng)
    assert single.effective == pytest.approx(2000.0)


def test_resolution_is_that_of_the_people(calibrator: Calibrator) -> None:
    assert calibrator.people == 91
    assert calibrator.resolved_to == pytest.approx(log10(92))


def test_bands_hold_the_rates_of_the_default_thresholds(calibrator: Calibrator) -> None:
    assert [band.score for band in calibrator.bands] == [2.0, 2.5]
    for band in calibrator.bands:
        assert 0.0 <= band.low <= band.mean <= band.high <= 0.1
        assert band.promised == pytest.approx(10.0**-band.score)


def test_bootstrap_calibrations_agree_where_it_is_clear_and_differ_where_it_is_not(calibrator: Calibrator) -> None:
    assert calibrator.shares(-5.0, 2.0, 2.5) == (1.0, 0.0, 0.0)
    assert calibrator.shares(50.0, 2.0, 2.5) == (0.0, 0.0, 1.0)
    close = calibrator.shares(float(calibrator.curve.inverse(np.array([2.0]))[0]), 2.0, 2.5)
    assert sum(close) == pytest.approx(1.0)
    assert 0.1 < close[0] < 0.9


def test_saved_and_loaded_it_scores_the_same(calibrator: Calibrator) -> None:
    loaded = Calibrator.from_arrays(calibrator.arrays(), json.loads(json.dumps(calibrator.summary())))
    for raw in np.linspace(-4.0, 9.0, 50):
        assert loaded.score(raw) == calibrator.score(raw)
        assert loaded.shares(raw, 2.0, 2.5) == calibrator.shares(raw, 2.0, 2.5)
    assert loaded.bands == calibrator.bands


def test_the_same_draws_give_the_same_calibration() -> None:
    first, second = (fit_calibrator(*people_of(np.random.default_rng(3), 60, 0.3), np.random.default_rng(4)) for _ in range(2))
    assert (first.draws == second.draws).all()


def test_people_without_any_spread_are_calibrated_too() -> None:
    fitted = fit_calibrator(np.ones(40), [f"p{i % 8}" for i in range(40)], np.random.default_rng(1))
    assert 0.0 <= fitted.score(1.0) < 0.05  # whoever ties with all stands behind all but one of them
    assert fitted.score(5.0) > fitted.score(2.0) > 0.0


@pytest.mark.parametrize(
    ("raw", "who", "what"),
    [([1.0, 2.0], ["a", "a"], "at least two people"), ([1.0, float("nan")], ["a", "b"], "finite")],
)
def test_what_cannot_be_calibrated_on_is_refused(raw: list[float], who: list[str], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        fit_calibrator(np.array(raw), who, np.random.default_rng(1))
