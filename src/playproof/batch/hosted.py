"""How a batch reaches the hosted model: through the live dataset, published with its sessions in it."""

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
from playproof.woodwide.tower import Tower

if TYPE_CHECKING:
    from playproof.settings import Settings


class HostedFlights:
    """Sends the sessions of a batch by strategy `dataset`, and inline while another process publishes. Belongs to one event loop."""

    def __init__(self, settings: Settings, store: Store, metrics: Metrics, clock: Clock, *, holder: str, random: RandomBytes) -> None:
        """`holder` names who publishes, as nobody else is named. The settings name a model and a key."""
        assert settings.anomaly_model_id is not None
        name = settings.woodwide_persistent_dataset
        self._link = Link(connection_of(settings), metrics, clock)
        self._company = LiveCompany(store, name, settings.dataset_company_rows, clock)
        self._desk = Desk(settings.anomaly_model_id, store, clock)
        self._tower = Tower(self._link, self._desk, self._strategy)
        self._patience = settings.woodwide_job_timeout
        self._ledger = StoredLedger(
            store, name, max_rows=settings.dataset_max_rows, holder=holder, longest=settings.woodwide_job_timeout, random=random
        )

    async def __call__(self, passengers: Sequence[Passenger[int]]) -> Mapping[int, Answer]:
        """The answers to `passengers`, by publication. Raises `HostedError`."""
        return await self._tower(passengers)

    def yardstick(self, version_id: str) -> Yardstick:
        """What is known of a version that has scored. Raises `StoreUnavailable`; blocks."""
        return self._desk.yardstick(version_id)

    async def hold(self) -> None:
        """Keep others from publishing at the same time; runs until it is cancelled."""
        await self._ledger.hold()

    async def close(self) -> None:
        """Let others publish, and let go of the connections. Raises `StoreUnavailable`."""
        try:
            await self._ledger.release()
        finally:
            await self._link.close()

    def _strategy(self, woodwide: Woodwide, model: HostedModel) -> Fly[int]:
        inline = Inline(woodwide.inference, model, self._company)
        return Publishing(woodwide, model, self._ledger, inline, patience=self._patience)
