"""The batch system as one process runs it: composed from settings, alive as long as its context."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from playproof.batch.inference import Inference
from playproof.batch.queue import SessionQueue
from playproof.batch.report import Report
from playproof.batch.retry import Retry
from playproof.batch.scheduler import Scheduler
from playproof.batch.scorers import BatchScorer, Embedded, Hosted
from playproof.batch.settling import Settling
from playproof.batch.watch import batch_observer, watch
from playproof.clock import Clock
from playproof.decision import Judge
from playproof.errors import StoreUnavailable
from playproof.ids import RandomBytes, process_name
from playproof.observe.metrics import Metrics
from playproof.store import Forming, Store
from playproof.woodwide.settlement import WriteNotice
from playproof.woodwide.tower import Tower, tower_of

if TYPE_CHECKING:
    from playproof.settings import Settings

_log = logging.getLogger(__name__)


class Batch:
    """What one process has of the batch system; entering it starts the scheduler's loop, where the process works at batches."""

    def __init__(
        self,
        settings: Settings,
        judge: Judge,
        store: Store,
        metrics: Metrics,
        clock: Clock,
        *,
        holder: str,
        tower: Tower | None = None,
        notice: WriteNotice | None = None,
        noticed: Callable[[], None] | None = None,
        random: RandomBytes = os.urandom,
    ) -> None:
        """`holder` is this process's name, as no other has it. The hosted model is asked by way of `tower`, which flies as long as this
        lives; without it the embedded model scores. `notice` writes what a site is told, which without it is told nothing, and `noticed`
        is called when there may be something to tell.
        """
        longest = timedelta(seconds=settings.result_wait_max)
        retry = Retry(settings.batch_attempts, random)
        scorer: BatchScorer = Embedded(judge)
        if tower is not None:
            scorer = Hosted(judge, tower.publishing(settings.woodwide_job_timeout, waits=True), tower.yardstick)
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._holder = holder
        self._count = batch_observer(metrics)
        self._noticed = noticed
        self._works = settings.batch_work
        self.queue = SessionQueue(store, most=settings.batch_queue_max, clock=clock)
        self.inference = Inference(
            store,
            scorer,
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
        self._tasks = [asyncio.create_task(watch(self._store, self.scheduler, self._metrics, self._clock), name="batch-watch")]
        if self._works:
            self._tasks.append(asyncio.create_task(self.scheduler.run(), name="batch-scheduler"))
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.release()

    async def release(self) -> None:
        """Let others have what this process has claimed; without it they wait for a minute."""
        try:
            await asyncio.to_thread(self._store.batch.release, self._holder)
        except StoreUnavailable as failure:
            _log.warning("batch_not_released", extra={"error": str(failure)})

    def _heard(self, report: Report) -> None:
        self._count(report)
        if self._noticed is not None and report.final:
            self._noticed()


@contextlib.asynccontextmanager
async def batch_alone(
    settings: Settings, judge: Judge, store: Store, metrics: Metrics, clock: Clock, *, notice: WriteNotice | None = None
) -> AsyncIterator[Batch]:
    """The batch system for whoever wants one thing of it, in a process of its own: without its loops. The arguments are as for `Batch`."""
    holder = process_name(os.urandom)
    await asyncio.to_thread(store.holders.announce, holder)
    tower = tower_of(settings, store, metrics, clock, holder=holder)
    batch = Batch(settings, judge, store, metrics, clock, holder=holder, tower=tower, notice=notice)
    async with tower or contextlib.nullcontext():
        try:
            yield batch
        finally:
            await batch.release()
