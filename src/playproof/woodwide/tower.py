"""The hosted model as all flights of one process ask it: by a strategy, and of whichever version is the newest when they leave."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

from playproof.clock import Clock
from playproof.errors import StoreUnavailable
from playproof.ids import RandomBytes
from playproof.observe.metrics import Metrics
from playproof.store import Store
from playproof.woodwide.client import Woodwide
from playproof.woodwide.company import LiveCompany
from playproof.woodwide.connection import connection_of
from playproof.woodwide.desk import Desk
from playproof.woodwide.flights import Fly, Passenger
from playproof.woodwide.inline import Inline
from playproof.woodwide.ledger import StoredLedger
from playproof.woodwide.link import Link
from playproof.woodwide.mapping import Answer
from playproof.woodwide.model import HostedModel
from playproof.woodwide.publishing import Publishing
from playproof.woodwide.settlement import Yardstick

if TYPE_CHECKING:
    from playproof.settings import Settings


_log = logging.getLogger(__name__)


class Tower:
    """Flies passengers, and keeps all that a flight needs. Belongs to one event loop, for as long as its context lasts."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        metrics: Metrics,
        clock: Clock,
        *,
        holder: str,
        random: RandomBytes = os.urandom,
    ) -> None:
        """`holder` names who publishes, as nobody else is named. The settings name a model and a key."""
        assert settings.anomaly_model_id is not None
        name = settings.woodwide_persistent_dataset
        self.link = Link(connection_of(settings), metrics, clock)
        self._desk = Desk(settings.anomaly_model_id, store, clock)
        self._company = LiveCompany(store, name, settings.dataset_company_rows, clock)
        longest = settings.woodwide_job_timeout
        self._ledger = StoredLedger(store, name, max_rows=settings.dataset_max_rows, holder=holder, longest=longest, random=random)
        self._turn = asyncio.Lock()
        self._holding: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._holding = asyncio.create_task(self._ledger.hold(), name="woodwide-publisher")
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._holding is not None
        self._holding.cancel()
        await asyncio.gather(self._holding, return_exceptions=True)
        try:
            await self._ledger.release()
        except StoreUnavailable as failure:
            _log.warning("publisher_not_released", extra={"error": str(failure)})
        finally:
            await self.link.close()

    async def inline(self, passengers: Sequence[Passenger[int]]) -> Mapping[int, Answer]:
        """The answers to `passengers` by strategy `inline`. Raises `HostedError`."""
        woodwide, model = await self._current()
        return await self._inline(woodwide, model)(passengers)

    def publishing(self, patience: float, *, waits: bool) -> Fly[int]:
        """Strategy `dataset`, and inline while another process publishes. A publication's jobs are waited for `patience` seconds.

        One publication of a process is under way at a time. Whoever `waits` comes next, and who does not flies inline meanwhile.
        """

        async def fly(passengers: Sequence[Passenger[int]]) -> Mapping[int, Answer]:
            if self._turn.locked() and not waits:
                return await self.inline(passengers)
            async with self._turn:
                woodwide, model = await self._current()
                strategy = Publishing(woodwide, model, self._ledger, self._inline(woodwide, model), patience=patience)
                return await strategy(passengers)

        return fly

    def yardstick(self, version_id: str) -> Yardstick:
        """What is known of a version that has scored. Raises `StoreUnavailable`; blocks."""
        return self._desk.yardstick(version_id)

    async def _current(self) -> tuple[Woodwide, HostedModel]:
        """Who is asked now, and about which model. Raises `HostedError`."""
        woodwide = await self.link.woodwide()
        return woodwide, await self._desk.current(woodwide)

    def _inline(self, woodwide: Woodwide, model: HostedModel) -> Inline:
        return Inline(woodwide.inference, model, self._company)


def tower_of(settings: Settings, store: Store, metrics: Metrics, clock: Clock, *, holder: str) -> Tower | None:
    """The tower that `settings` describe; `None` where they name no hosted model or no key."""
    if not settings.anomaly_model_id or connection_of(settings) is None:
        return None
    return Tower(settings, store, metrics, clock, holder=holder)
