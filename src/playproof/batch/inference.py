"""Batch inference: a batch is claimed, scored, and each of its sessions settled by itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import msgspec

from playproof.batch.report import Listener, Report, Times, report_of, unheard
from playproof.batch.retry import Failure, Retry
from playproof.batch.scorers import BatchFailed, BatchScorer, Outcome
from playproof.batch.settling import Case, Settled, Settling
from playproof.clock import Clock, milliseconds
from playproof.errors import StoreUnavailable
from playproof.store import Entry, Forming, Store
from playproof.woodwide.caller import Sleep
from playproof.woodwide.question import question_of

HOLD_SECONDS = 60.0
"""How long a batch is its claimant's unless it says so again; so long what a dead process claimed has to wait."""
RENEW_SECONDS = 15.0
TOGETHER = 200
"""Sessions that are concluded in one transaction."""

_log = logging.getLogger(__name__)


class Inference:
    """Works off batches, one at a time. Belongs to one event loop; every method raises `StoreUnavailable`."""

    def __init__(
        self,
        store: Store,
        scorer: BatchScorer,
        settling: Settling,
        retry: Retry,
        *,
        holder: str,
        clock: Clock,
        listener: Listener = unheard,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`holder` is who claims, as nobody else is named; `listener` hears of every batch."""
        self.hosted = scorer.hosted
        """Whether somebody else is asked, who may be out."""
        self._tables = store.batch
        self._scorer = scorer
        self._settling = settling
        self._retry = retry
        self._holder = holder
        self._clock = clock
        self._listener = listener
        self._sleep = sleep

    async def next(self, rule: Forming) -> Report | None:
        """What became of the next batch that `rule` forms; `None` where there is none."""
        started = self._clock.monotonic()
        entries = await asyncio.to_thread(self._tables.claim, self._holder, HOLD_SECONDS, rule)
        if not entries:
            return None
        claimed = self._clock.monotonic()
        async with self._held():
            cases, unread = await asyncio.to_thread(_read, entries)
            failure: Failure | None = None
            outcomes: Sequence[Outcome]
            try:
                outcomes = await self._scorer.score([question for _, question in cases])
            except BatchFailed as error:
                failure = error.failure
                outcomes = [failure] * len(cases)
            together = len(cases) if failure is not None else 1
            settled = await asyncio.to_thread(self._settling.settle, cases, outcomes, together, unread)
            if self.hosted:
                await asyncio.to_thread(self._note, failure)
            return await self._stored(settled, failure or _shared(outcomes), started, claimed)

    async def conclude(self, before: int, reason: str) -> Report | None:
        """What became of some sessions queued before a time (milliseconds), which keep the verdicts they have for `reason`.

        `None` where there are none that are due.
        """
        started = self._clock.monotonic()
        entries = await asyncio.to_thread(self._tables.claim_overdue, self._holder, HOLD_SECONDS, TOGETHER, before)
        if not entries:
            return None
        claimed = self._clock.monotonic()
        cases, unread = await asyncio.to_thread(_read, entries)
        return await self._stored(self._settling.conclude(cases, reason, unread), None, started, claimed)

    async def _stored(self, settled: Settled, failure: Failure | None, started: float, claimed: float) -> Report:
        known = self._clock.monotonic()
        first = await asyncio.to_thread(self._tables.settle, settled.done, settled.later + settled.unread)
        report = report_of(settled, first, Times(started, claimed, known, self._clock.monotonic()), failure)
        self._listener(report)
        return report

    def _note(self, failure: Failure | None) -> None:
        """Have all processes leave the provider alone for a while after it failed, and no longer once it answers."""
        gate = self._tables.gate()
        if failure is not None and not failure.attempt:
            pause = self._retry.pause(gate.failures + 1, failure.retry_after)
            self._tables.pause(milliseconds(self._clock.now() + timedelta(seconds=pause)), failure.reason)
        elif gate.failures:
            self._tables.resume()

    @contextlib.asynccontextmanager
    async def _held(self) -> AsyncIterator[None]:
        """Keep what is claimed from being taken over."""
        renewing = asyncio.create_task(self._renew(), name="batch-hold")
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _renew(self) -> None:
        while True:
            await self._sleep(RENEW_SECONDS)
            try:
                await asyncio.to_thread(self._tables.renew, self._holder, HOLD_SECONDS)
            except StoreUnavailable as error:
                _log.warning("batch_hold_not_renewed", extra={"error": str(error)})


def _shared(outcomes: Sequence[Outcome]) -> Failure | None:
    """The first failure where none of the sessions has a score, each for a reason of its own."""
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    return failures[0] if failures and len(failures) == len(outcomes) else None


def _read(entries: Sequence[Entry]) -> tuple[list[Case], list[Entry]]:
    """What entries ask, and those of which that cannot be read: one must not hold up the others."""
    cases: list[Case] = []
    unread: list[Entry] = []
    for entry in entries:
        try:
            cases.append(Case(entry, question_of(entry.session)))
        except (msgspec.MsgspecError, ValueError):
            _log.exception("queued_session_not_read")
            unread.append(entry)
    return cases, unread
