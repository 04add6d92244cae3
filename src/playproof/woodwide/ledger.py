"""The ledger of publications, in the store: one process at a time publishes a live dataset, and carries on what others began."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence

import numpy as np

from playproof.dataset import LiveDataset
from playproof.errors import HostedReason, StoreUnavailable
from playproof.features import CATALOGUE_VERSION, NAMES
from playproof.ids import RandomBytes
from playproof.scoring.base import Floats
from playproof.store import Dataset, PublicationRecord, PublicationRow, Store
from playproof.woodwide.answers import Upload
from playproof.woodwide.caller import Sleep
from playproof.woodwide.flights import Passenger
from playproof.woodwide.mapping import Columns, Publication
from playproof.woodwide.model import HostedModel
from playproof.woodwide.publishing import Plan
from playproof.woodwide.uploads import Target

LEASE_SECONDS = 20.0
"""How long a process that died keeps others from publishing: no longer than from asking about its sessions, so that whoever does so
finds its plans."""
RENEW_SECONDS = 5.0
LONGEST_SECONDS = 1800.0
"""How long a publication is carried on, in all."""

_log = logging.getLogger(__name__)


class StoredLedger:
    """Keeps plans over the live dataset of a store. Belongs to one event loop.

    A session is in one open plan at a time. A process that dies leaves its plans open; whoever publishes next finds them by
    the sessions that board again.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        *,
        max_rows: int,
        holder: str,
        longest: float = LONGEST_SECONDS,
        random: RandomBytes = os.urandom,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Plans over dataset `name`, of at most `max_rows` rows unless more sessions board at once.

        `holder` names this process, as no other is named.
        """
        self._store = store
        self._live = LiveDataset(store)
        self._name = name
        self._max_rows = max_rows
        self._holder = holder
        self._random = random
        self._longest = longest
        self._sleep = sleep
        self._lease = f"publisher:{name}"
        self._leads = False
        self._datasets: dict[str, Dataset] = {}
        self._settled: list[str] = []

    async def plans(self, passengers: Sequence[Passenger[int]], model: HostedModel) -> Sequence[Plan[int]] | None:
        """See `playproof.woodwide.publishing.Ledger`. Raises `StoreUnavailable`, as all methods do."""
        return await asyncio.to_thread(self._plans, passengers, model)

    def _plans(self, passengers: Sequence[Passenger[int]], model: HostedModel) -> list[Plan[int]] | None:
        self._live.ensure_persistent_dataset(self._name)
        dataset = self._live.find(self._name)
        tables = self._store.publications
        settled = tuple(self._settled)
        found = tables.lead(dataset, self._lease, self._holder, LEASE_SECONDS, settled=settled, longest=self._longest)
        del self._settled[: len(settled)]
        self._leads = found is not None
        if found is None:
            return None
        self._datasets.clear()
        boarding = {passenger.key for passenger in passengers}
        plans: list[Plan[int]] = []
        for record, rows in found:
            aboard = {row.session_seq for row in rows if row.session_seq is not None}
            if aboard & boarding:
                boarding -= aboard
                plans.append(self._plan(record, rows, dataset))
        new = self._new(dataset, [passenger.key for passenger in passengers if passenger.key in boarding], model)
        return plans if new is None else [*plans, new]

    def _new(self, dataset: Dataset, numbers: list[int], model: HostedModel) -> Plan[int] | None:
        """A plan for these sessions, with company; `None` where all of them are gone."""
        tables = self._store.publications
        places = tables.rows_of_sessions(numbers)
        if not places:
            return None
        chosen, _ = self._live.company_rows(dataset.name, max(0, self._max_rows - len(places)))
        # Those that are asked for come first: of the result, only its beginning has to be read.
        rows = [PublicationRow(places[number], number) for number in numbers if number in places]
        rows += [PublicationRow(number, None) for number in chosen]
        record = PublicationRecord(
            id=f"pub_{self._random(16).hex()}",
            dataset=dataset.id,
            generation=dataset.generation,
            target_id=dataset.remote_id,
            target_name=None if dataset.remote_id is not None else dataset.remote_name,
            model_id=model.model_id,
            model_version_id=model.version_id,
            columns=model.columns.names,
        )
        tables.begin(record, rows)
        return self._plan(record, rows, dataset)

    def _plan(self, record: PublicationRecord, rows: Sequence[PublicationRow], dataset: Dataset) -> Plan[int]:
        upload = None
        if record.dataset_id is not None and record.version_id is not None and record.job_id is not None:
            upload = Upload(record.dataset_id, record.version_id, record.job_id)
        self._datasets[record.id] = dataset
        return Plan(
            id=record.id,
            model=HostedModel(record.model_id, record.model_version_id, Columns(record.columns)),
            target=Target(name=record.target_name, dataset_id=record.target_id),
            publication=Publication(tuple(row.session_seq for row in rows)),
            upload=upload,
            batch_job_id=record.batch_job_id,
        )

    async def rows(self, plan: Plan[int]) -> Floats:
        """See `Ledger`: NaN for what was erased meanwhile."""
        vectors = await asyncio.to_thread(self._store.publications.vectors, plan.id, CATALOGUE_VERSION)
        rows = np.full((len(vectors), len(NAMES)), np.nan)
        for place, vector in enumerate(vectors):
            if vector is not None:
                rows[place] = np.frombuffer(vector, dtype="<f8")
        return rows

    async def announced(self, plan: Plan[int], upload: Upload) -> None:
        """See `Ledger`."""
        dataset = self._datasets[plan.id]
        made = {"dataset_id": upload.dataset_id, "version_id": upload.version_id, "job_id": upload.job_id}
        await asyncio.to_thread(self._store.publications.announced, plan.id, dataset, target_id=plan.target.dataset_id, **made)

    async def begun(self, plan: Plan[int], job_id: str) -> None:
        """See `Ledger`."""
        await asyncio.to_thread(self._store.publications.begun, plan.id, job_id)

    async def settled(self, plan: Plan[int]) -> None:
        """See `Ledger`: noted with the next plan, so that a process that dies before its verdicts are stored is carried on."""
        self._settled.append(plan.id)

    async def over(self, plan: Plan[int], reason: HostedReason, *, lost: bool) -> None:
        """See `Ledger`."""
        dataset = self._datasets[plan.id]
        lost_id = (plan.upload.dataset_id if plan.upload is not None else plan.target.dataset_id) if lost else None
        await asyncio.to_thread(self._store.publications.over, plan.id, reason.value, dataset=dataset, lost_id=lost_id)

    async def hold(self) -> None:
        """Keep others from publishing as long as this process does; runs until it is cancelled."""
        while True:
            await self._sleep(RENEW_SECONDS)
            if self._leads:
                try:
                    self._leads = await asyncio.to_thread(self._store.leases.take, self._lease, self._holder, LEASE_SECONDS)
                except StoreUnavailable as error:
                    _log.warning("publisher_lease_not_renewed", extra={"error": str(error)})

    async def release(self) -> None:
        """Note what is settled, and let others publish."""
        settled, self._settled = self._settled, []
        await asyncio.to_thread(self._store.publications.settle, settled)
        if self._leads:
            self._leads = False
            await asyncio.to_thread(self._store.leases.give_up, self._lease, self._holder)
