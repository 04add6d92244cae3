"""What metrics and the log say of batches."""

from __future__ import annotations

import asyncio
import logging

from playproof.batch.report import Listener, Report
from playproof.batch.scheduler import Scheduler
from playproof.clock import Clock, milliseconds
from playproof.errors import StoreUnavailable
from playproof.observe.metrics import Metrics
from playproof.store import Store
from playproof.woodwide.caller import Sleep

WATCH_SECONDS = 15.0

_log = logging.getLogger(__name__)


def batch_observer(metrics: Metrics) -> Listener:
    """A listener that counts every batch, and logs those that failed as one structured line each."""

    def note(report: Report) -> None:
        metrics.count("playproof_batches_total", report.outcome)
        metrics.observe("playproof_batch_sessions", report.sessions)
        metrics.observe("playproof_batch_seconds", report.seconds)
        metrics.observe("playproof_batch_store_seconds", report.claiming, "claim")
        metrics.observe("playproof_batch_store_seconds", report.storing, "end")
        metrics.count("playproof_batch_lost_total", by=report.lost)
        for tried in report.tried:
            metrics.observe("playproof_batch_attempts", tried)
        for name, counts in (("settled", report.final), ("retries", report.retried), ("postponed", report.postponed)):
            for label, sessions in counts.items():
                metrics.count(f"playproof_batch_{name}_total", label, by=sessions)
        if report.failure is not None:
            told = {"reason": report.failure.reason, "sessions": report.sessions, "seconds": round(report.seconds, 3)}
            _log.warning("batch_failed", extra={**told, "detail": report.failure.error})

    return note


async def watch(store: Store, scheduler: Scheduler, metrics: Metrics, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
    """Show how the queue stands, for as long as the process lives."""
    while True:
        try:
            backlog = await asyncio.to_thread(store.batch.backlog)
            status = await scheduler.status()
        except StoreUnavailable as error:
            _log.warning("batch_queue_not_counted", extra={"error": str(error)})
        else:
            now = milliseconds(clock.now())
            for state in ("queued", "claimed", "settled", "buried"):
                metrics.put("playproof_batch_entries", getattr(backlog, state), state)
            metrics.put("playproof_batch_oldest_seconds", max(0, now - (backlog.oldest_enqueued_at or now)) / 1000.0)
            metrics.put("playproof_batch_scheduler_running", status.running)
            metrics.put("playproof_batch_paused_seconds", max(0, (status.paused_until or now) - now) / 1000.0)
        await sleep(WATCH_SECONDS)
