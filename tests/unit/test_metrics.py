"""Metrics: against known values, by brute force, and by their properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from playproof.evaluation.metrics import clustered_interval, codes, det_curve, mean_auc, mean_interval, roc_auc, wilson

# Few distinct values, so that ties are common; infinities are what sessions without a score rank as.
SCORES = st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0, 2.0, 3.5, math.inf])


def scores(most: int = 40) -> st.SearchStrategy[np.ndarray]:
    return hnp.arrays(np.float64, st.integers(1, most), elements=SCORES)


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_matches_published_values(hits: int, total: int, low: float, high: float) -> None:
    assert wilson(hits, total) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_wilson_holds_the_rate_and_mirrors(hits: int, total: int) -> None:
    hits = min(hits, total)
    low, high = wilson(hits, total)
    assert 0.0 <= low <= hits / total <= high <= 1.0
    assert low < high
    other = wilson(total - hits, total)
    assert other == pytest.approx((1.0 - high, 1.0 - low))


def test_wilson_of_nothing_says_nothing_and_refuses_what_is_no_count() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="3 of 2"):
        wilson(3, 2)


def test_codes_number_the_distinct_names_in_order() -> None:
    names, numbers = codes(["b", "a", "b", "c"])
    assert names == ("a", "b", "c")
    assert numbers.tolist() == [1, 0, 1, 2]


def test_clustered_interval_is_seeded_and_wider_than_that_of_independent_sessions() -> None:
    person = np.repeat(np.arange(50), 40)
    flagged = person < 5  # five people with every session flagged: the sessions say nothing new
    again = [clustered_interval(flagged, person, np.random.default_rng(3)) for _ in range(2)]
    assert again[0] == again[1]
    low, high = again[0]
    assert low < 0.1 < high
    apart = clustered_interval(flagged, np.arange(flagged.size), np.random.default_rng(3))
    assert high - low > 4 * (apart.high - apart.low)


def test_clustered_interval_ignores_numbers_without_sessions() -> None:
    flagged = np.array([True, False, True, False])
    dense = clustered_interval(flagged, np.array([0, 0, 1, 1]), np.random.default_rng(0))
    gaps = clustered_interval(flagged, np.array([1, 1, 7, 7]), np.random.default_rng(0))
    assert dense == gaps
    assert clustered_interval(np.zeros(0, bool), np.zeros(0, np.int64), np.random.default_rng(0)) == (0.0, 1.0)


@given(hnp.arrays(np.float64, st.integers(1, 30), elements=st.floats(0, 1)))
def test_mean_interval_lies_within_the_values(values: np.ndarray) -> None:
    low, high = mean_interval(values, np.random.default_rng(1), draws=100)
    assert values.min() - 1e-9 <= low <= high <= values.max() + 1e-9


def test_mean_interval_of_nothing_is_not_a_number() -> None:
    assert all(math.isnan(end) for end in mean_interval(np.zeros(0), np.random.default_rng(1)))


@given(scores(), scores())
def test_roc_auc_is_the_share_of_pairs_with_half_for_ties(humans: np.ndarray, bots: np.ndarray) -> None:
    pairs = [1.0 if bot > human else 0.5 if bot == human else 0.0 for human in humans for bot in bots]
    assert roc_auc(humans, bots) == pytest.approx(sum(pairs) / len(pairs))
    assert roc_auc(humans, bots) + roc_auc(bots, humans) == pytest.approx(1.0)


def test_roc_auc_without_one_side_is_not_a_number() -> None:
    assert math.isnan(roc_auc(np.zeros(0), np.ones(2)))
    assert math.isnan(roc_auc(np.ones(2), np.zeros(0)))


def test_mean_auc_weighs_generators_alike() -> None:
    humans, person = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0, 0, 1, 1])
    easy, hard = np.full(90, 10.0), np.full(10, -10.0)
    bots, generator = np.concatenate([easy, hard]), np.repeat([0, 1], [90, 10])
    estimate, (low, high) = mean_auc(humans, person, bots, generator, np.random.default_rng(5))
    assert estimate == pytest.approx(0.5)
    assert low == pytest.approx(0.0)
    assert high == pytest.approx(1.0)
    pooled, _ = mean_auc(humans, person, bots, np.zeros(100, np.int64), np.random.default_rng(5))
    assert pooled == pytest.approx(roc_auc(humans, bots))
    missing, interval = mean_auc(np.zeros(0), np.zeros(0, np.int64), bots, generator, np.random.default_rng(5))
    assert math.isnan(missing)
    assert math.isnan(interval.low)


def test_mean_auc_compares_only_scores_of_the_same_model() -> None:
    # Two folds whose scores are shifted against each other: within each, the bots stand above the people.
    humans, person = np.array([0.0, 1.0, 100.0, 101.0]), np.array([0, 0, 1, 1])
    bots, generator = np.array([2.0, 3.0, 102.0]), np.array([0, 0, 1])
    within, _ = mean_auc(humans, person, bots, generator, np.random.default_rng(0), np.eye(2, dtype=bool))
    across, _ = mean_auc(humans, person, bots, generator, np.random.default_rng(0))
    assert within == pytest.approx(1.0)
    assert across == pytest.approx(0.75)


@given(scores(), scores())
def test_det_is_monotone_from_flagging_all_to_flagging_none(humans: np.ndarray, bots: np.ndarray) -> None:
    curve = det_curve(humans, bots)
    assert (np.diff(curve.threshold) > 0).all()
    assert (np.diff(curve.false_alarm) <= 0).all()
    assert (np.diff(curve.miss) >= 0).all()
    assert (curve.false_alarm[0], curve.miss[0]) == (1.0, 0.0)
    assert (curve.false_alarm[-1], curve.miss[-1]) == (0.0, 1.0)
    assert 0.0 <= curve.equal_error() <= 1.0
    for threshold, alarm, miss in zip(curve.threshold, curve.false_alarm, curve.miss, strict=True):
        assert alarm == pytest.approx((humans > threshold).mean())
        assert miss == pytest.approx((bots <= threshold).mean())


def test_det_weighs_generators_where_asked() -> None:
    bots = np.array([0.0, 0.0, 0.0, 5.0])
    curve = det_curve(np.array([1.0]), bots, np.array([1 / 3, 1 / 3, 1 / 3, 1.0]))
    at_one = int(np.flatnonzero(curve.threshold == 1.0)[0])
    assert curve.miss[at_one] == pytest.approx(0.5)
    with pytest.raises(ValueError, match="both people and bots"):
        det_curve(np.zeros(0), bots)
