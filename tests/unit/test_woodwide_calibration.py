"""Hosted scores become shares of people, in whichever direction and range they come."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from playproof.scoring.base import Calibration
from playproof.scoring.hosted import Standing
from playproof.scoring.strata import MINIMUM_PEOPLE
from playproof.woodwide.calibration import FAILS_FROM, REVIEWS_FROM, HostedCalibration, calibration_of, kept_out, standing_of
from playproof.woodwide.mapping import Columns
from playproof.woodwide.model import HostedModel
from playproof.woodwide.scores import Scores

MODEL = HostedModel("mdl_A", "mdlv_A", Columns(("speed_high", "jerk_tail")))


def calibration(count: int, sign: float = 1.0, each: int = 4, seed: int = 1) -> HostedCalibration:
    """From `count` sessions, `each` of a person; the provider flags the twentieth that is most unusual."""
    unusual = np.random.default_rng(seed).normal(0.0, 1.0, count)
    flags = tuple(bool(value > 1.6) for value in unusual)
    return calibration_of(MODEL, Scores(sign * 100.0 * unusual, flags), [f"person {number // each}" for number in range(count)])


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_direction_is_that_of_the_flags(sign: float) -> None:
    found = calibration(400, sign)
    assert found.rising is (sign > 0)
    assert found.score(sign * 500.0) > 2.0 > found.score(0.0)


def test_without_flags_higher_is_less_human() -> None:
    found = calibration_of(MODEL, Scores(np.arange(4.0), (None, None, False, False)), list("aabb"))
    assert found.rising


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_score_of_two_is_one_person_in_a_hundred(sign: float) -> None:
    found = calibration(2000, sign)
    fresh = sign * 100.0 * np.random.default_rng(2).normal(0.0, 1.0, 20_000)
    share = np.mean([found.score(value) > 2.0 for value in fresh])
    assert 0.004 < share < 0.02


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_it_is_a_calibration_like_any_other(sign: float) -> None:
    found: Calibration = calibration(400, sign)
    assert (found.sessions, found.people) == (400, 100)
    assert found.resolved_to == pytest.approx(np.log10(101))
    assert found.shares(sign * -300.0, 2.0, 2.5) == (1.0, 0.0, 0.0)
    assert found.shares(sign * 900.0, 2.0, 2.5) == (0.0, 0.0, 1.0)


def test_standing_goes_by_rows_and_people() -> None:
    assert [calibration(count).standing for count in (0, REVIEWS_FROM - 1, REVIEWS_FROM, FAILS_FROM - 1, FAILS_FROM)] == [
        Standing.SHOWN,
        Standing.SHOWN,
        Standing.REVIEWS,
        Standing.REVIEWS,
        Standing.DECIDES,
    ]
    assert calibration(500, each=500).standing is Standing.SHOWN


def test_many_rows_of_few_people_get_to_review_at_most() -> None:
    assert calibration(20 * (MINIMUM_PEOPLE - 1), each=20).standing is Standing.REVIEWS
    assert calibration(20 * MINIMUM_PEOPLE, each=20).standing is Standing.DECIDES
    assert standing_of(FAILS_FROM, MINIMUM_PEOPLE - 1) is Standing.REVIEWS


def test_enough_rows_reach_the_thresholds_they_stand_for() -> None:
    reviews, fails = calibration(REVIEWS_FROM, each=1), calibration(FAILS_FROM, each=1)
    assert reviews.score(max(reviews.raw) + 1e-9) >= 2.0 - 1e-6
    assert fails.score(max(fails.raw) + 1e-9) >= 2.5 - 1e-3


def test_it_reads_back_as_itself_and_scores_the_same() -> None:
    found = calibration(150)
    again = msgspec.json.decode(msgspec.json.encode(found), type=HostedCalibration)
    assert again == found
    assert [again.score(value) for value in (-50.0, 0.0, 250.0)] == [found.score(value) for value in (-50.0, 0.0, 250.0)]
    assert again.model.columns.names == MODEL.columns.names
    assert "person" not in msgspec.json.encode(found).decode()


def test_rows_without_a_score_are_left_out() -> None:
    found = calibration_of(MODEL, Scores(np.array([1.0, np.nan, 3.0]), (None,) * 3), ["a", "b", "c"])
    assert (found.raw, found.whose, found.sessions, found.people) == ((1.0, 3.0), (0, 2), 2, 2)
    with pytest.raises(ValueError, match="2 people for 3 scores"):
        calibration_of(MODEL, Scores(np.zeros(3), (None,) * 3), ["a", "b"])


def test_people_are_kept_out_whole_and_always_the_same() -> None:
    people = [f"person {number % 40}" for number in range(400)]
    mask = kept_out(people)
    chosen = {person for person, out in zip(people, mask, strict=True) if out}
    assert len(chosen) == 12
    assert all(out == (person in chosen) for person, out in zip(people, mask, strict=True))
    assert np.array_equal(kept_out(people[::-1]), mask[::-1])
    assert kept_out(["only one"]).tolist() == [True]
    assert kept_out([]).tolist() == []
