"""What runs beside the requests, and is all there is of a process that takes none."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from playproof.errors import StoreUnavailable
from playproof.web.retention import Retention, purge_for_ever
from playproof.web.services import Services

RELIEVE_SECONDS = 5.0
"""How often a process looks for what others left behind that died."""

_log = logging.getLogger("playproof.web")


@contextlib.asynccontextmanager
async def running(services: Services, retention: Retention) -> AsyncIterator[None]:
    """As long as this lasts, deliver webhooks, ask the hosted model, follow trainings, work at batches, look for campaigns, and remove
    what has had its time.

    Closes the store at the end, when everything has let go of it.
    """
    loops = (
        asyncio.create_task(purge_for_ever(services.store, retention, services.clock, services.metrics), name="retention"),
        asyncio.create_task(_relieve_for_ever(services), name="relief"),
        asyncio.create_task(services.desk.campaigns.look_for_ever(), name="campaigns"),
    )
    try:
        await asyncio.to_thread(services.store.holders.announce, services.holder)
        async with contextlib.AsyncExitStack() as stack:
            # Whoever is asked by others comes first, and ends after them.
            for part in (services.tower, services.webhooks, services.hosted, services.training, services.batch):
                if part is not None:
                    await stack.enter_async_context(part)
            yield
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await asyncio.to_thread(services.store.close)


async def _relieve_for_ever(services: Services) -> None:
    """Let go of what processes held that died, and have it be taken up here."""
    while True:
        try:
            relieved = await asyncio.to_thread(services.store.holders.relieve)
        except StoreUnavailable as error:
            _log.warning("the_dead_not_relieved", extra={"error": str(error)})
        else:
            for part in (services.webhooks, services.hosted, services.training) if relieved else ():
                if part is not None:
                    part.hurry()
        await asyncio.sleep(RELIEVE_SECONDS)
