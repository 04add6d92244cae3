"""Retention, the window of the live dataset, and the watch over the parent of a worker process."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from playproof.clock import Clock
from playproof.dataset import LiveDataset
from playproof.errors import StoreError
from playproof.observe.metrics import Metrics
from playproof.service import live_of
from playproof.store import KEEP_SIGNATURES, Live, Store

if TYPE_CHECKING:
    from playproof.settings import Settings

PURGE_EVERY_SECONDS = 600.0

_log = logging.getLogger("playproof.retention")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is stored stays."""

    telemetry: timedelta
    verdicts: timedelta
    live: Live
    """The live dataset, whose window is kept short."""
    signatures: timedelta = KEEP_SIGNATURES


def retention_of(settings: Settings) -> Retention:
    """How long it stays where `settings` say so."""
    return Retention(
        timedelta(seconds=settings.keep_telemetry),
        timedelta(seconds=settings.keep_verdicts),
        live_of(settings),
        timedelta(seconds=settings.keep_signatures),
    )


async def purge_for_ever(store: Store, retention: Retention, clock: Clock, metrics: Metrics, every: float = PURGE_EVERY_SECONDS) -> None:
    """Purge now, and again every `every` seconds, until cancelled. A store that cannot purge now is asked again."""
    while True:
        try:
            purged = await asyncio.to_thread(store.purge, clock.now(), retention.telemetry, retention.verdicts, retention.signatures)
            await asyncio.to_thread(LiveDataset(store).cleanup_dataset, retention.live.name, retention.live.max_rows)
        except StoreError as error:
            _log.warning("retention postponed", extra={"error": str(error)})
            metrics.count("playproof_retention_runs_total", "postponed")
        else:
            metrics.count("playproof_retention_runs_total", "done")
            for what, many in msgspec.structs.asdict(purged).items():
                metrics.count("playproof_purged_total", what, by=many)
        await asyncio.sleep(every)


def leave_with_parent(loop: asyncio.AbstractEventLoop) -> None:
    """Have a worker process stop when the one that started it is gone, so that none lingers on the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        loop.add_reader(parent.sentinel, _leave, loop, parent.sentinel)


def _leave(loop: asyncio.AbstractEventLoop, sentinel: int) -> None:
    loop.remove_reader(sentinel)
    os.kill(os.getpid(), signal.SIGTERM)
