"""Letters out of the store and to a receiver that listens, as the loop in every serving process does it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from playproof.decision import Judge, Rules
from playproof.errors import StoreUnavailable
from playproof.observe.logging import LogWriter, configure
from playproof.observe.metrics import Metrics
from playproof.scoring.chain import Chain
from playproof.settings import Secret, Settings
from playproof.store import Posts, open_store
from playproof.store.outbox_tables import OutboxTables
from playproof.testing import FakeClock, ScriptedScorer, human_session, session_record
from playproof.webhooks.delivery import AT_ONCE, GATHER_SECONDS, HOLD_SECONDS, POLL_SECONDS, Delivery
from playproof.webhooks.notice import notice_of
from playproof.webhooks.runtime import delivery_of
from playproof.webhooks.schedule import GIVE_UP_SECONDS
from playproof.webhooks.sender import Attempt, Sender
from tests.receiving import SECRET, Answer, Receiver, receiving

SECONDS = 60


def half(count: int) -> bytes:
    """Random bytes that make every wait half of its bound."""
    return b"\x80" + bytes(count - 1)


class Counted(Metrics):
    """Tells whoever waits of every attempt that was noted."""

    def __init__(self) -> None:
        super().__init__()
        self._outcomes: asyncio.Queue[str] = asyncio.Queue()

    def count(self, name: str, *labels: str, by: float = 1) -> None:
        super().count(name, *labels, by=by)
        if name == "playproof_webhooks_total":
            self._outcomes.put_nowait(labels[0])

    async def outcome(self) -> str:
        return await asyncio.wait_for(self._outcomes.get(), SECONDS)

    def value(self, name: str) -> float:
        """The value of a sample, 0 where it was never touched."""
        found = [line for line in self.render()[0].decode().splitlines() if line.startswith(name + " ")]
        return float(found[0].rpartition(" ")[2]) if found else 0.0


class Office:
    """A store, and one loop over it whose time moves when told to."""

    def __init__(self, folder: Path, url: str, *, clock: FakeClock | None = None, grace: float = SECONDS) -> None:
        self.clock = clock or FakeClock()
        self.store = open_store(folder, clock=self.clock)
        self.metrics = Counted()
        self.sender = Sender(url, [SECRET], clock=self.clock, private=True)
        self.outbox: OutboxTables = self.store.outbox
        self._grace = grace
        self._looked: asyncio.Queue[float] = asyncio.Queue()
        self._wake = asyncio.Event()
        self._delivery: Delivery | None = None
        self._posted = 0

    async def _sleep(self, seconds: float) -> None:
        if seconds > GATHER_SECONDS:
            self._looked.put_nowait(seconds)
            await self._wake.wait()
            self._wake.clear()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Office]:
        self._delivery = Delivery(
            self.outbox,
            self.sender,
            holder="office",
            metrics=self.metrics,
            clock=self.clock,
            random=half,
            sleep=self._sleep,
            grace=self._grace,
        )
        async with self._delivery:
            yield self

    async def looked(self) -> float:
        """Return when the loop has looked at the store once more; the seconds until it will again."""
        return await asyncio.wait_for(self._looked.get(), SECONDS)

    def wake(self) -> None:
        """End the loop's sleep, as if its time were over."""
        self._wake.set()

    def hurry(self) -> None:
        assert self._delivery is not None
        self._delivery.hurry()

    def post(self, count: int = 1) -> list[str]:
        """Put letters in, each about a session of its own; their ids."""
        return [self._post() for _ in range(count)]

    def _post(self) -> str:
        self._posted += 1
        name = f"session {self._posted}"
        number = self.store.put(session_record(name)).result(SECONDS).number
        case = Judge(Chain(ScriptedScorer(0.5)), Rules(), self.clock).judge(human_session(np.random.default_rng(1)), name)
        notice = notice_of("shop", case.verdict, self.clock.now(), lambda count: bytes([self._posted]) * count)
        self.store.outbox.add(number, notice)
        return notice.id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged while the settings' secrets are hidden."""
    stream = io.StringIO()
    writer = LogWriter("json", secrets=[SECRET], stream=stream)
    with contextlib.ExitStack() as stack:
        root = logging.getLogger()
        before, level = root.handlers[:], root.level
        stack.callback(root.setLevel, level)
        stack.callback(root.handlers.__setitem__, slice(None), before)
        configure(writer, "debug")
        yield stream


def lines(log: io.StringIO, event: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == event]


def run(folder: Path, receiver: Receiver, work: Callable[[Office], Awaitable[None]]) -> None:
    """Do `work` with an office whose loop runs."""

    async def opened() -> None:
        office = Office(folder, receiver.url())
        with closing(office.store):
            async with office.open():
                await work(office)

    asyncio.run(opened())


def test_a_letter_says_which_session_became_what(folder: Path) -> None:
    async def work(office: Office) -> None:
        (name,) = office.post()
        office.hurry()
        assert await office.metrics.outcome() == "delivered"
        arrival = receiver.next()
        assert arrival.verified(office.clock.now()) == name
        told = json.loads(arrival.body)
        assert (told["type"], told["timestamp"]) == ("session.final", "2026-01-01T00:00:00.000Z")
        assert told["data"]["scope"] == "shop"
        verdict = told["data"]["verdict"]
        assert (verdict["sessionId"], verdict["status"], verdict["decision"]) == ("session 1", "final", "pass")
        assert office.store.outbox.counts() == Posts(waiting=0, delivered=1, given_up=0)
        assert office.metrics.value("playproof_webhook_seconds_count") == 1.0

    with receiving() as receiver:
        run(folder, receiver, work)


def test_a_letter_that_another_process_put_in_is_found_without_a_hint(folder: Path) -> None:
    async def work(office: Office) -> None:
        assert await office.looked() == POLL_SECONDS
        office.post()
        office.wake()
        assert await office.metrics.outcome() == "delivered"

    with receiving() as receiver:
        run(folder, receiver, work)


def test_what_failed_is_sent_again_with_the_same_id_when_its_time_comes(folder: Path) -> None:
    async def work(office: Office) -> None:
        (name,) = office.post()
        office.hurry()
        assert await office.metrics.outcome() == "failed"
        (posted,) = office.store.outbox.posted()
        assert (posted.attempts, posted.reason) == (1, "status 500")
        assert posted.next_at - posted.created_at == 2500
        office.clock.advance(2.5)
        office.hurry()
        assert await office.metrics.outcome() == "delivered"
        first, second = receiver.next(), receiver.next()
        assert (first.id, first.body) == (second.id, second.body) == (name, first.body)
        assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
        assert second.verified(office.clock.now()) == name

    with receiving(Answer(500), Answer(200)) as receiver:
        run(folder, receiver, work)


def test_a_busy_site_is_left_alone_as_long_as_it_asks_for(folder: Path) -> None:
    async def work(office: Office) -> None:
        office.post()
        office.hurry()
        assert await office.metrics.outcome() == "failed"
        (posted,) = office.store.outbox.posted()
        assert posted.next_at - posted.created_at == 120_000

    with receiving(Answer(503, {"Retry-After": "120"})) as receiver:
        run(folder, receiver, work)


def test_a_site_that_wants_to_hear_no_more_of_one_still_hears_of_others(folder: Path, log: io.StringIO) -> None:
    async def work(office: Office) -> None:
        (gone,) = office.post()
        office.hurry()
        assert await office.metrics.outcome() == "given_up"
        office.post()
        office.hurry()
        assert await office.metrics.outcome() == "delivered"
        assert office.store.outbox.counts() == Posts(waiting=0, delivered=1, given_up=1)
        (line,) = lines(log, "webhook given up")
        assert (line["webhook"], line["attempts"], line["reason"], line["level"]) == (gone, 1, "status 410", "error")

    with receiving(Answer(410), Answer(200)) as receiver:
        run(folder, receiver, work)


def test_after_a_day_a_letter_is_given_up_and_can_be_put_back(folder: Path, log: io.StringIO) -> None:
    async def work(office: Office) -> None:
        office.post()
        office.hurry()
        outcomes = [await office.metrics.outcome()]
        began = office.clock.monotonic()
        while outcomes[-1] == "failed":
            next_at = office.store.outbox.next_at()
            assert next_at is not None
            office.clock.advance(next_at / 1000 - office.clock.now().timestamp())
            office.hurry()
            outcomes.append(await office.metrics.outcome())
        assert outcomes[-1] == "given_up"
        assert office.clock.monotonic() - began == pytest.approx(GIVE_UP_SECONDS)
        assert len({receiver.next().id for _ in outcomes}) == 1
        (line,) = lines(log, "webhook given up")
        assert line["attempts"] == len(outcomes)
        assert SECRET not in log.getvalue()

        assert office.store.outbox.retry() == 1
        office.hurry()
        assert await office.metrics.outcome() == "failed", "it is tried for a day again"

    with receiving(Answer(500)) as receiver:
        run(folder, receiver, work)


def test_at_most_eight_are_under_way_and_a_slow_one_does_not_hold_up_the_rest(folder: Path) -> None:
    held = threading.Event()

    async def work(office: Office) -> None:
        office.post(2 * AT_ONCE)
        office.hurry()
        first = [await asyncio.to_thread(receiver.next) for _ in range(AT_ONCE)]
        assert receiver.arrivals.empty()
        assert office.store.outbox.claim("another", HOLD_SECONDS, 100), "the others are anybody's"
        office.store.outbox.release("another")
        held.set()
        assert [await office.metrics.outcome() for _ in range(2 * AT_ONCE)] == ["delivered"] * 2 * AT_ONCE
        rest = [receiver.next() for _ in range(AT_ONCE)]
        assert len({arrival.id for arrival in first + rest}) == 2 * AT_ONCE

    with receiving(Answer(hold=held)) as receiver:
        run(folder, receiver, work)


def test_while_one_process_holds_a_letter_another_does_not_send_it(folder: Path) -> None:
    held = threading.Event()

    async def work(one: Office) -> None:
        (name,) = one.post()
        one.hurry()
        await asyncio.to_thread(receiver.next)
        two = Office(folder, receiver.url(), clock=one.clock)
        with closing(two.store):
            async with two.open():
                await two.looked()
                two.hurry()
                await two.looked()
                assert receiver.arrivals.empty()
                # The first one hangs for longer than a hold: the letter is the second one's now.
                one.clock.advance(HOLD_SECONDS)
                two.hurry()
                assert (await asyncio.to_thread(receiver.next)).id == name
                held.set()
                assert await two.metrics.outcome() == "delivered"
                assert await one.metrics.outcome() == "delivered"
        assert one.store.outbox.counts() == Posts(waiting=0, delivered=1, given_up=0)

    with receiving(Answer(hold=held)) as receiver:
        run(folder, receiver, work)


def test_who_stops_notes_what_still_arrives_in_a_moment(folder: Path) -> None:
    held = threading.Event()

    async def stopped() -> None:
        office = Office(folder, receiver.url())
        with closing(office.store):
            async with office.open():
                office.post()
                office.hurry()
                await asyncio.to_thread(receiver.next)
                asyncio.get_running_loop().call_soon(held.set)
            assert office.store.outbox.counts() == Posts(waiting=0, delivered=1, given_up=0)

    with receiving(Answer(hold=held)) as receiver:
        asyncio.run(stopped())


def test_who_stops_lets_go_of_what_takes_longer(folder: Path) -> None:
    held = threading.Event()

    async def stopped() -> str:
        office = Office(folder, receiver.url(), grace=0.0)
        with closing(office.store):
            async with office.open():
                (name,) = office.post()
                office.hurry()
                await asyncio.to_thread(receiver.next)
            assert [letter.id for letter in office.store.outbox.claim("the next start", HOLD_SECONDS, 1)] == [name]
            return name

    with receiving(Answer(hold=held)) as receiver:
        asyncio.run(stopped())
        held.set()


class Failing:
    """An outbox whose method `name` fails once."""

    def __init__(self, outbox: OutboxTables, name: str) -> None:
        self._outbox = outbox
        self._name = name
        self.failed = threading.Event()

    def __getattr__(self, name: str) -> Any:
        if name == self._name and not self.failed.is_set():
            return self._fail
        return getattr(self._outbox, name)

    def _fail(self, *_: object) -> None:
        self.failed.set()
        raise StoreUnavailable("the disk is full")


def failing(folder: Path, receiver: Receiver, name: str, work: Callable[[Office, Failing], Awaitable[None]]) -> None:
    async def opened() -> None:
        office = Office(folder, receiver.url())
        broken = Failing(office.outbox, name)
        office.outbox = cast("OutboxTables", broken)
        with closing(office.store):
            office.post()
            async with office.open():
                await work(office, broken)

    asyncio.run(opened())


def test_a_store_that_cannot_be_asked_is_asked_again(folder: Path, log: io.StringIO) -> None:
    async def work(office: Office, broken: Failing) -> None:
        await office.looked()
        office.wake()
        assert await office.metrics.outcome() == "delivered"
        (line,) = lines(log, "webhooks postponed")
        assert line["error"] == "the disk is full"

    with receiving() as receiver:
        failing(folder, receiver, "claim", work)


def test_what_could_not_be_noted_is_sent_again_when_the_hold_is_over(folder: Path, log: io.StringIO) -> None:
    async def work(office: Office, broken: Failing) -> None:
        first = await asyncio.to_thread(receiver.next)
        assert await asyncio.to_thread(broken.failed.wait, SECONDS)
        office.clock.advance(HOLD_SECONDS)
        office.hurry()
        assert await office.metrics.outcome() == "delivered"
        assert receiver.next().id == first.id
        (line,) = lines(log, "webhook not noted")
        assert (line["webhook"], line["error"]) == (first.id, "the disk is full")

    with receiving() as receiver:
        failing(folder, receiver, "delivered", work)


def test_a_fault_of_ours_costs_an_attempt_and_nothing_else(folder: Path, log: io.StringIO) -> None:
    class Faulty(Sender):
        async def send(self, message_id: str, body: bytes) -> Attempt:
            raise KeyError(message_id)

    async def work() -> None:
        office = Office(folder, receiver.url())
        office.sender = Faulty(receiver.url(), [SECRET], clock=office.clock)
        with closing(office.store):
            office.post(2)
            async with office.open():
                assert [await office.metrics.outcome() for _ in range(2)] == ["failed", "failed"]
            reasons = {posted.reason for posted in office.store.outbox.posted()}
        assert reasons == {"a fault of PlayProof (KeyError); the log has it"}
        assert len(lines(log, "webhook failed")) == 2

    with receiving() as receiver:
        asyncio.run(work())


def test_the_letters_that_wait_are_counted_now_and_then(folder: Path) -> None:
    async def work(office: Office) -> None:
        office.post(3)
        office.clock.advance(3600.0)
        office.hurry()
        for _ in range(3):
            assert await office.metrics.outcome() == "failed"
        office.clock.advance(3600.0)
        office.hurry()
        for _ in range(3):
            await office.metrics.outcome()
        assert office.metrics.value("playproof_webhooks_waiting") == 3.0

    with receiving(Answer(500)) as receiver:
        run(folder, receiver, work)


def test_what_the_settings_say_is_what_is_sent_with(folder: Path) -> None:
    async def work() -> None:
        clock = FakeClock()
        settings = Settings(webhook_url=receiver.url(), webhook_secret=(Secret(SECRET),), webhook_private=True)
        metrics = Counted()
        with closing(open_store(folder, clock=clock)) as store:
            delivery = delivery_of(settings, store, metrics, clock, holder="me")
            case = Judge(Chain(ScriptedScorer(0.5)), Rules(), clock).judge(human_session(np.random.default_rng(1)), "s")
            number = store.put(session_record("s")).result(SECONDS).number
            store.outbox.add(number, delivery.notice("shop", case.verdict))
            async with delivery:
                assert await metrics.outcome() == "delivered"
            assert receiver.next().verified(clock.now()).startswith("msg_")

    with receiving() as receiver:
        asyncio.run(work())
