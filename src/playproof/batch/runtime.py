"""The batch system as one process runs it: composed from settings, alive as long as its context."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from playproof.batch.inference import Inference
from playproof.batch.queue import SessionQueue
from playproof.batch.report import Report
from playproof.batch.retry import Retry
from playproof.batch.scheduler import Scheduler
from playproof.batch.scorers import Embedded, Hosted
from playproof.batch.settling import Settling
from playproof.batch.watch import batch_observer, watch
from playproof.clock import Clock
from playproof.decision import Judge
from playproof.errors import StoreUnavailable
from playproof.ids import RandomBytes, process_name
from playproof.observe.metrics import Metrics
from playproof.store import Forming, Store
from playproof.woodwide.connection import connection_of
from playproof.woodwide.settlement import WriteNotice
from playproof.woodwide.tower import Tower

if TYPE_CHECKING:
    from playproof.settings import Settings

_log = logging.getLogger(__name__)


class Batch:
    """What one process has of the batch system; entering it starts the scheduler's loop, unless it is there for one thing alone."""

    def __init__(
        self,
        settings: Settings,
        judge: Judge,
        store: Store,
        metrics: Metrics,
        clock: Clock,
        *,
        notice: WriteNotice | None = None,
        noticed: Callable[[], None] | None = None,
        loops: bool = True,
        random: RandomBytes = os.urandom,
    ) -> None:
        """`notice` writes what a site is told, which without it is told nothing; `noticed` is called when there may be something to tell.

        Where the settings name a hosted model and a key, it is asked; else the embedded model scores. Without `loops` nothing is formed
        or counted but what is asked for.
        """
        holder = process_name(random)
        longest = timedelta(seconds=settings.result_wait_max)
        retry = Retry(settings.batch_attempts, random)
        self._hosted = None
        if settings.anomaly_model_id and connection_of(settings) is not None:
            patience = settings.woodwide_job_timeout
            self._hosted = Tower(settings, store, metrics, clock, publishes=True, patience=patience, holder=holder, random=random)
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._holder = holder
        self._count = batch_observer(metrics)
        self._noticed = noticed
        self._loops = loops
        self.queue = SessionQueue(store, most=settings.batch_queue_max, clock=clock)
        self.inference = Inference(
            store,
            Embedded(judge) if self._hosted is None else Hosted(judge, self._hosted, self._hosted.yardstick),
            Settling(judge, retry, longest=longest, notice=notice, clock=clock),
            retry,
            holder=holder,
            clock=clock,
            listener=self._heard,
        )
        self.scheduler = Scheduler(
            store,
            self.inference,
            Forming(settings.batch_min, int(settings.batch_wait * 1000), settings.batch_max),
            interval=timedelta(seconds=settings.batch_interval),
            on=settings.batch_scheduler,
            longest=longest,
            keep=timedelta(seconds=settings.batch_keep),
            holder=holder,
            clock=clock,
        )
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._store.holders.announce, self._holder)
        if self._loops:
            self._tasks = [
                asyncio.create_task(self.scheduler.run(), name="batch-scheduler"),
                asyncio.create_task(watch(self._store, self.scheduler, self._metrics, self._clock), name="batch-watch"),
            ]
        if self._hosted is not None:
            self._tasks.append(asyncio.create_task(self._hosted.hold(), name="batch-publisher"))
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await asyncio.to_thread(self._store.batch.release, self._holder)
            if self._hosted is not None:
                await self._hosted.close()
        except StoreUnavailable as failure:
            _log.warning("batch_not_released", extra={"error": str(failure)})

    def _heard(self, report: Report) -> None:
        self._count(report)
        if self._noticed is not None and report.final:
            self._noticed()
