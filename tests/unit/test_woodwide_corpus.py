"""Who is trained on, who calibrates, and who is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from playproof.errors import CorpusRefused
from playproof.features import CATALOGUE_VERSION, NAMES
from playproof.telemetry import Labels, Session
from playproof.testing import bot_session, human_session
from playproof.woodwide.calibration import KEPT_OUT
from playproof.woodwide.corpus import LEAST_ROWS, Corpus, Gatherer, Skipped, initial_rows, people_of, rows_of

PEOPLE, EACH = 10, 3


def play(seed: int, **given: object) -> Session:
    return human_session(np.random.default_rng(seed), targets=3, session_id=f"s{seed}", **given)  # type: ignore[arg-type]


def person(number: int, source: str = "lab") -> Labels:
    return Labels("human", source=source, subject=f"p{number}")


def gathered(source: str = "lab") -> Gatherer:
    gatherer = Gatherer()
    for number in range(PEOPLE * EACH):
        gatherer.add(play(number), person(number % PEOPLE, source), "file.jsonl")
    return gatherer


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return gathered().corpus()


def test_people_are_kept_out_whole(corpus: Corpus) -> None:
    trained, kept = ({play.person for play in plays} for plays in (corpus.training, corpus.kept))
    assert (len(trained), len(kept)) == (PEOPLE - KEPT_OUT * PEOPLE, KEPT_OUT * PEOPLE)
    assert trained.isdisjoint(kept)
    assert len(corpus.training) + len(corpus.kept) == PEOPLE * EACH
    assert rows_of(corpus.kept).shape == (len(corpus.kept), len(NAMES))
    assert sorted(set(people_of(corpus.kept))) == list(range(len(kept)))
    assert (corpus.skipped, corpus.nameless) == (Skipped(), 0)


def test_the_same_people_are_kept_out_whatever_order_they_come_in(corpus: Corpus) -> None:
    again = Gatherer()
    for number in reversed(range(PEOPLE * EACH)):
        again.add(play(number), person(number % PEOPLE), "file.jsonl")
    assert {one.person for one in again.corpus().kept} == {one.person for one in corpus.kept}


def test_bots_and_sessions_that_show_too_little_are_left_out_and_counted() -> None:
    gatherer = gathered()
    bot = bot_session(np.random.default_rng(1), session_id="bot")
    gatherer.add(bot, Labels("bot", source="lab", generator="linear"), "file.jsonl")
    gatherer.add(play(0), person(0), "file.jsonl")
    gatherer.add(play(900, device_type="keyboard"), person(1), "file.jsonl")
    long = play(901)
    gatherer.add(replace(long, t=long.t[:9], x=long.x[:9], y=long.y[:9]), person(2), "file.jsonl")
    corpus = gatherer.corpus()
    assert corpus.skipped == Skipped(bots=1, short=1, keyboard=1, repeated=1)
    assert corpus.skipped.total == 4
    assert "bot" not in {one.name for one in (*corpus.training, *corpus.kept)}


def test_sessions_of_nobody_in_particular_are_people_of_their_own() -> None:
    gatherer = Gatherer()
    for number in range(20):
        gatherer.add(play(number), None, "file.jsonl")
    corpus = gatherer.corpus()
    assert corpus.nameless == 20
    assert len({one.person for one in (*corpus.training, *corpus.kept)}) == 20
    assert len(corpus.kept) == 6


def test_people_of_one_name_in_two_sources_are_two() -> None:
    gatherer = gathered()
    for number in range(PEOPLE):
        gatherer.add(play(1000 + number), person(number, "elsewhere"), "file.jsonl")
    corpus = gatherer.corpus()
    assert len({one.person for one in (*corpus.training, *corpus.kept)}) == 2 * PEOPLE
    assert {one.source for one in (*corpus.training, *corpus.kept)} == {"lab", "elsewhere"}


def test_only_what_is_made_up_throughout_is_synthetic(corpus: Corpus) -> None:
    assert not corpus.synthetic
    assert gathered("synthetic").corpus().synthetic
    mixed = gathered("synthetic")
    mixed.add(play(2000), person(1), "file.jsonl")
    assert not mixed.corpus().synthetic


@pytest.mark.parametrize("count", [0, 1, LEAST_ROWS])
def test_too_little_is_refused(count: int) -> None:
    gatherer = Gatherer()
    for number in range(count):
        gatherer.add(play(number), person(number), "file.jsonl")
    with pytest.raises(CorpusRefused, match=f"{count} usable sessions"):
        gatherer.corpus()


def test_a_live_dataset_begins_with_everybody_in_turn(corpus: Corpus) -> None:
    people = {(one.source, one.name): one.person for one in corpus.training}
    rows = initial_rows(corpus, 5, most=10)
    whose = [people[row.scope.removeprefix("import:"), row.session_id] for row in rows]
    assert len(set(whose[:7])) == 7
    assert whose[7:10] == whose[:3]
    first = rows[0]
    assert (first.received_at, first.catalogue_version, first.label, first.stratum) == (5, CATALOGUE_VERSION, "human", "targets/mouse")
    assert len(initial_rows(corpus, 5)) == len(corpus.training)
    assert initial_rows(corpus, 5) == initial_rows(gathered().corpus(), 5)
