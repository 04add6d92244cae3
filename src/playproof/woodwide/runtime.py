"""The hosted scorer as one server process runs it: composed from settings, alive as long as its context."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from playproof.clock import Clock, milliseconds
from playproof.decision import Judge
from playproof.errors import HostedError, StoreUnavailable
from playproof.ids import RandomBytes
from playproof.observe.metrics import Metrics
from playproof.store import Store
from playproof.woodwide.breaker import Breaker, State
from playproof.woodwide.flights import Flights
from playproof.woodwide.realtime import Realtime
from playproof.woodwide.report import flight_observer, settled_observer
from playproof.woodwide.resume import Resume
from playproof.woodwide.settlement import Settled, Settlement, WriteNotice
from playproof.woodwide.tower import Tower

if TYPE_CHECKING:
    from playproof.settings import Settings

MOST_TOGETHER = 500
"""Sessions of one flight: some hundred kilobytes beside their company."""
WATCH_SECONDS = 10.0

_log = logging.getLogger(__name__)


class Hosted:
    """What one server process has of the hosted scorer."""

    def __init__(
        self,
        settings: Settings,
        judge: Judge,
        store: Store,
        metrics: Metrics,
        clock: Clock,
        *,
        tower: Tower,
        holder: str,
        notice: WriteNotice | None = None,
        noticed: Callable[[], None] | None = None,
        random: RandomBytes = os.urandom,
    ) -> None:
        """`tower` flies as long as this lives; `holder` is this process's name, as no other has it. `notice` writes what a site is told,
        which without it is told nothing, and `noticed` is called when there may be something to tell."""
        self.deadline = settings.woodwide_deadline_ms / 1000.0
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._holder = holder
        self._tower = tower
        publishes = settings.woodwide_strategy == "dataset"
        fly = tower.publishing(settings.woodwide_infer_timeout, waits=False) if publishes else tower.inline
        breaker = Breaker(clock, failures=settings.woodwide_breaker_failures, rest=settings.woodwide_breaker_rest)
        self._breaker = breaker
        self._flights = Flights(fly, most=MOST_TOGETHER, breaker=breaker, clock=clock, listener=flight_observer(metrics))
        settlement = Settlement(
            judge,
            store,
            tower.yardstick,
            holder=holder,
            longest=timedelta(seconds=settings.result_wait_max),
            notice=notice,
            clock=clock,
            random=random,
        )
        self._count = settled_observer(metrics)
        self._noticed = noticed
        self.realtime = Realtime(self._flights, breaker, settlement, self._heard)
        self._resume = Resume(store, self.realtime, breaker, holder, clock)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._connect()
        self._tasks = [
            asyncio.create_task(self._resume.run(), name="woodwide-resume"),
            asyncio.create_task(self._resume.hold(), name="woodwide-hold"),
            asyncio.create_task(self._watch(), name="woodwide-watch"),
        ]
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._flights.close()
        await self.realtime.close()
        await self._release()

    def hurry(self) -> None:
        """Say that there may be sessions to ask about."""
        self._resume.hurry()

    async def _connect(self) -> None:
        """Load what Woodwide is asked with, which takes a while and would hold up whoever came meanwhile."""
        with contextlib.suppress(HostedError):
            await self._tower.link.woodwide()

    async def _watch(self) -> None:
        """Show how many sessions are awaited, and whether calls are made."""
        while True:
            self._metrics.put("playproof_woodwide_breaker_open", self._breaker.state is not State.CLOSED)
            try:
                depth = await asyncio.to_thread(self._store.awaited.depth)
            except StoreUnavailable as error:
                _log.warning("awaited_sessions_not_counted", extra={"error": str(error)})
            else:
                oldest = depth.oldest_received_at
                waited = 0.0 if oldest is None else milliseconds(self._clock.now()) - oldest
                self._metrics.put("playproof_awaited_sessions", depth.waiting)
                self._metrics.put("playproof_awaited_oldest_seconds", max(0.0, waited / 1000.0))
            await asyncio.sleep(WATCH_SECONDS)

    def _heard(self, settled: Settled) -> None:
        self._count(settled)
        self._resume.heard(settled)
        if self._noticed is not None and settled.verdict is not None and settled.verdict.status == "final":
            self._noticed()

    async def _release(self) -> None:
        """Others need not wait until the holds of this process run out."""
        try:
            await asyncio.to_thread(self._store.awaited.release, self._holder)
        except StoreUnavailable as error:
            _log.warning("holds_not_released", extra={"error": str(error)})
