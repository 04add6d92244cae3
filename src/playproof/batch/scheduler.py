"""The scheduler: looks every so often whether there is a batch to form, once for all processes, and works off what there is.

There is no leader. Every process tries to note the tick that is due, a row with a unique key, and whoever does works. So at
most one more process begins at each tick, however many there are, and a process that dies is replaced by the next one's tick.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Literal

import msgspec

from playproof.batch.inference import Inference
from playproof.batch.report import Report
from playproof.clock import Clock, milliseconds
from playproof.errors import StoreUnavailable
from playproof.store import FOREVER, Forming, Store
from playproof.woodwide.caller import Sleep

CLEARED = "cleared"
"""The `fallbackReason` of a session that an operator took out of the queue."""
LANES = 2
"""Batches at a time that the embedded model scores: one is written while the other is judged."""
FRUITLESS = 12
"""After so many batches in a row without one score a run ends. The largest batch there may be is halved nine times until one session
stands alone; where more than that fails, it is hardly the sessions, and each of them would cost two calls and be buried."""
STORE_PAUSE_SECONDS = 5.0
"""How long until a store that takes nothing is tried again."""

Stopped = Literal["empty", "enough", "paused", "off"]
"""Why no further batch was formed: there was none, so many were asked for, the provider is left alone or gave `FRUITLESS` batches no
score, or the scheduler was stopped."""

_log = logging.getLogger(__name__)


class Processed(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one run did."""

    batches: int = 0
    sessions: int = 0
    final: int = 0
    """Sessions whose verdict is final now, buried ones included."""
    buried: int = 0
    retried: int = 0
    """Sessions that failed for what they are and come again."""
    postponed: int = 0
    """Sessions put off for the provider's state."""
    stopped: Stopped = "empty"

    def plus(self, report: Report) -> Processed:
        """With one more batch."""
        return Processed(
            batches=self.batches + 1,
            sessions=self.sessions + report.sessions,
            final=self.final + report.final.total(),
            buried=self.buried + report.buried,
            retried=self.retried + report.retried.total(),
            postponed=self.postponed + report.postponed.total(),
        )

    def beside(self, other: Processed) -> Processed:
        """With what was done at the same time."""
        return Processed(
            batches=self.batches + other.batches,
            sessions=self.sessions + other.sessions,
            final=self.final + other.final,
            buried=self.buried + other.buried,
            retried=self.retried + other.retried,
            postponed=self.postponed + other.postponed,
            stopped=other.stopped if self.stopped == "empty" else self.stopped,
        )


class Cleared(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a queue that was cleared."""

    sessions: int
    """Taken out of it. Their verdicts, which were preliminary, are final now as they are, with `fallbackReason` `cleared`."""
    forgotten: int
    """Buried ones that can no longer be exhumed. Their verdicts were final already."""


class SchedulerStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the scheduler of all processes stands; times are milliseconds since 1970, UTC."""

    running: bool
    changed_at: int | None
    """When somebody started or stopped it; `None` where nobody has."""
    interval_seconds: float
    least: int
    most: int
    wait_seconds: float
    last_tick_at: int | None
    batches: int
    """Formed so far."""
    paused_until: int | None
    """Until when the hosted model is left alone after it failed."""
    failures: int
    """Of the hosted model in a row."""
    reason: str | None
    """Of the latest one."""


class Scheduler:
    """Forms batches on schedule or when told to. Belongs to one event loop; every method but `run` raises `StoreUnavailable`."""

    def __init__(
        self,
        store: Store,
        inference: Inference,
        rule: Forming,
        *,
        interval: timedelta,
        on: bool,
        longest: timedelta,
        keep: timedelta,
        holder: str,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`on` holds as long as nobody has started or stopped it; after `longest` nobody waits for a provider that is out any longer;
        what is settled is forgotten after `keep`."""
        self._tables = store.batch
        self._inference = inference
        self._rule = rule
        self._interval = interval // timedelta(milliseconds=1)
        self._on = on
        self._longest = longest
        self._keep = keep
        self._holder = holder
        self._clock = clock
        self._sleep = sleep

    async def run(self) -> None:
        """Look at every tick, for as long as the process lives."""
        while True:
            pause = 0.0
            try:
                await self.check()
            except StoreUnavailable as error:
                _log.warning("batches_wait_for_the_store", extra={"error": str(error)})
                pause = STORE_PAUSE_SECONDS
            except Exception:  # noqa: BLE001 - this loop must outlive whatever is wrong with one batch
                _log.exception("batch_failed")
            now = milliseconds(self._clock.now())
            await self._sleep(max(pause, (self._interval - now % self._interval) / 1000.0))

    async def check(self) -> Processed | None:
        """Do what the tick that is due now is for; `None` where another process does, or the scheduler is stopped.

        What has had its time leaves the queue either way.
        """
        now = milliseconds(self._clock.now())
        if not await asyncio.to_thread(self._tables.tick, now - now % self._interval, self._holder):
            return None
        await asyncio.to_thread(self._tables.purge, milliseconds(self._clock.now() - self._keep))
        if not self.running(await asyncio.to_thread(lambda: self._tables.gate().scheduler)):
            return None
        return await self._process(self._rule, None, scheduled=True)

    async def process(self, most: int | None = None) -> Processed:
        """Process what is due now, however few, whether or not the scheduler runs: at most so many batches.

        What another process works at is left to it; what was put off is not due, and a provider that asked for it is left alone.
        """
        return await self._process(Forming(1, 0, self._rule.most), most, scheduled=False)

    async def clear(self) -> Cleared:
        """Take all out of the queue that nobody works at.

        They keep the verdict they have, which is final now, with `fallbackReason` `cleared` and a webhook. Buried ones stay final
        as they are and can no longer be exhumed.
        """
        await asyncio.to_thread(self._tables.hasten)
        cleared = 0
        while report := await self._inference.conclude(FOREVER, CLEARED):
            cleared += report.final.total()
        return Cleared(sessions=cleared, forgotten=await asyncio.to_thread(self._tables.forget))

    async def start(self) -> bool:
        """Have batches be formed on schedule, in all processes and from now on; whether they were not."""
        return await asyncio.to_thread(lambda: self._tables.switch(True, default=self._on))

    async def stop(self) -> bool:
        """Have no batch be formed on schedule, in no process; whether any was. A batch that is under way is finished."""
        return await asyncio.to_thread(lambda: self._tables.switch(False, default=self._on))

    async def status(self) -> SchedulerStatus:
        """How it stands."""
        gate = await asyncio.to_thread(self._tables.gate)
        paused = self._inference.hosted and gate.paused_until > milliseconds(self._clock.now())
        return SchedulerStatus(
            running=self.running(gate.scheduler),
            changed_at=gate.changed_at,
            interval_seconds=self._interval / 1000.0,
            least=self._rule.least,
            most=self._rule.most,
            wait_seconds=self._rule.wait / 1000.0,
            last_tick_at=await asyncio.to_thread(self._tables.last_tick),
            batches=gate.batches,
            paused_until=gate.paused_until if paused else None,
            failures=gate.failures,
            reason=gate.reason,
        )

    def running(self, said: bool | None) -> bool:
        """Whether batches are formed on schedule, given what somebody has said, if anybody has."""
        return self._on if said is None else said

    async def _process(self, rule: Forming, most: int | None, *, scheduled: bool) -> Processed:
        # A provider is asked about one batch at a time, and so many batches are counted one by one.
        lanes = 1 if self._inference.hosted or most is not None else LANES
        running = (self._lane(rule, most, scheduled=scheduled) for _ in range(lanes))
        done = Processed()
        for other in await asyncio.gather(*running, return_exceptions=True):  # none is left alone where another fails
            if isinstance(other, BaseException):
                raise other
            done = done.beside(other)
        return done

    async def _lane(self, rule: Forming, most: int | None, *, scheduled: bool) -> Processed:
        done = Processed()
        fruitless = 0
        while most is None or done.batches < most:
            gate = await asyncio.to_thread(self._tables.gate)
            if scheduled and not self.running(gate.scheduler):
                return msgspec.structs.replace(done, stopped="off")
            now = self._clock.now()
            if self._inference.hosted and gate.paused_until > milliseconds(now):
                report = await self._inference.conclude(milliseconds(now - self._longest), gate.reason or CLEARED)
                if report is None:
                    return msgspec.structs.replace(done, stopped="paused")
            else:
                report = await self._inference.next(rule)
                if report is None:
                    return done
            done = done.plus(report)
            fruitless = 0 if report.final.total() > report.buried else fruitless + 1
            # The provider is in trouble, and the next tick is soon enough to try again.
            if report.postponed or fruitless == FRUITLESS:
                return msgspec.structs.replace(done, stopped="paused")
        return msgspec.structs.replace(done, stopped="enough")
