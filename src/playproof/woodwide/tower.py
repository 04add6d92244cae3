"""The hosted model as flights ask it: by a strategy, and of whichever version is the newest when they leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from playproof.clock import Clock
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


class Tower:
    """Flies passengers, and keeps all that a flight needs. Belongs to one event loop."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        metrics: Metrics,
        clock: Clock,
        *,
        publishes: bool,
        patience: float,
        holder: str,
        random: RandomBytes,
    ) -> None:
        """With `publishes` the strategy is `dataset`, and inline while another process publishes; without it inline alone.

        A publication's jobs are waited for `patience` seconds. `holder` names who publishes, as nobody else is named. The settings
        name a model and a key.
        """
        assert settings.anomaly_model_id is not None
        name = settings.woodwide_persistent_dataset
        self.link = Link(connection_of(settings), metrics, clock)
        self._desk = Desk(settings.anomaly_model_id, store, clock)
        self._company = LiveCompany(store, name, settings.dataset_company_rows, clock)
        self._patience = patience
        self._ledger = None
        if publishes:
            longest = settings.woodwide_job_timeout
            self._ledger = StoredLedger(store, name, max_rows=settings.dataset_max_rows, holder=holder, longest=longest, random=random)
        self._by_version: dict[str, Fly[int]] = {}

    async def __call__(self, passengers: Sequence[Passenger[int]]) -> Mapping[int, Answer]:
        """The answers to `passengers`. Raises `HostedError`."""
        woodwide = await self.link.woodwide()
        model = await self._desk.current(woodwide)
        fly = self._by_version.get(model.version_id)
        if fly is None:
            fly = self._strategy(woodwide, model)
            self._by_version = {model.version_id: fly}
        return await fly(passengers)

    def yardstick(self, version_id: str) -> Yardstick:
        """What is known of a version that has scored. Raises `StoreUnavailable`; blocks."""
        return self._desk.yardstick(version_id)

    async def hold(self) -> None:
        """Keep others from publishing at the same time, until cancelled; returns where nothing is published."""
        if self._ledger is not None:
            await self._ledger.hold()

    async def close(self) -> None:
        """Let others publish, and let go of the connections. Raises `StoreUnavailable`."""
        try:
            if self._ledger is not None:
                await self._ledger.release()
        finally:
            await self.link.close()

    def _strategy(self, woodwide: Woodwide, model: HostedModel) -> Fly[int]:
        inline = Inline(woodwide.inference, model, self._company)
        if self._ledger is None:
            return inline
        return Publishing(woodwide, model, self._ledger, inline, patience=self._patience)
