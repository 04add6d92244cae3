"""What becomes of awaited sessions, with a scripted provider and a real store."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from playproof.dataset import Channel
from playproof.decision import Judge, Rules, Verdict
from playproof.errors import HostedError, HostedReason, StoreUnavailable
from playproof.scoring.chain import Chain
from playproof.service import Service, decode_verdict
from playproof.store import Awaiting, Notice, Store, open_store
from playproof.testing import FakeClock, ScriptedScorer, human_session, session_record
from playproof.woodwide import Breaker
from playproof.woodwide.flights import Flights, Passenger
from playproof.woodwide.mapping import Answer, RawScore
from playproof.woodwide.question import Question, question_of
from playproof.woodwide.realtime import TOGETHER, Answered, Realtime
from playproof.woodwide.resume import HOLD_SECONDS, UNREAD_SECONDS, Resume
from playproof.woodwide.settlement import MOST_ATTEMPTS, Reply, Settled, Settlement, Yardstick

PATIENCE_SECONDS = 60


def on_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that runs on an event loop of its own."""

    @functools.wraps(test)
    def run(**given: Any) -> None:
        asyncio.run(test(**given))

    return run


class Provider:
    """Scores every row 1.0, or does as it is told."""

    def __init__(self) -> None:
        self.flights: list[list[int]] = []
        self.error: HostedError | None = None
        self.poison: set[int] = set()
        self.strict = False
        """A poisonous session spoils the whole flight."""
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, passengers: Sequence[Passenger[int]]) -> Mapping[int, Answer]:
        numbers = [passenger.key for passenger in passengers]
        self.flights.append(numbers)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        if self.strict and self.poison.intersection(numbers):
            raise HostedError("400: these rows", reason=HostedReason.REFUSED)
        scored = RawScore(1.0, None, "v1")
        return {number: HostedReason.INVALID_SCORE if number in self.poison else scored for number in numbers}


class Desk:
    """One process's part of real time, with everything at hand."""

    def __init__(self, store: Store, clock: FakeClock, provider: Provider, holder: str = "me") -> None:
        self.store, self.clock, self.provider, self.holder = store, clock, provider, holder
        self.notices: list[Verdict] = []
        self.heard: list[Settled] = []
        judge = Judge(Chain(ScriptedScorer(0.5)), Rules(), clock)
        self.service = Service(judge, store, clock=clock, holder=holder)
        breaker = Breaker(clock, failures=3, rest=10.0)
        self.flights: Flights[int] = Flights(provider, most=500, breaker=breaker, clock=clock)
        self.settlement = Settlement(
            judge,
            store,
            lambda _: Yardstick("mdl_1", None, synthetic=False),
            holder=holder,
            longest=timedelta(hours=24),
            notice=self._notice,
            clock=clock,
            random=bytes,
        )
        self.realtime = Realtime(self.flights, breaker, self.settlement, self._hear, self._sleep)
        self.resume = Resume(store, self.realtime, breaker, holder, clock)
        self.slept: list[float] = []

    @property
    def letters(self) -> int:
        """How many letters to the site are in the store."""
        return self.store.outbox.counts().waiting

    def _notice(self, scope: str, verdict: Verdict) -> Notice:
        self.notices.append(verdict)
        return Notice(f"msg_{len(self.notices)}", scope.encode())

    def _hear(self, settled: Settled) -> None:
        self.heard.append(settled)
        self.resume.heard(settled)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def stored(self, name: str) -> Question:
        """A session that is in the store, and awaited."""
        submission = self.service.submit(human_session(np.random.default_rng(1), session_id=name), "site", Channel.API)
        question = submission.question(submission.outcome.result(PATIENCE_SECONDS).number)
        assert question is not None
        return question

    async def answer(self, question: Question, seconds: float = PATIENCE_SECONDS) -> Answered:
        """What a caller is answered."""
        return await self.realtime.answer(question.number, b"preliminary", question, seconds)

    async def asked_again(self) -> None:
        """One round of resuming, and all that comes of it."""
        claimed = self.store.awaited.claim(self.holder, HOLD_SECONDS, 1000)
        await asyncio.gather(*(self.realtime.ask(question_of(awaited), told=True).settled for awaited in claimed))

    def verdict(self, name: str) -> Verdict:
        """The stored verdict."""
        found = self.store.get("site", name)
        assert found is not None
        return decode_verdict(found.verdict)


@asynccontextmanager
async def open_desk(folder: Path) -> AsyncIterator[Desk]:
    clock = FakeClock()
    store = open_store(folder, clock=clock)
    desk = Desk(store, clock, Provider())
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), desk.flights:
            yield desk
            await desk.realtime.close()
    finally:
        store.close()


@on_a_loop
async def test_in_time_nobody_need_be_told_otherwise(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        answered = await desk.answer(desk.stored("a"))
        assert answered.verdict == desk.verdict("a")
        assert answered.reason is None
        assert desk.letters == 0
        assert desk.store.awaited.depth().waiting == 0


@on_a_loop
async def test_late_the_site_is_told_once(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        desk.provider.gate.clear()
        question = desk.stored("a")
        answered = await desk.answer(question, 0.01)
        assert answered == Answered(b"preliminary", None, HostedReason.TIMEOUT)
        under_way = desk.realtime.ask(question)
        desk.provider.gate.set()
        await under_way.settled
        assert [verdict.session_id for verdict in desk.notices] == ["a"]
        assert desk.notices[0] == desk.verdict("a")
        assert desk.store.outbox.next_at() is not None


@on_a_loop
async def test_whose_time_is_up_while_others_are_written_does_not_wait_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_desk(tmp_path) as desk:
        begun, free = threading.Event(), threading.Event()
        settle = desk.settlement.settle

        def slowly(replies: Sequence[Reply], unwanted_seconds: float = 0.0) -> list[Settled]:
            begun.set()
            assert free.wait(PATIENCE_SECONDS)
            return settle(replies, unwanted_seconds)

        monkeypatch.setattr(desk.settlement, "settle", slowly)
        questions = [desk.stored(f"s{number}") for number in range(TOGETHER + 2)]
        *others, visitor = [desk.realtime.ask(question, told=place == 0) for place, question in enumerate(questions)]
        assert await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)
        answered = await desk.answer(visitor.question, 0.01)
        assert answered == Answered(b"preliminary", None, HostedReason.TIMEOUT)
        free.set()
        await asyncio.gather(*(one.settled for one in (*others, visitor)))
        assert desk.letters == 2  # of the first, and of the visitor
        assert {verdict.session_id for verdict in desk.notices} >= {"s0", visitor.question.earlier.session_id}


@on_a_loop
async def test_a_failure_in_time_is_told_and_stored(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        desk.provider.error = HostedError("out", reason=HostedReason.CREDITS_EXHAUSTED)
        answered = await desk.answer(desk.stored("a"))
        assert answered.reason is HostedReason.CREDITS_EXHAUSTED
        stored = desk.verdict("a")
        assert (stored.status, stored.revision, stored.fallback_reason) == ("preliminary", 1, "credits_exhausted")
        assert b'"credits_exhausted"' in answered.body


@on_a_loop
async def test_a_provider_that_says_when_is_not_asked_before(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        desk.provider.error = HostedError("429", reason=HostedReason.RATE_LIMITED, retry_after=30.0)
        await desk.answer(desk.stored("a"))
        due = desk.store.awaited.next_at()
        assert due is not None
        assert due - int(desk.clock.now().timestamp() * 1000) >= 30_000


@on_a_loop
async def test_one_that_cannot_be_scored_stands_alone_in_the_end(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        questions = [desk.stored(f"s{number}") for number in range(100)]
        desk.provider.strict = True
        desk.provider.poison = {questions[42].number}
        await asyncio.gather(*(desk.answer(question) for question in questions))
        for _ in range(MOST_ATTEMPTS):
            desk.clock.advance(600.0)
            await desk.asked_again()
        ends = [desk.verdict(f"s{number}") for number in range(100)]
        assert {verdict.status for verdict in ends} == {"final"}
        given_up = [verdict.session_id for verdict in ends if verdict.fallback_reason == "refused"]
        assert given_up == ["s42"]
        assert sum(verdict.hosted is not None for verdict in ends) == 99
        assert len(desk.provider.flights) <= 20


@on_a_loop
async def test_an_outage_is_no_attempt(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        desk.provider.error = HostedError("503", reason=HostedReason.SERVER_ERROR)
        await desk.answer(desk.stored("a"))
        for _ in range(3 * MOST_ATTEMPTS):
            desk.clock.advance(600.0)
            await desk.asked_again()
        assert desk.verdict("a").status == "preliminary"
        desk.provider.error = None
        desk.clock.advance(600.0)
        await desk.asked_again()
        assert desk.verdict("a").hosted is not None


@on_a_loop
async def test_after_a_day_the_embedded_verdict_is_final(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        desk.provider.error = HostedError("503", reason=HostedReason.SERVER_ERROR)
        await desk.answer(desk.stored("a"))
        desk.clock.advance(86_400.0)
        await desk.asked_again()
        last = desk.verdict("a")
        assert (last.status, last.revision, last.anomaly.source, last.fallback_reason) == ("final", 2, "local", "server_error")
        assert len(desk.notices) == 1


@on_a_loop
async def test_a_store_that_takes_nothing_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_desk(tmp_path) as desk:
        question = desk.stored("a")
        settle, failures = desk.settlement.settle, iter([StoreUnavailable("the disk is full")] * 2)

        def full(*given: object) -> list[Settled]:
            for failure in failures:
                raise failure
            return settle(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(desk.settlement, "settle", full)
        answered = await desk.answer(question)
        assert answered.verdict is not None
        assert len(desk.slept) == 2


@pytest.mark.parametrize("step", ["postpone", "finalise"])
@on_a_loop
async def test_a_store_that_fails_between_two_steps_loses_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    async with open_desk(tmp_path) as desk:
        good, bad = desk.stored("good"), desk.stored("bad")
        desk.provider.poison = {bad.number}
        tables = desk.store.awaited
        work, failures = getattr(tables, step), iter([StoreUnavailable("the disk is full")])

        def failing(*given: object) -> object:
            for failure in failures:
                raise failure
            return work(*given)

        monkeypatch.setattr(tables, step, failing)
        first, second = await asyncio.gather(desk.answer(good), desk.answer(bad))
        assert len(desk.slept) == 1
        assert first.verdict == desk.verdict("good")
        assert second.reason is HostedReason.INVALID_SCORE
        desk.clock.advance(600.0)
        (again,) = tables.claim("me", HOLD_SECONDS, 10)
        assert (again.session_id, again.attempts) == ("bad", 1)


@on_a_loop
async def test_a_store_that_takes_nothing_does_not_hold_up_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_desk(tmp_path) as desk:
        loop, tried = asyncio.get_running_loop(), asyncio.Event()

        def full(*given: object) -> list[Settled]:
            loop.call_soon_threadsafe(tried.set)
            raise StoreUnavailable("the disk is full")

        monkeypatch.setattr(desk.settlement, "settle", full)
        desk.realtime.ask(desk.stored("a"))
        await tried.wait()
        await desk.realtime.close()
        assert desk.store.awaited.depth().waiting == 1
        assert desk.heard == [Settled(None, None)]


@on_a_loop
async def test_a_fault_of_ours_is_one_sessions_and_not_the_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with open_desk(tmp_path) as desk:
        good, bad = desk.stored("good"), desk.stored("bad")
        settle = desk.settlement._judged

        def broken(reply: object) -> object:
            if reply.question is bad and not isinstance(reply.answer, HostedReason):  # type: ignore[attr-defined]
                raise ZeroDivisionError
            return settle(reply)  # type: ignore[arg-type]

        desk.settlement._judged = broken  # type: ignore[method-assign, assignment]
        desk.provider.gate.clear()
        answers = asyncio.gather(desk.answer(good), desk.answer(bad))
        await asyncio.sleep(0)
        desk.provider.gate.set()
        first, second = await answers
        assert first.verdict is not None
        assert second.reason is HostedReason.CLIENT_ERROR
        assert desk.verdict("bad").status == "preliminary"
        assert "woodwide_score_not_settled" in caplog.text


@on_a_loop
async def test_what_is_held_and_asked_about_by_nobody_is_asked_about_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_desk(tmp_path) as desk:
        desk.provider.gate.clear()
        desk.stored("its request was over")
        busy = desk.realtime.ask(desk.stored("busy"))
        tables, loop, renewed = desk.store.awaited, asyncio.get_running_loop(), asyncio.Event()
        renew = tables.renew

        def told(*given: Any) -> int:
            count = renew(*given)
            loop.call_soon_threadsafe(renewed.set)
            return count

        monkeypatch.setattr(tables, "renew", told)
        desk.clock.advance(HOLD_SECONDS - 1)
        holding = asyncio.create_task(desk.resume.hold())
        await renewed.wait()
        holding.cancel()
        desk.clock.advance(1)
        assert [awaited.session_id for awaited in tables.claim("me", HOLD_SECONDS, 10)] == ["its request was over"]
        desk.provider.gate.set()
        await busy.settled


@on_a_loop
async def test_one_that_cannot_be_read_keeps_no_other_from_being_asked_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with open_desk(tmp_path) as desk:
        torn = Awaiting(assessment=b"{", next_at=0, holder="dead", held_until=0)
        record = msgspec.structs.replace(session_record("torn"), awaited=torn)
        desk.store.put(record).result(PATIENCE_SECONDS)
        whole = desk.stored("whole")
        desk.clock.advance(HOLD_SECONDS)
        assert await desk.resume._round() == 0.0
        await desk.realtime.ask(whole).settled
        assert desk.verdict("whole").status == "final"
        assert "awaited_session_not_read" in caplog.text
        assert desk.store.awaited.claim("me", HOLD_SECONDS, 10) == []
        desk.clock.advance(UNREAD_SECONDS)
        assert [awaited.session_id for awaited in desk.store.awaited.claim("me", HOLD_SECONDS, 10)] == ["torn"]


@on_a_loop
async def test_another_process_may_be_first(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        question = desk.stored("a")
        other = Desk(desk.store, desk.clock, Provider(), "other")
        desk.provider.gate.clear()
        mine = asyncio.create_task(desk.answer(question))
        await asyncio.sleep(0)
        async with other.flights:
            desk.clock.advance(HOLD_SECONDS + 1)
            await other.asked_again()
        assert len(other.notices) == 1
        desk.provider.gate.set()
        answered = await mine
        assert answered.verdict == desk.verdict("a") == other.notices[0]
        assert answered.reason is None
        assert desk.letters == 1
        assert not desk.heard[0].first


@on_a_loop
async def test_who_was_told_elsewhere_is_told_the_end_as_well(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        question = desk.stored("a")
        assert desk.store.awaited.tell(question.number)
        assert (await desk.answer(question)).verdict == desk.verdict("a")
        assert desk.letters == 1
        assert not desk.store.awaited.tell(question.number)


@on_a_loop
async def test_features_of_an_older_catalogue_are_not_asked_about(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        question = desk.stored("a")
        old = Question(
            question.number, question.scope, question.earlier, question.case, question.assessment, question.channel, question.received,
            current=False,
        )  # fmt: skip
        answered = await desk.answer(old)
        assert answered.verdict is not None
        assert answered.verdict.fallback_reason == "column_mismatch"
        assert desk.provider.flights == []
