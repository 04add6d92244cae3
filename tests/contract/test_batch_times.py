"""What holds up others, and for how long at most: providers that ask for ages or fail for all, clocks, sessions that cannot be read."""

from __future__ import annotations

import asyncio

import pytest

from playproof.batch.queue import BURIED
from playproof.batch.scheduler import FRUITLESS, Processed
from playproof.errors import HostedReason
from playproof.patience import LONGEST_ASKED_SECONDS
from playproof.store import Store
from playproof.testing import FakeClock, session_record
from tests.batching import DAY, SECONDS, Provider, Worker, down, some

HOUR = 3600


@pytest.fixture
def provider(clock: FakeClock) -> Provider:
    return Provider(clock)


def process(worker: Worker) -> Processed:
    return asyncio.run(worker.scheduler.process())


def check(worker: Worker) -> Processed | None:
    return asyncio.run(worker.scheduler.check())


def test_who_was_put_off_for_long_waits_no_longer_than_others(store: Store, clock: FakeClock, provider: Provider) -> None:
    worker = Worker(store, clock, provider)
    worker.enqueue(*some(60))
    clock.advance(HOUR)
    provider.failure = down(HostedReason.RATE_LIMITED, LONGEST_ASKED_SECONDS)
    assert process(worker) == Processed(batches=1, sessions=50, postponed=50, stopped="paused")
    clock.advance(DAY.total_seconds() - HOUR)
    assert process(worker) == Processed(batches=1, sessions=60, final=60, stopped="paused")
    assert {worker.verdict(name).fallback_reason for name in some(60)} == {"rate_limited"}


def test_the_exhumed_wait_as_long_as_the_new(store: Store, clock: FakeClock, provider: Provider) -> None:
    worker = Worker(store, clock, provider)
    (number,) = worker.enqueue("grave")
    provider.poisonous = {number}
    while worker.verdict("grave").fallback_reason != BURIED:
        process(worker)
        clock.advance(HOUR)
    clock.advance(DAY.total_seconds())
    assert worker.queue.exhume() == 1
    provider.failure = down()
    assert process(worker).postponed == 1
    assert worker.verdict("grave").status == "preliminary"
    provider.failure, provider.poisonous = None, set()
    clock.advance(HOUR)
    assert process(worker).final == 1
    assert worker.verdict("grave").fallback_reason == "hosted_uncalibrated"


def test_a_clock_that_is_set_back_does_not_stop_the_schedule(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock)
    for _ in range(2 * HOUR // 30):
        check(worker)
        clock.advance(30)
    clock.advance(-HOUR)
    worker.enqueue(*some(10))
    looks = []
    for _ in range(4):
        looks.append(check(worker))
        clock.advance(30)
    assert [look.final for look in looks if look is not None][:1] == [10]
    assert looks[-1] is not None


def test_a_provider_that_fails_for_everybody_is_not_called_for_each(store: Store, clock: FakeClock, provider: Provider) -> None:
    worker = Worker(store, clock, provider)
    worker.enqueue(*some(200))
    provider.failure = down(HostedReason.EMPTY_RESPONSE)
    for ticks in range(1, 4):
        assert process(worker).stopped == "paused"
        assert len(provider.calls) == FRUITLESS * ticks
        clock.advance(30)
    provider.failure = None
    while worker.queue.backlog().queued:
        assert process(worker).batches
        clock.advance(300)
    assert worker.queue.backlog().buried < FRUITLESS * 3


def test_what_cannot_be_read_stops_no_run(store: Store, clock: FakeClock, provider: Provider) -> None:
    worker = Worker(store, clock, provider)
    worker.queue.enqueue(session_record("strange"), b"not JSON").result(SECONDS)
    clock.advance(1)
    worker.enqueue(*some(100))
    assert process(worker) == Processed(batches=3, sessions=101, final=100)
    assert sum(report.postponed.total() for report in worker.reports) == 0


def test_a_batch_of_which_each_session_failed_by_itself_has_failed(store: Store, clock: FakeClock, provider: Provider) -> None:
    worker = Worker(store, clock, provider)
    numbers = worker.enqueue(*some(10))
    provider.answers = dict.fromkeys(numbers, HostedReason.INVALID_SCORE)
    process(worker)
    assert [report.outcome for report in worker.reports] == ["invalid_score"]
    clock.advance(HOUR)
    del provider.answers[numbers[0]]
    process(worker)
    assert sorted(report.outcome for report in worker.reports[1:]) == [*["invalid_score"] * 9, "ok"]
