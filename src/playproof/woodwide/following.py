"""Training as one server process has it: what was begun is followed to its end, whichever process began it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Self

from playproof.clock import Clock
from playproof.errors import HostedError, StoreUnavailable
from playproof.ids import RandomBytes
from playproof.observe.metrics import Metrics
from playproof.store import Store
from playproof.woodwide.company import LiveCompany
from playproof.woodwide.connection import connection_of
from playproof.woodwide.inline import Company
from playproof.woodwide.link import Link
from playproof.woodwide.trainer import Trainer

if TYPE_CHECKING:
    from playproof.settings import Settings

LOOK_SECONDS = 15.0
"""How often a process looks for what others began."""
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 600.0
"""How long what failed for now is left alone: twice as long each time, up to this."""

_log = logging.getLogger(__name__)


class Follower:
    """Follows uploads and trainings. Belongs to one event loop, for as long as its context lasts."""

    def __init__(
        self,
        link: Link,
        store: Store,
        live: str,
        company: Company,
        clock: Clock,
        *,
        closes: bool,
        holder: str,
        random: RandomBytes = os.urandom,
    ) -> None:
        """`live` is the live dataset, and `company` that of new rows; `closes` says that `link` is nobody else's.

        `holder` is this process's name, as no other has it.
        """
        self._link = link
        self._closes = closes
        self._store = store
        self.live = live
        self._company = company
        self._holder = holder
        self._clock = clock
        self._random = random
        self._more = asyncio.Event()
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, int] = {}
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._looking = asyncio.create_task(self._look_for_ever(), name="woodwide-follow")
        return self

    async def __aexit__(self, *error: object) -> None:
        tasks = [task for task in (self._looking, *self._under_way.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._closes:
            await self._link.close()

    async def trainer(self) -> Trainer:
        """A trainer of this process. Raises `HostedError`."""
        woodwide = await self._link.woodwide()
        return Trainer(woodwide, self._store, self._company, holder=self._holder, clock=self._clock, random=self._random)

    def hurry(self) -> None:
        """Say that something was begun just now."""
        self._more.set()

    async def _look_for_ever(self) -> None:
        while True:
            try:
                await self._look()
            except StoreUnavailable as error:
                _log.warning("trainings_wait_for_the_store", extra={"error": str(error)})
            self._more.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):  # `wait_for` of Python 3.11 can lose a cancellation
                    await self._more.wait()

    async def _look(self) -> None:
        uploads, records = await asyncio.to_thread(self._store.hosted.unfinished)
        for upload in uploads:
            self._follow(upload.id, lambda trainer, name: trainer.supply.ingested(name))
        for record in records:
            self._follow(record.version_id, lambda trainer, name: trainer.finished(name))

    def _follow(self, name: str, work: Callable[[Trainer, str], Awaitable[object]]) -> None:
        if name not in self._under_way:
            self._under_way[name] = asyncio.create_task(self._followed(name, work), name=f"woodwide-{name}")

    async def _followed(self, name: str, work: Callable[[Trainer, str], Awaitable[object]]) -> None:
        try:
            await work(await self.trainer(), name)
            self._failures.pop(name, None)
            _log.info("training_step_done", extra={"id": name})
        except (HostedError, StoreUnavailable) as error:
            failures = self._failures[name] = self._failures.get(name, 0) + 1
            pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** (failures - 1))
            _log.warning("training_step_held_up", extra={"id": name, "error": str(error), "seconds": pause})
            await asyncio.sleep(pause)
        except Exception:  # noqa: BLE001 - what is wrong with one training must not end the others
            _log.exception("training_step_broke", extra={"id": name})
            await asyncio.sleep(LONGEST_PAUSE_SECONDS)
        finally:
            del self._under_way[name]


def follower_of(settings: Settings, store: Store, metrics: Metrics, clock: Clock, link: Link | None, *, holder: str) -> Follower | None:
    """The follower that `settings` describe, by way of `link` where there is one already; `None` where there is no key."""
    connection = connection_of(settings)
    if connection is None:
        return None
    live = settings.woodwide_persistent_dataset
    company = LiveCompany(store, live, settings.dataset_company_rows, clock)
    return Follower(link or Link(connection, metrics, clock), store, live, company, clock, closes=link is None, holder=holder)
