"""What a store promises of publications, whatever engine is below."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial

import msgspec
import pytest

from playproof.store import Awaiting, Dataset, Final, Live, PublicationRecord, PublicationRow, Store
from playproof.store.publication_tables import Unfinished
from playproof.testing import FakeClock, session_record

SECONDS = 60
NAME = "live"
LEASE = "publisher:live"
LONGEST = 1000.0

Open = Callable[..., Store]


@pytest.fixture
def reopen(reopen: Open) -> Open:
    """Open the store of this test, as another process would."""
    return partial(reopen, live=Live(NAME))


def boarded(store: Store, *names: str) -> list[PublicationRow]:
    """Sessions that await their score, as rows to publish."""
    held = Awaiting(assessment=b"{}", next_at=0, holder="p", held_until=0)
    futures = [store.put(msgspec.structs.replace(session_record(name), awaited=held)) for name in names]
    numbers = [future.result(SECONDS).number for future in futures]
    places = store.publications.rows_of_sessions(numbers)
    return [PublicationRow(places[number], number) for number in numbers]


def dataset_of(store: Store) -> Dataset:
    return store.live.ensure(NAME)[0]


def record(store: Store, name: str, *, target_id: str | None = None) -> PublicationRecord:
    dataset = dataset_of(store)
    return PublicationRecord(
        id=name,
        dataset=dataset.id,
        generation=dataset.generation,
        target_id=target_id,
        target_name=None if target_id else dataset.remote_name,
        model_id="mdl_1",
        model_version_id="mdlv_1",
        columns=("a", "b"),
    )


def lead(store: Store, holder: str = "p", *settled: str) -> list[Unfinished] | None:
    return store.publications.lead(dataset_of(store), LEASE, holder, 30.0, settled=settled, longest=LONGEST)


def finalise(store: Store, *numbers: int | None) -> None:
    finals = [
        Final(
            number=number,
            verdict=b"{}",
            decision="pass",
            anomaly_score=None,
            raw_score=None,
            source="woodwide",
            model_version="mdlv_1",
            eligible=True,
        )
        for number in numbers
        if number is not None
    ]
    assert all(store.awaited.finalise(finals))


def test_an_open_publication_is_told_with_its_rows_and_how_far_it_came(store: Store) -> None:
    rows = [*boarded(store, "a", "b"), PublicationRow(77, None)]
    planned = record(store, "one")
    store.publications.begin(planned, rows)
    assert lead(store) == [(planned, rows)]
    store.publications.announced("one", dataset_of(store), target_id=None, dataset_id="ds_1", version_id="dsv_1", job_id="job_1")
    store.publications.begun("one", "job_2")
    come = msgspec.structs.replace(planned, dataset_id="ds_1", version_id="dsv_1", job_id="job_1", batch_job_id="job_2")
    assert lead(store) == [(come, rows)]


def test_a_dataset_that_was_found_by_its_name_is_what_a_publication_goes_to(store: Store) -> None:
    planned = record(store, "one")
    store.publications.begin(planned, boarded(store, "a"))
    store.publications.announced("one", dataset_of(store), target_id="ds_1", dataset_id="ds_1", version_id="dsv_1", job_id="job_1")
    ((found, _),) = lead(store) or []
    assert (planned.target_id, planned.target_name) == (None, NAME)
    assert (found.target_id, found.target_name) == ("ds_1", None)


def test_the_features_of_its_rows_come_in_its_order(store: Store) -> None:
    first, second, third = boarded(store, "a", "b", "c")
    store.publications.begin(record(store, "one"), [third, first, second])
    store.erase("a")
    assert store.publications.vectors("one", "1") == [session_record("c").features, None, session_record("b").features]
    assert store.publications.vectors("one", "2") == [None] * 3


def test_one_at_a_time_publishes(store: Store, reopen: Open, clock: FakeClock) -> None:
    with closing(reopen(clock=clock)) as other:
        assert lead(store, "p") == []
        assert lead(other, "q") is None
        clock.advance(29)
        assert lead(store, "p") == []
        clock.advance(29)
        assert lead(other, "q") is None
        clock.advance(1)
        assert lead(other, "q") == []
        assert lead(store, "p") is None


def test_of_many_who_want_to_publish_one_does(store: Store, reopen: Open, clock: FakeClock) -> None:
    got: list[bool] = []
    start = threading.Barrier(4)

    def want(mine: Store, holder: str) -> None:
        start.wait(SECONDS)
        got.append(lead(mine, holder) is not None)

    with closing(reopen(clock=clock)) as other:
        threads = [threading.Thread(target=want, args=(mine, f"p{n}")) for n, mine in enumerate((store, other) * 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
    assert sorted(got) == [False, False, False, True]


def test_what_is_settled_over_or_too_old_is_not_open(store: Store, clock: FakeClock) -> None:
    for name in ("settled", "over", "old"):
        store.publications.begin(record(store, name), boarded(store, name))
    clock.advance(LONGEST)
    store.publications.begin(record(store, "young"), boarded(store, "young"))
    store.publications.over("over", "job_failed", dataset=dataset_of(store))
    clock.advance(1)
    found = lead(store, "p", "settled")
    assert found is not None
    assert [one.record.id for one in found] == ["young"]
    for name in ("settled", "over", "old"):
        assert store.publications.vectors(name, "1") == []
    store.publications.settle(["young"])
    assert lead(store) == []


def test_whose_sessions_all_have_their_verdicts_is_not_open(store: Store) -> None:
    first, second = boarded(store, "a", "b")
    store.publications.begin(record(store, "one"), [first, second])
    finalise(store, first.session_seq)
    assert lead(store) != []
    store.erase("b")
    assert lead(store) == []


def test_the_first_dataset_stands_for_it_until_it_is_lost(store: Store) -> None:
    for name in ("one", "two"):
        store.publications.begin(record(store, name), boarded(store, name))
        store.publications.announced(name, dataset_of(store), target_id=None, dataset_id=f"ds_{name}", version_id="dsv_1", job_id="job_1")
    dataset = dataset_of(store)
    assert (dataset.remote_id, dataset.remote_name) == ("ds_one", NAME)
    for name in ("one", "two"):
        store.publications.over(name, "not_found", dataset=dataset, lost_id="ds_one")
    lost = dataset_of(store)
    assert (lost.remote_id, lost.remote_name, lost.generation) == (None, f"{NAME}_2", 2)
    assert [(old.generation, old.remote_id, old.reason) for old in store.live.replaced(lost)] == [(1, "ds_one", "not_found")]
    # What was begun before the loss does not stand for what comes after it.
    store.publications.begin(record(store, "three"), boarded(store, "three"))
    store.publications.announced("three", dataset, target_id=None, dataset_id="ds_late", version_id="dsv_3", job_id="job_3")
    assert dataset_of(store).remote_id is None
    store.publications.announced("three", lost, target_id=None, dataset_id="ds_three", version_id="dsv_3", job_id="job_3")
    assert dataset_of(store).remote_id == "ds_three"
