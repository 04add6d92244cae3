"""Replays among recorded people: nobody is taken for anybody else, and what was sent before is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from playproof.challenges.campaign import Nearness, campaigns
from playproof.challenges.memory_index import MemoryIndex
from playproof.challenges.replay import MATCH, find, nearest
from playproof.challenges.signature import sign
from playproof.evaluation import warps
from playproof.evaluation.corpora import Record, read_corpus
from playproof.evaluation.outcomes import person_of
from playproof.features import CATALOGUE, extract_many
from playproof.telemetry import Session

Warp = Callable[[Session, np.random.Generator], Session]
PLAYS = 60

WARPS: dict[str, tuple[Warp, float]] = {
    "exact": (lambda play, _: play, 1.0),
    "turned": (lambda play, _: warps.placed(play, 0.7 + 0.7j), 1.0),
    "slower": (lambda play, _: warps.retimed(play, 1.3), 0.85),
    "jittered": (lambda play, rng: warps.jittered(play, 1.0, 1.0, rng), 0.9),
    "aimed anew": (warps.reaimed, 1.0),
}
"""The change, and the least share that is to be found."""


@pytest.fixture(scope="module")
def people(shared_data: Path) -> list[Record]:
    corpus = read_corpus([shared_data / "human-train.jsonl.gz", shared_data / "human-validate.jsonl.gz"])
    return [record for record in corpus.records if record.labels.source in {"sapimouse", "freihaut"}]


@pytest.fixture(scope="module")
def index(people: list[Record]) -> MemoryIndex:
    return MemoryIndex([sign(record.session) for record in people[::2]])


@pytest.mark.parametrize("name", WARPS)
def test_plays_of_people_are_known_again(name: str, people: list[Record], index: MemoryIndex) -> None:
    change, least = WARPS[name]
    rng = np.random.default_rng(2)
    numbers = np.linspace(0, len(index) - 1, PLAYS).astype(int).tolist()
    matches = [find(change(people[2 * number].session, rng), index) for number in numbers]
    right = [match is not None and match.number == number for match, number in zip(matches, numbers, strict=True)]
    assert sum(right) >= least * PLAYS
    assert all(good or match is None for good, match in zip(right, matches, strict=True))


def test_nobody_is_taken_for_somebody_else_nor_for_an_earlier_self(people: list[Record], index: MemoryIndex) -> None:
    matches = [nearest(record.session, index) for record in people[1::2]]
    assert [match for match in matches if match is not None and match.log_odds > MATCH] == []
    assert len(matches) > 900


def test_people_make_no_campaign(people: list[Record]) -> None:
    model = np.array([feature.role == "model" for feature in CATALOGUE])
    rows = np.ascontiguousarray(extract_many([record.session for record in people])[:, model])
    person = np.unique([person_of(record.labels) for record in people], return_inverse=True)[1]
    fitted = person % 2 == 0
    nearness = Nearness.fitted(rows[fitted], person[fitted])
    others = np.random.default_rng(3).permutation(np.flatnonzero(~fitted))
    windows = [others[start : start + 100] for start in range(0, len(others) - 99, 100)]
    assert len(windows) >= 8
    assert [campaigns(rows[window], nearness) for window in windows] == [[]] * len(windows)
