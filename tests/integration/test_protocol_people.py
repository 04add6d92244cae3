"""People, replays and bots through the whole of verification: a few dozen each, of the builders' people and of recorded ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bench.protocol_people import People, Play, people_of, plays
from bench.protocol_replays import SPLICED, changed
from bench.strokes import Hand, Stroke, strokes_of
from bench.visitors import Copy, Place, Recorded, played, resent
from playproof.challenges import GAMES
from playproof.evaluation.corpora import read_corpus
from playproof.testing import bot_session, human_session

GAME = "bubble-pop"
PEOPLE, PLAYS = 8, 16


def built() -> dict[str, list[Stroke]]:
    """Movements of people whom the builders made up, on whom the model was not fitted."""
    rng = np.random.default_rng(11)
    return {f"person {number}": strokes_of(human_session(rng, targets=40)) for number in range(PEOPLE)}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()


def finished(place: Place, people: People, game: str = GAME, most: int = PLAYS) -> list[Play]:
    return list(plays(place, game, people, np.random.default_rng(1), most))


def decisions(played_games: list[Play]) -> Counter[str]:
    return Counter(play.verdict.decision for play in played_games)


def again(place: Place, play: Play, change: str, other: Play, rng: np.random.Generator) -> str:
    return played(Recorded(place, GAME, rng, changed(change, play, other, rng))).decision


@pytest.mark.parametrize("game", GAMES)
def test_recorded_people_pass_and_none_fails(place: Place, shared_data: Path, game: str) -> None:
    people = people_of(read_corpus([shared_data / "human-validate.jsonl.gz"]).records)
    found = decisions(finished(place, people, game))
    assert found.total() == PLAYS
    assert found["fail"] == 0
    assert found["pass"] >= 0.85 * PLAYS


class TestBuilt:
    """With people whom the builders made up."""

    @pytest.mark.parametrize("game", GAMES)
    def test_nobody_is_taken_for_somebody_else(self, place: Place, game: str) -> None:
        found = finished(place, built(), game)
        assert len(found) == PLAYS
        assert [play.verdict.reasons for play in found if play.verdict.decision == "fail"] == []

    def test_a_play_sent_again_as_it_was_fails(self, place: Place) -> None:
        for play in finished(place, built()):
            assert resent(place, play.visitor) == 0
            assert Copy(place, play.visitor).verdict.decision == "fail"

    @pytest.mark.parametrize("change", ["nothing", "shifted", "mirrored", "rotated by any angle", SPLICED])
    def test_a_play_changed_and_aimed_anew_does_not_pass(self, place: Place, change: str) -> None:
        firsts = finished(place, built())
        rng = np.random.default_rng(2)
        second = [again(place, play, change, firsts[number - 1], rng) for number, play in enumerate(firsts)]
        assert second.count("pass") <= 0.15 * PLAYS

    @pytest.mark.parametrize("kind", ["linear", "minimum_jerk"])
    def test_a_bot_that_is_told_where_to_go_does_not_pass(self, place: Place, kind: str) -> None:
        rng = np.random.default_rng(3)
        hand = Hand([stroke for _ in range(14) for stroke in strokes_of(bot_session(rng, kind=kind))])
        found = [played(Recorded(place, GAME, rng, hand)).decision for _ in range(12)]
        assert found.count("pass") <= 1
