"""What becomes of queued sessions from their preliminary verdict to the final one, whatever engine is below."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from playproof.batch.queue import BURIED, FULL
from playproof.batch.retry import FIRST_SECONDS
from playproof.batch.scheduler import CLEARED, Cleared, Processed
from playproof.dataset import Channel
from playproof.decision import Judge
from playproof.errors import HostedReason, QueueFull
from playproof.store import Backlog, Store
from playproof.testing import FakeClock, session_record
from playproof.woodwide.mapping import RawScore
from tests.batching import DAY, SECONDS, Provider, Worker, down, plays, some

Open = Callable[..., Store]


@pytest.fixture
def provider(clock: FakeClock) -> Provider:
    return Provider(clock)


def process(worker: Worker, most: int | None = None) -> Processed:
    return asyncio.run(worker.scheduler.process(most))


def check(worker: Worker) -> Processed | None:
    return asyncio.run(worker.scheduler.check())


def test_a_queued_session_is_preliminary_until_a_batch_makes_it_final(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock)
    alone = worker.judge.judge(plays()[0], "s0000").verdict
    submission = worker.submit("s0000")
    assert submission.queued
    assert submission.question(1) is None
    outcome = submission.outcome.result(SECONDS)
    first = worker.verdict("s0000")
    assert (outcome.status, first.status, first.revision, first.anomaly) == ("stored", "preliminary", 1, submission.judged.verdict.anomaly)
    clock.advance(5)
    assert process(worker) == Processed(batches=1, sessions=1, final=1)
    final = worker.verdict("s0000")
    assert (final.status, final.revision, final.fallback_reason, final.earlier_decision) == ("final", 2, None, first.decision)
    assert (final.anomaly, final.decision, final.reasons) == (first.anomaly, first.decision, first.reasons)
    assert final.latency_ms == pytest.approx(5000.0)
    assert store.outbox.counts().waiting == 1
    assert alone.policy == final.policy


def test_results_come_to_their_sessions(store: Store, clock: FakeClock, provider: Provider) -> None:
    worker = Worker(store, clock, provider)
    numbers = worker.enqueue(*some(30))
    provider.answers = {number: RawScore(float(number), None, "mv_1") for number in numbers}
    assert process(worker).final == 30
    opinions = [worker.verdict(name).hosted for name in some(30)]
    assert [opinion.raw_score if opinion else None for opinion in opinions] == [float(number) for number in numbers]


def test_what_cannot_be_asked_about_is_answered_here(store: Store, clock: FakeClock, provider: Provider) -> None:
    worker = Worker(store, clock, provider)
    keyboard = replace(plays()[0], id="keys", device_type="keyboard")
    worker.service.submit(keyboard, channel=Channel.API, use_batch=True).outcome.result(SECONDS)
    assert process(worker).final == 1
    assert provider.calls == []
    assert worker.verdict("keys").status == "final"


@pytest.mark.parametrize("where", [0, 24, 25, 49])
def test_one_poisonous_session_takes_none_with_it(store: Store, clock: FakeClock, provider: Provider, where: int) -> None:
    worker = Worker(store, clock, provider)
    numbers = worker.enqueue(*some(50))
    provider.poisonous = {numbers[where]}
    done = process(worker)
    assert (done.final, done.buried) == (50, 1)
    assert len(provider.calls) <= 2 * math.log2(50) + 2
    poisonous = worker.verdict(some(50)[where])
    assert (poisonous.status, poisonous.fallback_reason, poisonous.hosted) == ("final", BURIED, None)
    assert sum(worker.verdict(name).hosted is not None for name in some(50)) == 49
    (grave,) = worker.queue.buried()
    assert (grave.session_id, grave.reason) == (some(50)[where], "refused")
    assert "422: will not do" in str(grave.error)
    assert store.outbox.counts().waiting == 50


def test_a_lonely_session_has_its_attempts(store: Store, clock: FakeClock, provider: Provider) -> None:
    worker = Worker(store, clock, provider, random=lambda count: b"\xff" * count)
    (number,) = worker.enqueue("s")
    provider.poisonous = {number}
    attempts = 0
    while worker.verdict("s").status == "preliminary":
        process(worker)
        clock.advance(400)
        attempts += 1
    assert (attempts, len(provider.calls)) == (5, 5)
    assert [int(report.retried.total()) for report in worker.reports] == [1, 1, 1, 1, 0]


def test_an_answer_of_its_own_is_that_session_s_alone(store: Store, clock: FakeClock, provider: Provider) -> None:
    worker = Worker(store, clock, provider)
    numbers = worker.enqueue(*some(10))
    provider.answers = {numbers[3]: HostedReason.INVALID_SCORE, numbers[4]: HostedReason.TIMEOUT}
    assert process(worker) == Processed(batches=1, sessions=10, final=8, retried=1, postponed=1, stopped="paused")
    place = worker.queue.place("open", "s0003")
    assert place is not None
    assert (place.state, place.attempts, place.reason) == ("queued", 1, "invalid_score")


def test_the_exhumed_are_preliminary_until_they_are_scored(store: Store, clock: FakeClock, provider: Provider) -> None:
    worker = Worker(store, clock, provider)
    numbers = worker.enqueue(*some(3))
    provider.poisonous = set(numbers)
    while process(worker).batches:
        clock.advance(400)
    assert worker.queue.backlog().buried == 3
    provider.poisonous = set()
    assert worker.queue.exhume("open", "nobody") == 0
    assert worker.queue.exhume("open", "s0001") == 1
    before = worker.verdict("s0001")
    assert (before.status, before.revision, before.fallback_reason) == ("preliminary", 3, None)
    told = store.outbox.counts().waiting
    assert worker.queue.exhume() == 2
    assert store.outbox.counts().waiting == told
    assert process(worker).final == 3
    after = worker.verdict("s0001")
    assert (after.status, after.revision, after.earlier_decision) == ("final", 4, before.decision)
    assert after.hosted is not None
    assert store.outbox.counts().waiting == told + 3


def test_a_provider_that_is_down_for_an_hour_loses_nothing(
    store: Store, reopen: Open, clock: FakeClock, provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(reopen(clock=clock)) as second:
        workers = [Worker(store, clock, provider, name="p"), Worker(second, clock, provider, name="q")]
        workers[0].enqueue(*some(400))
        provider.failure = down()
        for _ in range(120):
            for worker in workers:
                check(worker)
            clock.advance(30)
        gone = len(provider.calls)
        assert workers[0].queue.backlog() == Backlog(400, 0, 0, 0, workers[0].queue.backlog().oldest_enqueued_at)
        assert {worker.verdict(name).status for worker in workers for name in some(400)} == {"preliminary"}
        assert max(provider.per_minute()) <= 2
        # One in three ticks at first, then about one in five minutes.
        assert 8 <= gone <= 60
        provider.failure = None
        provider.takes = 2.0
        back = clock.monotonic()
        for _ in range(40):
            for worker in workers:
                check(worker)
            clock.advance(30)
        backlog = workers[0].queue.backlog()
        assert (backlog.settled, backlog.buried, backlog.queued) == (400, 0, 0)
        assert {workers[0].verdict(name).revision for name in some(400)} == {2}
        # One call after another, each of a whole batch.
        assert [sessions for at, sessions in provider.calls if at >= back] == [50] * 8
        assert max(provider.per_minute(back)) <= 60 / provider.takes
        assert {report.retried.total() for worker in workers for report in worker.reports} == {0}
    with capsys.disabled():
        print(f"\ncalls a minute while out: {provider.per_minute(0, back)}; afterwards: {provider.per_minute(back)}")  # noqa: T201


def test_retry_after_is_respected_by_all(store: Store, reopen: Open, clock: FakeClock, provider: Provider) -> None:
    with closing(reopen(clock=clock)) as second:
        workers = [Worker(store, clock, provider, name="p"), Worker(second, clock, provider, name="q")]
        workers[0].enqueue(*some(100))
        provider.failure = down(HostedReason.RATE_LIMITED, 120.0)
        assert process(workers[0]) == Processed(batches=1, sessions=50, postponed=50, stopped="paused")
        assert process(workers[1]) == Processed(stopped="paused")
        clock.advance(119.9)
        assert process(workers[1]).batches == 0
        provider.failure = None
        clock.advance(0.1 + FIRST_SECONDS)
        assert process(workers[1]).final == 100


def test_nobody_waits_for_a_provider_for_ever(store: Store, clock: FakeClock, provider: Provider) -> None:
    worker = Worker(store, clock, provider)
    worker.enqueue(*some(60))
    provider.failure = down(HostedReason.CREDITS_EXHAUSTED, 2 * DAY.total_seconds())
    process(worker)
    clock.advance(DAY.total_seconds() - 1)
    worker.enqueue("young")
    assert process(worker).final == 0
    clock.advance(1)
    assert process(worker) == Processed(batches=1, sessions=60, final=60, stopped="paused")
    verdict = worker.verdict("s0055")
    assert (verdict.status, verdict.fallback_reason, verdict.revision) == ("final", "credits_exhausted", 2)
    assert worker.verdict("young").status == "preliminary"


def test_a_full_queue_takes_no_more_and_says_so(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock, most=12)
    worker.enqueue(*some(12))
    submission = worker.submit("one-too-many")
    assert isinstance(submission.refused, QueueFull)
    assert not submission.queued
    assert submission.outcome.result(SECONDS).status == "stored"
    verdict = worker.verdict("one-too-many")
    assert (verdict.status, verdict.fallback_reason, verdict.revision) == ("final", FULL, 1)
    assert submission.refused.verdict == submission.body
    assert submission.refused.retry_after > 0
    assert worker.queue.backlog().queued == 12
    process(worker)
    clock.advance(2)
    assert worker.submit("later").queued


def test_a_queue_can_be_cleared(store: Store, clock: FakeClock, provider: Provider) -> None:
    worker = Worker(store, clock, provider)
    numbers = worker.enqueue(*some(20))
    provider.poisonous = {numbers[0]}
    process(worker)
    worker.enqueue(*some(20, "t"))
    provider.failure = down()
    process(worker)
    assert asyncio.run(worker.scheduler.clear()) == Cleared(sessions=20, forgotten=1)
    assert {worker.verdict(name).fallback_reason for name in some(20, "t")} == {CLEARED}
    assert (worker.queue.backlog().queued, worker.queue.backlog().buried) == (0, 0)
    assert asyncio.run(worker.scheduler.clear()) == Cleared(sessions=0, forgotten=0)


def test_the_scheduler_looks_once_a_tick_and_takes_whole_batches(store: Store, reopen: Open, clock: FakeClock) -> None:
    with closing(reopen(clock=clock)) as second:
        one, two = Worker(store, clock, name="p"), Worker(second, clock, name="q")
        one.enqueue(*some(9))
        assert check(one) == Processed()
        assert check(two) is None
        one.enqueue("tenth")
        assert check(two) is None
        clock.advance(30)
        assert check(two) == Processed(batches=1, sessions=10, final=10)
        assert check(one) is None


def test_the_switch_is_obeyed_by_all_and_starting_twice_is_no_error(store: Store, reopen: Open, clock: FakeClock) -> None:
    with closing(reopen(clock=clock)) as second:
        one, two = Worker(store, clock, name="p"), Worker(second, clock, name="q", on=False)
        assert asyncio.run(one.scheduler.start()) is False
        assert asyncio.run(one.scheduler.stop()) is True
        assert asyncio.run(two.scheduler.stop()) is False
        two.enqueue(*some(20))
        assert check(one) is None
        assert (asyncio.run(two.scheduler.status()).running, asyncio.run(one.scheduler.status()).running) == (False, False)
        assert process(one, 1).final == 20
        assert asyncio.run(two.scheduler.start()) is True
        clock.advance(30)
        assert check(one) == Processed()


def test_a_scheduler_that_is_stopped_finishes_its_batch_and_forms_no_other(store: Store, clock: FakeClock, provider: Provider) -> None:
    worker = Worker(store, clock, provider)
    worker.enqueue(*some(150))

    class Stopping(Provider):
        async def __call__(self, passengers):  # type: ignore[no-untyped-def]
            await worker.scheduler.stop()
            return await super().__call__(passengers)

    worker = Worker(store, clock, Stopping(clock))
    assert check(worker) == Processed(batches=1, sessions=50, final=50, stopped="off")


def test_what_another_process_works_at_is_left_to_it(store: Store, reopen: Open, clock: FakeClock, provider: Provider) -> None:
    class Slow(Provider):
        async def __call__(self, passengers):  # type: ignore[no-untyped-def]
            inside.append(await other.scheduler.process())
            return await super().__call__(passengers)

    inside: list[Processed] = []
    with closing(reopen(clock=clock)) as second:
        worker, other = Worker(store, clock, Slow(clock), name="p"), Worker(second, clock, provider, name="q")
        worker.enqueue(*some(60))
        assert process(worker) == Processed(batches=1, sessions=50, final=50)
        assert inside == [Processed(batches=1, sessions=10, final=10)]


def test_a_slow_process_that_was_taken_for_dead_changes_nothing(store: Store, reopen: Open, clock: FakeClock, provider: Provider) -> None:
    class Stuck(Provider):
        async def __call__(self, passengers):  # type: ignore[no-untyped-def]
            clock.advance(120)
            inside.append(await other.scheduler.process())
            return {passenger.key: RawScore(-1.0, None, "stale") for passenger in passengers}

    inside: list[Processed] = []
    with closing(reopen(clock=clock)) as second:
        worker, other = Worker(store, clock, Stuck(clock), name="p"), Worker(second, clock, provider, name="q")
        worker.enqueue(*some(12))
        assert process(worker, 1).final == 0
        assert inside == [Processed(batches=1, sessions=12, final=12)]
        assert worker.reports[0].lost == 12
        opinions = [worker.verdict(name).hosted for name in some(12)]
        assert {opinion.model_version if opinion else None for opinion in opinions} == {"mv_1"}
        assert store.outbox.counts().waiting == 12


def test_trouble_of_our_own_with_one_session_buries_that_one(store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    rescore = Judge.rescore

    def broken(self, earlier, *others):  # type: ignore[no-untyped-def]
        if any(verdict.session_id == "s0007" for verdict in earlier):
            raise ZeroDivisionError("s0007")
        return rescore(self, earlier, *others)

    monkeypatch.setattr(Judge, "rescore", broken)
    worker = Worker(store, clock)
    worker.enqueue(*some(50))
    done = process(worker)
    assert (done.final, done.buried) == (50, 1)
    assert worker.verdict("s0007").fallback_reason == BURIED
    (grave,) = worker.queue.buried()
    assert grave.error == "ZeroDivisionError: s0007"


def test_what_cannot_be_read_holds_up_nobody(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock)
    worker.enqueue(*some(9))
    worker.queue.enqueue(session_record("strange"), b"not JSON").result(SECONDS)
    assert process(worker).final == 9
    place = worker.queue.place("open", "strange")
    assert place is not None
    assert (place.state, place.reason) == ("queued", "client_error")


def test_settled_entries_are_forgotten_after_their_time(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock)
    worker.enqueue(*some(10))
    check(worker)
    clock.advance(DAY.total_seconds() - 1)
    check(worker)
    assert worker.queue.backlog().settled == 10
    clock.advance(timedelta(seconds=31).total_seconds())
    check(worker)
    assert worker.queue.backlog().settled == 0
    assert worker.verdict("s0001").status == "final"
