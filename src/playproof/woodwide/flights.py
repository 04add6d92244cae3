"""Flights: sessions that arrive while a hosted call is on its way share the next one.

A hosted call takes seconds, however many rows it carries. So one is on its way at a time, whoever arrives meanwhile waits
for the next, and the number of calls depends on how long they take, not on how many sessions there are.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from statistics import median
from typing import Generic, NamedTuple, Self, TypeVar

from playproof.clock import Clock
from playproof.errors import HostedError, HostedReason
from playproof.scoring.base import Floats
from playproof.woodwide.breaker import Breaker
from playproof.woodwide.mapping import Answer
from playproof.woodwide.reasons import WHY
from playproof.woodwide.report import FlightReport, Listener, unheard

K = TypeVar("K", bound=Hashable)

REMEMBERED = 5
"""Flights whose durations say how long the next will take."""
MOST_TRUST = 512
"""How many times more than it should may share a flight while all go well."""
SPOILT = 3
"""Flights in a row that failed for what was sent after which it is rather the provider's doing."""

_log = logging.getLogger(__name__)


class Passenger(NamedTuple, Generic[K]):
    """A session on its way to a hosted score."""

    key: K
    row: Floats
    """(k,) its catalogue row."""


class _Waiting(NamedTuple, Generic[K]):
    """A passenger before the flight."""

    passenger: Passenger[K]
    most: int
    """With how many the flight may be shared."""
    expected: bool
    """Somebody waits for the answer."""
    wary: bool = False
    """It shared with more than that once, and the flight failed."""


Fly = Callable[[Sequence[Passenger[K]]], Awaitable[Mapping[K, Answer]]]
"""A strategy: the answers to some sessions by one hosted scoring. Raises `HostedError` where there is none for any."""


class Flights(Generic[K]):
    """Collects sessions into flights. Belongs to one event loop; leaving the context closes it."""

    def __init__(self, fly: Fly[K], *, most: int, breaker: Breaker, clock: Clock, listener: Listener[FlightReport] = unheard) -> None:
        """At most `most` sessions share a flight; the others ride the one after it."""
        self._fly = fly
        self._most = most
        self._breaker = breaker
        self._clock = clock
        self._listener = listener
        self._waiting: list[_Waiting[K]] = []
        self._visitors_turn = True
        self._rides: dict[K, asyncio.Future[Answer]] = {}
        self._pilot: asyncio.Task[None] | None = None
        self._left: float | None = None
        self._lasted: deque[float] = deque(maxlen=REMEMBERED)
        self._not_before = 0.0
        self._trust = 1
        self._spoilt = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancel what is on its way, and leave those who wait without an answer."""
        if self._pilot is not None:
            self._pilot.cancel()
            await asyncio.wait([self._pilot])
        for ride in self._rides.values():
            ride.cancel()

    def board(self, key: K, row: Floats, most: int | None = None, *, expected: bool = True) -> asyncio.Future[Answer]:
        """What will be known of the session `key` with catalogue row (k,): a score, or the reason why there is none.

        With `most` it shares its flight with no more than so many, and with none who may share it with another number: twice as many
        with each such flight that succeeds. One of more than so many that fails for what was sent is held against nobody, and those aboard
        share with no more again.
        Whoever is not `expected` by somebody gives way: however many of them wait, those who are ride one of the next two flights.

        The future is shared by everybody who asks for the same session: wait for it shielded. It ends whether or not
        anybody waits, so what comes after a deadline can be had with a callback. It never raises.
        """
        ride = self._rides.get(key)
        if ride is None:
            ride = self._rides[key] = asyncio.get_running_loop().create_future()
            self._waiting.append(_Waiting(Passenger(key, row), min(most or self._most, self._most), expected))
            if self._pilot is None:
                self._pilot = asyncio.create_task(self._pilot_all(), name="woodwide-flights")
        return ride

    def expected_seconds(self) -> float:
        """How long a session that boards now will likely wait: for the flight on its way, then for its own.

        Flights are taken to last as the latest did, and one that is late to take as long again. Whoever has less time
        than this need not wait at all: the answer comes anyway.
        """
        usual = median(self._lasted) if self._lasted else 0.0
        if self._left is None:
            return usual
        flown = self._clock.monotonic() - self._left
        return usual + (usual - flown if flown < usual else flown)

    def unwanted_seconds(self) -> float:
        """How long the provider, or the breaker in its place, has asked not to be called."""
        return max(0.0, self._not_before - self._clock.monotonic())

    async def _pilot_all(self) -> None:
        try:
            while self._waiting:
                # Whoever arrives in the same turn of the event loop rides along.
                await asyncio.sleep(0)
                called = self._called()
                passengers = [each.passenger for each in called]
                answers, failure = await self._one(passengers)
                if self._too_many(called, failure):
                    self._waiting = [each._replace(wary=True) for each in called] + self._waiting
                    continue
                for passenger in passengers:
                    ride = self._rides.pop(passenger.key)
                    if not ride.done():
                        ride.set_result(answers.get(passenger.key, HostedReason.ROW_MISMATCH))
        finally:
            self._pilot = None

    def _too_many(self, called: Sequence[_Waiting[K]], failure: HostedReason | None) -> bool:
        """Whether a flight failed for what was sent, of more than should have shared it; and learn how far more may share one."""
        if failure is None:
            if called[0].most < self._most:
                self._trust = min(MOST_TRUST, self._trust * 2)
            self._spoilt = 0
            return False
        if WHY[failure].postpones:
            return False
        self._trust = 1
        self._spoilt += 1
        return len(called) > called[0].most

    def _called(self) -> list[_Waiting[K]]:
        """Who rides next: by turns somebody who is expected and somebody who is not, and whoever may share that flight."""
        first = next((each for each in self._waiting if each.expected is self._visitors_turn), self._waiting[0])
        self._visitors_turn = not first.expected
        sharing = [each for each in self._waiting if (each.most, each.wary) == (first.most, first.wary) and each is not first]
        most = first.most if first.wary else min(self._most, first.most * self._trust)
        called = [first, *sorted(sharing, key=lambda each: not each.expected)][:most]
        aboard = {each.passenger.key for each in called}
        self._waiting = [each for each in self._waiting if each.passenger.key not in aboard]
        return called

    async def _one(self, passengers: Sequence[Passenger[K]]) -> tuple[Mapping[K, Answer], HostedReason | None]:
        started = self._clock.monotonic()
        failure: HostedReason | None = None
        answers: Mapping[K, Answer] = {}
        try:
            with self._breaker.enter() as permit:
                permit.blames = self._spoilt >= SPOILT
                self._left = started
                answers = await self._fly(passengers)
        except HostedError as error:
            failure = error.reason
            self._not_before = self._clock.monotonic() + (error.retry_after or 0.0)
        except Exception:  # noqa: BLE001 - whatever breaks here, the visitors still get their verdicts
            _log.exception("woodwide_flight_failed")
            failure = HostedReason.CLIENT_ERROR
        seconds = self._clock.monotonic() - started
        if self._left is not None:
            self._lasted.append(seconds)
            self._left = None
        self._listener(FlightReport(len(passengers), seconds, failure))
        if failure is not None:
            answers = dict.fromkeys((passenger.key for passenger in passengers), failure)
        return answers, failure
