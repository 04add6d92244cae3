"""Sessions that are nearer to each other than people's are found, and people's are not."""

from __future__ import annotations

import numpy as np
import pytest

from playproof.challenges.campaign import ALARM, MOST_ROWS, Nearness, campaigns
from playproof.evaluation import warps
from playproof.features import extract_many
from playproof.features.numbers import Floats
from playproof.testing import bot_session, human_session

PEOPLE, PLAYS = 30, 6


@pytest.fixture(scope="module")
def people() -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Rows of made-up people, each with ways of its own, and who each is."""
    rng = np.random.default_rng(4)
    ways = rng.normal(0.0, 1.0, (PEOPLE, 40))
    rows = np.repeat(ways, PLAYS, axis=0) + rng.normal(0.0, 0.8, (PEOPLE * PLAYS, 40))
    rows[rng.random(rows.shape) < 0.1] = np.nan
    return rows, np.repeat(np.arange(PEOPLE), PLAYS)


def test_people_make_no_campaign(people: tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]) -> None:
    rows, person = people
    nearness = Nearness.fitted(rows, person)
    assert (np.diff(nearness.distances) >= 0.0).all()
    assert campaigns(rows, nearness) == []
    assert all(campaigns(rows[person == each], nearness) == [] for each in range(PEOPLE))


def test_what_comes_too_near_is_told_apart(people: tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]) -> None:
    rows, person = people
    rng = np.random.default_rng(8)
    nearness = Nearness.fitted(rows, person)
    sent = np.array([3, 50, 51, 99, 120, 121])
    window = rows.copy()
    window[sent] = rng.normal(0.0, 1.0, 40) + rng.normal(0.0, 0.05, (len(sent), 40))
    (campaign,) = campaigns(window, nearness)
    assert campaign.rows == tuple(sent.tolist())
    assert campaign.score > ALARM
    assert 0.0 < campaign.spread < nearness.distances[0]


def test_two_campaigns_are_two(people: tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]) -> None:
    rows, person = people
    rng = np.random.default_rng(8)
    window = rows.copy()
    for count, first in ((6, 10), (9, 60)):
        window[first : first + count] = rng.normal(0.0, 1.0, 40) + rng.normal(0.0, 0.05, (count, 40))
    found = campaigns(window, Nearness.fitted(rows, person))
    assert [len(each.rows) for each in found] == [9, 6]
    assert found[0].score > found[1].score


def test_rows_that_share_too_little_are_not_compared(people: tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]) -> None:
    rows, person = people
    nearness = Nearness.fitted(rows, person)
    empty = np.full((20, 40), np.nan)
    empty[:, :5] = 0.0
    assert campaigns(empty, nearness) == []
    assert campaigns(rows[:1], nearness) == []
    assert campaigns(rows[:0], nearness) == []
    with pytest.raises(ValueError, match="at most"):
        campaigns(np.zeros((MOST_ROWS + 1, 40)), nearness)
    with pytest.raises(ValueError, match="nobody"):
        Nearness.fitted(rows[::PLAYS], np.arange(PEOPLE))


def test_a_factory_from_one_play_is_a_campaign() -> None:
    rng = np.random.default_rng(12)
    rows = extract_many([human_session(rng) for _ in range(60)])
    nearness = Nearness.fitted(rows, np.zeros(60, np.int64))
    seed = human_session(rng)
    made = extract_many([warps.jittered(warps.placed(seed, np.exp(0.01j * i)), 0.3, 0.3, rng) for i in range(8)])
    bots = extract_many([bot_session(rng, kind="linear") for _ in range(8)])
    found = campaigns(np.concatenate([rows, made, bots]), nearness)
    assert [set(each.rows) <= set(range(60, 76)) for each in found] == [True] * len(found)
    assert any(set(range(60, 68)) <= set(each.rows) for each in found)
