"""What the live dataset promises, whatever engine is below."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial

import msgspec
import numpy as np
import pytest

from playproof.dataset import LiveDataset
from playproof.errors import DatasetNotFound
from playproof.features import CATALOGUE_VERSION, NAMES
from playproof.store import Awaiting, Final, ImportedRow, Live, SessionRecord, Store
from playproof.testing import FakeClock, session_record

SECONDS = 60
NAME = "live"
ROWS = 10

Open = Callable[..., Store]


@pytest.fixture
def reopen(reopen: Open) -> Open:
    """Open the store of this test, as another process would."""
    return partial(reopen, live=Live(NAME, ROWS))


@pytest.fixture
def dataset(store: Store) -> LiveDataset:
    return LiveDataset(store)


def vector(number: float) -> bytes:
    return np.full(len(NAMES), number, dtype="<f8").tobytes()


def row(name: str, *, origin: str = "corpus", value: float = 0.0, received_at: int = 0, scope: str = "import") -> ImportedRow:
    return ImportedRow(
        scope=scope,
        session_id=name,
        received_at=received_at,
        catalogue_version=CATALOGUE_VERSION,
        vector=vector(value),
        origin=origin,
        stratum="targets/mouse",
        label="human",
    )


def served(name: str, *, eligible: bool = True, awaiting: bool = False, origin: str = "site") -> SessionRecord:
    record = session_record(name)
    return msgspec.structs.replace(
        record,
        features=vector(1.0),
        catalogue_version=CATALOGUE_VERSION,
        origin=origin,
        stratum="targets/mouse",
        eligible=eligible,
        awaited=Awaiting(assessment=b"{}", next_at=0, holder="p", held_until=0) if awaiting else None,
    )


def final(number: int) -> Final:
    return Final(
        number=number,
        verdict=b"{}",
        decision="pass",
        anomaly_score=0.0,
        raw_score=0.0,
        source="woodwide",
        model_version="mv_1",
        eligible=True,
    )


def put(store: Store, *records: SessionRecord) -> None:
    for future in [store.put(record) for record in records]:
        future.result(SECONDS)


def names(dataset: LiveDataset) -> list[str]:
    return [row.session_id for row in dataset.window(NAME)]


def test_a_dataset_is_made_once_and_found_again(reopen: Open, store: Store, dataset: LiveDataset) -> None:
    first = dataset.ensure_persistent_dataset(NAME)
    assert (first.name, first.created) == (NAME, True)
    with closing(reopen()) as other:
        again = LiveDataset(other).ensure_persistent_dataset(NAME)
    assert (again.id, again.created) == (first.id, False)


def test_a_dataset_that_is_not_there_is_not_found(dataset: LiveDataset) -> None:
    with pytest.raises(DatasetNotFound, match="'other'"):
        dataset.window("other")


def test_every_session_becomes_a_row_with_what_was_said_of_it(store: Store, dataset: LiveDataset) -> None:
    record = served("a")
    put(store, record, record)
    (found,) = dataset.window(NAME)
    assert (found.scope, found.session_id, found.received_at) == (record.scope, "a", record.received_at)
    assert (found.catalogue_version, found.vector) == (CATALOGUE_VERSION, record.features)
    assert (found.scorer, found.decision, found.origin, found.stratum) == ("local", "pass", "site", "targets/mouse")
    assert (found.label, found.eligible, found.awaiting, found.reference) == (None, True, False, False)
    stored = store.get(record.scope, "a")
    assert stored is not None
    assert msgspec.structs.asdict(stored) == {**msgspec.structs.asdict(record), "awaiting": False}


def test_appending_twice_appends_once(reopen: Open, store: Store, dataset: LiveDataset) -> None:
    rows = [row("a"), row("b"), row("a"), row("a", scope="another")]
    assert dataset.append_to_dataset(NAME, rows) == 3
    with closing(reopen()) as other:
        assert LiveDataset(other).append_to_dataset(NAME, [*rows, row("c")]) == 1
    assert [(one.scope, one.session_id) for one in dataset.window(NAME)] == [
        ("import", "a"),
        ("import", "b"),
        ("another", "a"),
        ("import", "c"),
    ]


def test_a_served_session_is_not_appended_again(store: Store, dataset: LiveDataset) -> None:
    put(store, served("a"))
    assert dataset.append_to_dataset(NAME, [row("a", scope="open"), row("a")]) == 1


def test_appended_rows_are_never_eligible(dataset: LiveDataset) -> None:
    dataset.append_to_dataset(NAME, [row("a")])
    assert [one.session_id for one in dataset.window(NAME)] == ["a"]
    assert dataset.window(NAME, eligible=True) == []


def test_datasets_do_not_meet(dataset: LiveDataset) -> None:
    dataset.append_to_dataset(NAME, [row("a")])
    assert dataset.append_to_dataset("other", [row("a"), row("b")]) == 2
    assert names(dataset) == ["a"]
    assert dataset.cleanup_dataset("other", 1) == 1
    assert names(dataset) == ["a"]


def test_cleanup_keeps_the_last_rows_and_those_awaiting_their_result(store: Store, dataset: LiveDataset) -> None:
    put(store, *(served(f"s{n}", awaiting=n == 1) for n in range(6)))
    assert dataset.cleanup_dataset(NAME, 6) == 0
    assert dataset.cleanup_dataset(NAME, 3) == 2
    assert names(dataset) == ["s1", "s3", "s4", "s5"]
    assert dataset.cleanup_dataset(NAME, 3) == 0
    (waiting,) = store.awaited.claim("p", 30.0, 10)
    assert waiting.session_id == "s1"
    assert store.awaited.finalise([final(waiting.number)]) == [True]
    assert names(dataset) == ["s3", "s4", "s5"]
    assert dataset.status(NAME).counts.rows == 6


def test_a_window_has_a_row(dataset: LiveDataset) -> None:
    with pytest.raises(ValueError, match="1 row or more"):
        dataset.cleanup_dataset(NAME, 0)


def test_the_window_is_cut_while_sessions_come(store: Store, dataset: LiveDataset) -> None:
    for n in range(5 * ROWS):
        put(store, served(f"s{n}"))
        assert len(dataset.window(NAME)) <= ROWS + ROWS // 10
    assert names(dataset)[-1] == f"s{5 * ROWS - 1}"
    assert dataset.status(NAME).counts.rows == 5 * ROWS


def test_an_appended_crowd_is_cut_at_once(dataset: LiveDataset) -> None:
    assert dataset.append_to_dataset(NAME, [row(f"a{n}") for n in range(1200)], max_rows=7) == 1200
    assert names(dataset) == [f"a{n}" for n in range(1193, 1200)]


def test_erasing_a_session_removes_its_row(store: Store, dataset: LiveDataset) -> None:
    put(store, served("a"), served("b"))
    dataset.append_to_dataset(NAME, [row("a"), row("c")])
    assert store.erase("a") == 2
    assert names(dataset) == ["b", "c"]
    assert store.erase("c", "another") == 0
    assert store.erase("c", "import") == 1
    assert names(dataset) == ["b"]


def test_rows_have_their_time_and_those_it_began_with_stay(store: Store, dataset: LiveDataset, clock: FakeClock) -> None:
    dataset.ensure_persistent_dataset(NAME, [row("first")])
    dataset.append_to_dataset(NAME, [row("old"), row("new", received_at=int(clock.now().timestamp() * 1000))])
    store.purge(clock.now(), timedelta(days=7), timedelta(days=90))
    assert names(dataset) == ["first", "new"]


def test_a_dataset_begins_with_its_first_initial_rows(store: Store, dataset: LiveDataset) -> None:
    put(store, served("before"))
    assert dataset.ensure_persistent_dataset(NAME, [row("a"), row("b")]).initial == 2
    assert dataset.ensure_persistent_dataset(NAME, [row("c")]).initial == 0
    assert [(one.session_id, one.reference) for one in dataset.window(NAME)] == [("before", False), ("a", True), ("b", True)]


def test_company_is_half_reference_half_new_traffic(store: Store, dataset: LiveDataset) -> None:
    dataset.ensure_persistent_dataset(NAME, [row(f"r{n}", value=n) for n in range(8)])
    put(store, *(served(f"s{n}", origin=f"o{n % 3}", eligible=n != 4) for n in range(5)))
    company = dataset.company(NAME, 8)
    numbers, features = dataset.company_rows(NAME, 8)
    assert numbers == (*company.reference, *company.newest)
    by_number = {one.seq: one.session_id for one in dataset.window(NAME)}
    assert [by_number[n] for n in company.newest] == ["s3", "s2", "s1"]
    assert features[:, 0].tolist() == [0, 1, 2, 3, 4, 1, 1, 1]


def test_a_dataset_without_rows_has_no_company(dataset: LiveDataset) -> None:
    dataset.ensure_persistent_dataset(NAME)
    numbers, features = dataset.company_rows(NAME, 8)
    assert (numbers, features.shape) == ((), (0, len(NAMES)))
