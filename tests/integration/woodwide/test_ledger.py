"""Publishing out of a store: what is sent, whose it is, and what outlives a process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from sqlalchemy import func, select

from playproof.dataset import LiveDataset
from playproof.errors import HostedError, HostedReason
from playproof.features import CATALOGUE_VERSION
from playproof.store import Awaiting, Final, ImportedRow, Live, Store, open_store
from playproof.store.tables import publication, publication_row
from playproof.testing import FakeClock, session_record
from playproof.woodwide.caller import Caller
from playproof.woodwide.flights import Passenger
from playproof.woodwide.ledger import LEASE_SECONDS, LONGEST_SECONDS, StoredLedger
from playproof.woodwide.mapping import Answer, RawScore, csv_file
from playproof.woodwide.model import HostedModel
from playproof.woodwide.publishing import Publishing
from tests.emulating import Running, running_emulator
from tests.hosting import COLUMNS, Site, rows, trained

NAME = "movement_live_inference"
SECONDS = 60
WINDOW = 40


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Running, HostedModel]]:
    with running_emulator() as running:
        _, training = Site(running).run(trained)
        yield running, HostedModel(training.model_id, training.version_id, COLUMNS)


@pytest.fixture
def emulator(shared: tuple[Running, HostedModel]) -> Iterator[Running]:
    """One without datasets of the live name."""
    running = shared[0]
    yield running
    running.heal()
    for dataset in named(running, NAME):
        running.service.do(partial(running.service.datasets.archive, dataset))


@pytest.fixture
def model(shared: tuple[Running, HostedModel]) -> HostedModel:
    return shared[1]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def reopen(tmp_path: Path, clock: FakeClock) -> Callable[[], Store]:
    """Open the store of this test, as another process would."""
    return partial(open_store, tmp_path / "data", live=Live(NAME, WINDOW), clock=clock)


@pytest.fixture
def store(reopen: Callable[[], Store]) -> Iterator[Store]:
    with closing(reopen()) as store:
        yield store


def named(running: Running, start: str) -> list[str]:
    """The ids of the datasets whose name begins so."""
    found, _ = running.service.do(lambda: running.service.datasets.find(start, 200, None, archived=False))
    return [dataset.id for dataset in found if dataset.name.startswith(start)]


def boarding(store: Store, count: int, seed: int) -> list[Passenger[int]]:
    """Sessions in the store that await their score."""
    passengers = []
    for number, row in enumerate(rows(count, seed)):
        record = msgspec.structs.replace(
            session_record(f"{seed}-{number}"),
            features=row.astype("<f8").tobytes(),
            catalogue_version=CATALOGUE_VERSION,
            origin=f"{seed}-{number}",
            awaited=Awaiting(assessment=b"{}", next_at=0, holder="p", held_until=0),
        )
        passengers.append(Passenger(store.put(record).result(SECONDS).number, row))
    return passengers


def company(store: Store, count: int, seed: int, *, origin: str = "") -> None:
    """Sessions that may keep others company."""
    futures = [
        store.put(
            msgspec.structs.replace(
                session_record(f"company-{seed}-{number}"),
                features=row.astype("<f8").tobytes(),
                catalogue_version=CATALOGUE_VERSION,
                origin=origin or f"site-{number}",
                eligible=True,
            )
        )
        for number, row in enumerate(rows(count, seed))
    ]
    for future in futures:
        future.result(SECONDS)


def finalise(store: Store, answers: Mapping[int, Answer]) -> list[bool]:
    return store.awaited.finalise(
        [
            Final(
                number=number,
                verdict=b"{}",
                decision="pass",
                anomaly_score=None,
                raw_score=answer.raw,
                source="woodwide",
                model_version=answer.version_id,
                eligible=True,
            )
            for number, answer in answers.items()
            if isinstance(answer, RawScore)
        ]
    )


async def inline(passengers: Sequence[Passenger[int]]) -> Mapping[int, Answer]:
    return {passenger.key: RawScore(-1.0, None, "inline") for passenger in passengers}


def ledger_of(store: Store, holder: str = "p") -> StoredLedger:
    return StoredLedger(store, NAME, max_rows=WINDOW, holder=holder)


def fly(site: Site, model: HostedModel, ledger: StoredLedger, passengers: Sequence[Passenger[int]]) -> Mapping[int, Answer]:
    return site.run(lambda woodwide: Publishing(woodwide, model, ledger, inline, patience=60.0)(passengers))


def raw(answers: Mapping[int, Answer]) -> dict[int, float]:
    return {number: answer.raw for number, answer in answers.items() if isinstance(answer, RawScore)}


def alone(site: Site, model: HostedModel, passengers: Sequence[Passenger[int]]) -> dict[int, Any]:
    """The score that each should have, asked for by another way."""
    file = csv_file(np.vstack([one.row for one in passengers]), COLUMNS)
    found = site.run(lambda woodwide: woodwide.inference.at_once(model.model_id, model.version_id, file)).raw.tolist()
    return {one.key: pytest.approx(score) for one, score in zip(passengers, found, strict=True)}


def versions(emulator: Running) -> list[int]:
    """The rows of each version of the one live dataset, the newest first; 0 where nothing was sent."""
    (dataset,) = named(emulator, NAME)
    return [version.row_count or 0 for version in emulator.service.do(lambda: emulator.service.datasets.versions(dataset))]


def publications(store: Store) -> list[tuple[str, str | None, int]]:
    """State and reason of every publication, the oldest first, and how many rows are remembered of it."""
    kept = select(func.count()).where(publication_row.c.publication == publication.c.id).scalar_subquery()
    found = select(publication.c.state, publication.c.reason, kept).order_by(publication.c.created_at, publication.c.id)
    return store.publications._read(lambda connection: [tuple(row) for row in connection.execute(found)])


def test_sessions_are_published_with_their_company_and_get_their_own_scores(emulator: Running, model: HostedModel, store: Store) -> None:
    site, ledger = Site(emulator), ledger_of(store)
    company(store, 60, 3)
    first, second = boarding(store, 5, 1), boarding(store, 7, 2)
    assert raw(fly(site, model, ledger, first)) == alone(site, model, first)
    assert raw(fly(site, model, ledger, second)) == alone(site, model, second)
    # Half of the window is for rows the dataset began with, of which it has none.
    assert versions(emulator) == [7 + (WINDOW - 7) // 2, 5 + (WINDOW - 5) // 2]
    dataset = store.live.find(NAME)
    assert dataset is not None
    assert named(emulator, NAME) == [dataset.remote_id]


def test_company_is_half_reference_and_no_flood_of_one_origin(emulator: Running, model: HostedModel, store: Store) -> None:
    corpus = [
        ImportedRow(
            scope="corpus", session_id=f"r{n}", received_at=0, catalogue_version=CATALOGUE_VERSION, vector=row.astype("<f8").tobytes(),
            origin="corpus", stratum="targets/mouse",
        )
        for n, row in enumerate(rows(100, 4))
    ]  # fmt: skip
    LiveDataset(store).ensure_persistent_dataset(NAME, corpus)
    company(store, 30, 5, origin="one bot farm")
    company(store, 3, 6)
    passengers = boarding(store, 4, 1)
    plans = asyncio.run(ledger_of(store).plans(passengers, model))
    assert plans is not None
    (plan,) = plans
    assert plan.publication.keys[:5] == (*(one.key for one in passengers), None)
    assert len(plan.publication.keys) == WINDOW
    with_dataset = store.live.find(NAME)
    assert with_dataset is not None
    (unfinished,) = store.publications.lead(with_dataset, "other", "p", 1.0, settled=(), longest=LONGEST_SECONDS) or []
    found = store.live.by_number([row.live_seq for row in unfinished.rows[4:]])
    assert sum(row.origin == "one bot farm" for row in found) == 1
    assert sum(row.origin.startswith("site-") for row in found) == 3
    assert sum(row.reference for row in found) == WINDOW - 4 - 4


def test_what_is_sent_does_not_grow_with_the_dataset(emulator: Running, model: HostedModel, store: Store) -> None:
    site, ledger = Site(emulator), ledger_of(store)
    sent: list[int] = []
    for more in (100, 900, 9_000):
        company(store, more, more)
        site.reports.clear()
        answers = fly(site, model, ledger, boarding(store, 5, 1 + len(sent)))
        assert len(finalise(store, answers)) == 5
        sent.append(sum(report.sent for report in site.reports))
    assert max(sent) < 1.02 * min(sent)


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", range(1, 8))
def test_what_a_dead_process_published_is_carried_on(
    emulator: Running,
    model: HostedModel,
    store: Store,
    reopen: Callable[[], Store],
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    call: int,
    after: bool,
) -> None:
    passengers = boarding(store, 5, 1)
    expected = alone(Site(emulator), model, passengers)
    repeat, calls = Caller._repeat, 0

    async def deadly(caller: Caller, *given: Any) -> Any:
        nonlocal calls
        calls += 1
        fatal = calls == call
        if fatal and not after:
            raise Killed
        answer = await repeat(caller, *given)
        if fatal:
            raise Killed
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(Caller, "_repeat", deadly)
        with pytest.raises(Killed):
            fly(Site(emulator), model, ledger_of(store, "dead"), passengers)
    with closing(reopen()) as other:
        ledger = ledger_of(other, "alive")
        assert set(raw(fly(Site(emulator), model, ledger, passengers)).values()) == {-1.0}
        clock.advance(LEASE_SECONDS)
        answers = fly(Site(emulator), model, ledger, passengers)
        assert raw(answers) == expected
        assert all(finalise(other, answers))
        asyncio.run(ledger.release())
        assert publications(other) == [("settled", None, 0)]
    assert [count for count in versions(emulator) if count] == [5]
    dataset = store.live.find(NAME)
    assert dataset is not None
    assert dataset.remote_id == named(emulator, NAME)[0]


def test_answers_that_did_not_reach_the_disk_are_fetched_again(
    emulator: Running, model: HostedModel, store: Store, clock: FakeClock
) -> None:
    passengers = boarding(store, 5, 1)
    first = fly(Site(emulator), model, ledger_of(store, "dead"), passengers)
    clock.advance(LEASE_SECONDS)
    site = Site(emulator)
    assert raw(fly(site, model, ledger_of(store, "alive"), passengers)) == raw(first)
    assert {report.call for report in site.reports} == {"jobs.retrieve", "jobs.retrieve_result_rows"}


def test_a_publication_nobody_waits_for_is_not_carried_on(emulator: Running, model: HostedModel, store: Store, clock: FakeClock) -> None:
    passengers = boarding(store, 2, 1)
    answers = fly(Site(emulator), model, ledger_of(store, "dead"), passengers)
    assert all(finalise(store, answers))
    clock.advance(LEASE_SECONDS)
    fly(Site(emulator), model, ledger_of(store, "alive"), boarding(store, 3, 2))
    assert [state for state, _, _ in publications(store)] == ["settled", "open"]


def test_a_publication_is_not_carried_on_for_ever(emulator: Running, model: HostedModel, store: Store, clock: FakeClock) -> None:
    emulator.fault("job_stuck", "models.infer_batch", times=1)
    ledger, passengers = ledger_of(store), boarding(store, 2, 1)
    for _ in range(2):
        with pytest.raises(HostedError) as caught:
            fly(Site(emulator), model, ledger, passengers)
        assert caught.value.reason is HostedReason.JOB_TIMEOUT
    clock.advance(LONGEST_SECONDS + 1)
    assert raw(fly(Site(emulator), model, ledger, passengers)) == alone(Site(emulator), model, passengers)
    assert [(state, reason) for state, reason, _ in publications(store)] == [("over", "job_timeout"), ("open", None)]


def test_a_lost_dataset_is_replaced_once_and_that_is_recorded(emulator: Running, model: HostedModel, store: Store) -> None:
    site, ledger = Site(emulator), ledger_of(store)
    fly(site, model, ledger, boarding(store, 2, 1))
    (lost,) = named(emulator, NAME)
    emulator.service.do(lambda: emulator.service.datasets.archive(lost))
    passengers = boarding(store, 3, 2)
    assert set(raw(fly(site, model, ledger, passengers)).values()) == {-1.0}
    for seed in (3, 4):
        passengers = boarding(store, 3, seed)
        assert raw(fly(site, model, ledger, passengers)) == alone(site, model, passengers)
    dataset = store.live.find(NAME)
    assert dataset is not None
    assert named(emulator, NAME) == [dataset.remote_id]
    assert dataset.remote_name == f"{NAME}_2"
    assert [(old.remote_id, old.reason) for old in store.live.replaced(dataset)] == [(lost, "not_found")]


def test_who_is_erased_is_not_sent(emulator: Running, model: HostedModel, store: Store) -> None:
    site, ledger = Site(emulator), ledger_of(store)
    company(store, 4, 3)
    gone, *others = boarding(store, 3, 1)
    store.erase("1-0")
    assert set(raw(fly(site, model, ledger, [gone, *others]))) == {one.key for one in others}
    assert fly(site, model, ledger, [gone]) == {}
    emulator.fault("rate_limited", "datasets.create", times=1, seconds=3600)
    passengers = boarding(store, 2, 2)
    with pytest.raises(HostedError):
        fly(site, model, ledger, passengers)
    store.erase("company-3-0")
    (plan,) = asyncio.run(ledger.plans(passengers, model)) or []
    sent = asyncio.run(ledger.rows(plan))
    assert np.isnan(sent).all(axis=1).sum() == 1
    assert raw(fly(site, model, ledger, passengers)) == alone(site, model, passengers)


def test_who_publishes_keeps_others_out_until_it_is_released(emulator: Running, model: HostedModel, store: Store, clock: FakeClock) -> None:
    site = Site(emulator)
    passengers = boarding(store, 2, 1)
    renewed = 0

    async def sleep(seconds: float) -> None:
        nonlocal renewed
        renewed += 1
        if renewed > 6:
            raise asyncio.CancelledError
        clock.advance(seconds)

    one = StoredLedger(store, NAME, max_rows=WINDOW, holder="one", sleep=sleep)
    two = ledger_of(store, "two")
    assert raw(fly(site, model, one, passengers)) == alone(site, model, passengers)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(one.hold())
    assert asyncio.run(two.plans(passengers, model)) is None
    asyncio.run(one.release())
    assert asyncio.run(two.plans(boarding(store, 2, 2), model)) is not None
    assert [state for state, _, _ in publications(store)] == ["settled", "open"]


def test_retention_takes_closed_publications(emulator: Running, model: HostedModel, store: Store, clock: FakeClock) -> None:
    ledger = ledger_of(store)
    fly(Site(emulator), model, ledger, boarding(store, 2, 1))
    asyncio.run(ledger.release())
    fly(Site(emulator), model, ledger, boarding(store, 2, 2))
    clock.advance(100)
    store.purge(clock.now(), timedelta(seconds=50), timedelta(seconds=50))
    assert publications(store) == [("open", None, 2)]
