"""Folds that hold out whole people and generators, and refits that never see what they judge."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playproof.errors import EvaluationRefused
from playproof.evaluation.corpora import Corpus, Record, read_corpus
from playproof.evaluation.outcomes import generator_of, person_of
from playproof.evaluation.protocols import Folds, refuse_fitted, split
from playproof.evaluation.provenance import fitted_on, overlap, provenance_of, standing_in
from playproof.evaluation.summary import Standing
from playproof.telemetry import Labels, Session
from playproof.testing import bot_session, human_session, labelled_lines

SESSION = human_session(np.random.default_rng(0), targets=2)


def record(labels: Labels, session: Session = SESSION) -> Record:
    return Record(session, labels)


def corpus_of(*records: Record) -> Corpus:
    return Corpus((), tuple(records))


@st.composite
def labelled(draw: st.DrawFn) -> list[Record]:
    people = draw(st.lists(st.tuples(st.sampled_from(["lab", "web"]), st.integers(0, 9)), min_size=1, max_size=60))
    bots = draw(st.lists(st.integers(0, 7), min_size=1, max_size=60))
    humans = [record(Labels("human", source, f"p{person}")) for source, person in people]
    return humans + [record(Labels("bot", "made", family=f"f{bot}", generator=f"g{bot // 2}")) for bot in bots]


@given(labelled(), st.integers(2, 5), st.integers(0, 3))
def test_every_person_and_generator_is_held_out_by_exactly_one_fold(records: list[Record], count: int, seed: int) -> None:
    people = {person_of(entry.labels) for entry in records if entry.labels.label == "human"}
    generators = {generator_of(entry.labels) for entry in records if entry.labels.label == "bot"}
    if min(len(people), len(generators)) < count:
        with pytest.raises(EvaluationRefused, match="need at least"):
            split(records, count, seed)
        return
    folds = split(records, count, seed)
    assert folds.people.keys() == people
    assert folds.generators.keys() == generators
    # No fold is without people or bots, so every refit is judged on both.
    assert set(folds.people.values()) == set(folds.generators.values()) == set(range(count))
    assert folds == split(records, count, seed)


def test_folds_come_out_even_and_spread_each_source() -> None:
    rng = np.random.default_rng(3)
    records = [record(Labels("human", "lab", f"p{person}")) for person in range(50) for _ in range(rng.integers(1, 8))]
    records += [record(Labels("human", "web", f"w{person}")) for person in range(10)]
    records += [record(Labels("bot", "made", generator=f"g{bot}")) for bot in range(20) for _ in range(10)]
    folds = split(records, 5, 1)
    sessions = Counter(folds.of(entry.labels) for entry in records if entry.labels.label == "human")
    assert max(sessions.values()) <= 1.3 * min(sessions.values())
    web = Counter(fold for person, fold in folds.people.items() if person.startswith("web/"))
    assert set(web.values()) == {2}
    assert set(Counter(folds.generators.values()).values()) == {4}


def test_another_seed_gives_other_folds() -> None:
    records = [record(Labels("human", "lab", f"p{person}")) for person in range(40)]
    records += [record(Labels("bot", "made", generator=f"g{bot}")) for bot in range(10)]
    assert split(records, 5, 1) != split(records, 5, 2)


def test_a_fold_knows_whom_it_holds_out() -> None:
    folds = Folds({"lab/ann": 1}, {"g": 0}, 2)
    assert folds.of(Labels("human", "lab", "ann")) == 1
    assert folds.of(Labels("bot", "lab", "ann", generator="g")) == 0


@pytest.fixture(scope="module")
def fitted() -> Corpus:
    rng = np.random.default_rng(1)
    people = [record(Labels("human", "lab", f"p{index % 3}", license="CC0-1.0"), human_session(rng, targets=2)) for index in range(6)]
    bots = [record(Labels("bot", "made", family="linear-web", generator="linear"), bot_session(rng, targets=2)) for _ in range(2)]
    return corpus_of(*people, *bots)


def stranger(seed: int, labels: Labels) -> Record:
    return record(labels, human_session(np.random.default_rng(seed), targets=2))


def test_the_provenance_survives_the_manifest(fitted: Corpus) -> None:
    provenance = provenance_of(fitted)
    manifest = msgspec.json.decode(msgspec.json.encode({"provenance": provenance}))
    assert fitted_on(manifest) == provenance
    assert fitted_on({}) is None
    assert [(source.name, source.label, source.sessions, source.people) for source in provenance.sources] == [
        ("linear", "bot", 2, 0),
        ("lab", "human", 6, 3),
    ]
    assert provenance.sources[1].licenses == ("CC0-1.0",)
    assert not any("p1" in person for person in provenance.people)


def test_a_session_is_known_again_under_other_labels_and_ids(fitted: Corpus) -> None:
    again = fitted.records[0]
    disguised = record(Labels("human", "elsewhere", "nobody"), replace(again.session, id="another"))
    found = overlap(corpus_of(disguised, stranger(9, Labels("human", "new", "x"))), provenance_of(fitted))
    assert (found.files, found.sessions, found.people) == ((), 1, 0)
    assert "1 of these sessions" in str(found)


def test_other_sessions_of_the_same_people_are_known(fitted: Corpus) -> None:
    corpus = corpus_of(stranger(9, Labels("human", "lab", "p1")), stranger(10, Labels("human", "web", "p1")))
    found = overlap(corpus, provenance_of(fitted))
    assert (found.sessions, found.people) == (0, 1)
    with pytest.raises(EvaluationRefused, match=r"other sessions of 1 of these people.*--in-sample"):
        refuse_fitted(corpus, provenance_of(fitted))


def test_strangers_are_judged_and_bots_are_no_reason_to_refuse(fitted: Corpus) -> None:
    bots = record(Labels("bot", "made", family="linear-web", generator="linear"), bot_session(np.random.default_rng(7), targets=2))
    refuse_fitted(corpus_of(bots, stranger(9, Labels("human", "new", "p1"))), provenance_of(fitted))


def test_a_model_that_does_not_say_is_refused() -> None:
    with pytest.raises(EvaluationRefused, match="does not say what it was fitted on"):
        refuse_fitted(corpus_of(record(Labels("human", "new", "x"))), None)


def test_the_same_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "people.jsonl"
    file.write_bytes(labelled_lines([(SESSION, Labels("human", "lab", "p1"))]))
    corpus = read_corpus([file])
    found = overlap(corpus, provenance_of(corpus))
    assert found.files == ("people.jsonl",)
    assert "people.jsonl itself" in str(found)


def test_what_a_model_knows_of_a_generator(fitted: Corpus) -> None:
    provenance = provenance_of(fitted)
    assert standing_in(provenance, "linear", "linear-web") is Standing.SEEN
    assert standing_in(provenance, "linear", "linear-os") is Standing.NEW_DRIVER
    assert standing_in(provenance, "bezier", "bezier") is Standing.UNSEEN
    assert standing_in(None, "linear", "linear-web") is Standing.UNKNOWN
