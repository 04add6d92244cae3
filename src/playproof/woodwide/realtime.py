"""Real time: a stored session asks the hosted model, and its answer waits for it as long as there is time.

In time, the answer is the final verdict. Past it the preliminary one is answered, and becomes final when the score is there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from playproof.decision import Verdict
from playproof.errors import HostedReason, StoreUnavailable
from playproof.woodwide.breaker import Breaker, State
from playproof.woodwide.caller import Sleep
from playproof.woodwide.flights import Flights
from playproof.woodwide.mapping import Answer
from playproof.woodwide.question import Question
from playproof.woodwide.settlement import Reply, Settled, Settlement

SHARING = (None, 64, 8, 1, 1)
"""With how many a session may share a flight, by how often it failed for what was sent: so one that cannot be scored stands alone in
the end, and takes none with it."""
TOGETHER = 64
"""Sessions that are settled in one transaction: some 25 milliseconds, which those behind them wait for."""
STORE_PAUSE_SECONDS = 1.0
"""How long until a store that takes nothing is tried again."""

_log = logging.getLogger(__name__)


class Answered(NamedTuple):
    """What a caller is answered."""

    body: bytes
    """JSON of the verdict."""
    verdict: Verdict | None
    """The verdict where it became final in time."""
    reason: HostedReason | None
    """Why it is still preliminary; `None` where it is not, or another process knows."""


@dataclass(eq=False, slots=True)
class Asked:
    """A question on its way."""

    question: Question
    settled: asyncio.Future[Settled]
    told: bool
    """Somebody was answered the preliminary verdict."""
    writing: bool = False
    """What becomes of it is on its way to the disk."""


class Realtime:
    """Asks about sessions that are in the store. Belongs to one event loop."""

    def __init__(
        self,
        flights: Flights[int],
        breaker: Breaker,
        settlement: Settlement,
        heard: Callable[[Settled], None],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`heard` is told of everything that was settled."""
        self._flights = flights
        self._breaker = breaker
        self._settlement = settlement
        self._heard = heard
        self._sleep = sleep
        self._asked: dict[int, Asked] = {}
        self._landed: list[tuple[Asked, Answer]] = []
        self._clerk: asyncio.Task[None] | None = None
        self._leaving = False

    def asks(self, number: int) -> bool:
        """Whether the stored session `number` is asked about here."""
        return number in self._asked

    @property
    def under_way(self) -> tuple[int, ...]:
        """The numbers of the sessions that are being asked about."""
        return tuple(self._asked)

    async def answer(self, number: int, body: bytes, question: Question | None, seconds: float) -> Answered:
        """What to answer about the stored session `number` whose verdict is `body`, within `seconds`.

        It is asked about with `question`, unless that is under way already; with None it is not asked about for this caller.
        """
        asked = self._asked.get(number)
        if asked is None:
            if question is None:
                return Answered(body, None, None)
            asked = self.ask(question)
        try:
            if not self._hopeless(seconds):
                await asyncio.wait([asked.settled], timeout=seconds)
            if asked.writing:  # in a moment the verdict is final, and to answer otherwise would be wrong
                await asyncio.wait([asked.settled])
        finally:
            asked.told = asked.told or not asked.settled.done()
        if not asked.settled.done():
            return Answered(body, None, HostedReason.TIMEOUT)
        settled = asked.settled.result()
        final = settled.verdict if settled.verdict is not None and settled.verdict.status == "final" else None
        return Answered(settled.body or body, final, settled.reason)

    def ask(self, question: Question, *, told: bool = False) -> Asked:
        """Have `question` answered sooner or later; `told` says that its preliminary verdict was answered to somebody."""
        under_way = self._asked.get(question.number)
        if under_way is not None:
            return under_way
        asked = Asked(question, asyncio.get_running_loop().create_future(), told)
        self._asked[question.number] = asked
        if question.current:
            sharing = SHARING[min(question.attempts, len(SHARING) - 1)]
            ride = self._flights.board(question.number, question.case.row, sharing, expected=not told)
            ride.add_done_callback(partial(self._land, asked))
        else:
            self._take(asked, HostedReason.COLUMN_MISMATCH)
        return asked

    async def close(self) -> None:
        """Return when all that has landed is on disk; what the store does not take now is left to be asked about again."""
        self._leaving = True
        if self._clerk is not None:
            await asyncio.wait([self._clerk])

    def _hopeless(self, seconds: float) -> bool:
        """Whether the answer will likely not be there in time; an open breaker answers at once."""
        return self._breaker.state is not State.OPEN and self._flights.expected_seconds() > seconds

    def _land(self, asked: Asked, ride: asyncio.Future[Answer]) -> None:
        if not ride.cancelled():
            self._take(asked, ride.result())

    def _take(self, asked: Asked, answer: Answer) -> None:
        self._landed.append((asked, answer))
        if self._clerk is None:
            self._clerk = asyncio.create_task(self._write_all(), name="woodwide-clerk")

    async def _write_all(self) -> None:
        try:
            while self._landed:
                self._landed.sort(key=lambda landed: landed[0].told)  # those whom somebody still waits for come first
                some, self._landed = self._landed[:TOGETHER], self._landed[TOGETHER:]
                for asked, _ in some:
                    asked.writing = True
                replies = [Reply(asked.question, answer, asked.told) for asked, answer in some]
                settled = await self._written(replies)
                for (asked, _), outcome in zip(some, settled, strict=True):
                    del self._asked[asked.question.number]
                    asked.settled.set_result(outcome)
                    self._heard(outcome)
        finally:
            self._clerk = None

    async def _written(self, replies: list[Reply]) -> list[Settled]:
        while True:
            try:
                return await asyncio.to_thread(self._settlement.settle, replies, self._flights.unwanted_seconds())
            except StoreUnavailable as error:
                _log.warning("woodwide_scores_wait_for_the_store", extra={"sessions": len(replies), "error": str(error)})
                if self._leaving:  # the sessions are still awaited, and a full disk must not hold up the end of the process
                    return [Settled(None, None) for _ in replies]
                await self._sleep(STORE_PAUSE_SECONDS)
            except Exception:  # noqa: BLE001 - one session's trouble must not become that of all
                if len(replies) > 1:
                    return [outcome for reply in replies for outcome in await self._written([reply])]
                _log.exception("woodwide_score_not_settled")
                if replies[0].answer is HostedReason.CLIENT_ERROR:
                    return [Settled(None, HostedReason.CLIENT_ERROR)]
                replies = [replies[0]._replace(answer=HostedReason.CLIENT_ERROR)]
