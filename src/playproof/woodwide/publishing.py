"""Strategy `dataset`: the live dataset's window is published as a version of one dataset, and scored there as a whole.

Whatever is begun is kept in a ledger before it is waited for, so that a process that dies anywhere leaves a plan that
another carries on: announcing is one and the same under the plan's id, sending may be repeated, and the same batch asked
for twice is one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from playproof.errors import HostedError, HostedReason
from playproof.scoring.base import Floats
from playproof.woodwide.answers import WAITING_FOR_UPLOAD, Upload
from playproof.woodwide.client import Woodwide
from playproof.woodwide.flights import Fly, Passenger
from playproof.woodwide.mapping import Answer, Publication, parquet_file
from playproof.woodwide.model import HostedModel
from playproof.woodwide.uploads import Target

K = TypeVar("K", bound=Hashable)

LOST = frozenset({HostedReason.NOT_FOUND, HostedReason.REFUSED, HostedReason.JOB_REJECTED})
"""Why a dataset is lost: it was deleted, or takes these rows no more."""
_OVER = LOST | {HostedReason.JOB_FAILED, HostedReason.JOB_CANCELED}
"""Why there is no sense in carrying on with a plan."""
_AGAIN = frozenset({HostedReason.JOB_FAILED, HostedReason.JOB_REJECTED, HostedReason.JOB_CANCELED, HostedReason.VERSION_MISMATCH})
"""Why a batch is begun anew."""


@dataclass(frozen=True, slots=True)
class Plan(Generic[K]):
    """One publication, as the ledger has it."""

    id: str
    """Never given to another; Woodwide knows the upload by it."""
    target: Target
    """The dataset, by its id, or by its name as long as Woodwide has none."""
    publication: Publication[K]
    upload: Upload | None = None
    """What was announced."""
    batch_job_id: str | None = None
    """What scores it."""


class Ledger(Protocol[K]):
    """Keeps plans; everything is on disk when it returns."""

    async def plan(self, passengers: Sequence[Passenger[K]]) -> Plan[K]:
        """A new plan: the window with the rows of `passengers` in it."""
        ...

    async def rows(self, plan: Plan[K]) -> Floats:
        """The catalogue rows (n, k) of a plan, the same whenever it is asked, in the order of its publication."""
        ...

    async def announced(self, plan: Plan[K], upload: Upload) -> None:
        """The upload of `plan` has these ids. The dataset's is that of all later plans."""
        ...

    async def begun(self, plan: Plan[K], job_id: str) -> None:
        """The rows of `plan` are being scored by this job."""
        ...

    async def over(self, plan: Plan[K], reason: HostedReason, *, lost: bool) -> None:
        """Nothing comes of `plan`. Where its dataset is `lost`, later plans go to one replacement."""
        ...


class Publishing(Generic[K]):
    """Flies passengers by a publication."""

    def __init__(self, woodwide: Woodwide, model: HostedModel, ledger: Ledger[K], meanwhile: Fly[K]) -> None:
        """`meanwhile` scores passengers whose dataset is lost."""
        self._woodwide = woodwide
        self._model = model
        self._ledger = ledger
        self._meanwhile = meanwhile

    async def __call__(self, passengers: Sequence[Passenger[K]]) -> Mapping[K, Answer]:
        """The answers to `passengers`. Raises `HostedError`; a plan that was made stays to be carried on."""
        plan = await self._ledger.plan(passengers)
        upload = await self._ingested(plan)
        if upload is None:
            return await self._meanwhile(passengers)
        answers = await self._scored(plan, upload)
        return {passenger.key: answers[passenger.key] for passenger in passengers}

    async def carry_on(self, plan: Plan[K]) -> Mapping[K, Answer]:
        """What is left of `plan`: the answers to every session in it, none where its dataset is lost. Raises `HostedError`."""
        upload = await self._ingested(plan)
        return await self._scored(plan, upload) if upload is not None else {}

    async def _ingested(self, plan: Plan[K]) -> Upload | None:
        """The upload of `plan`, once its version can be scored; None where the dataset is lost. Raises `HostedError`."""
        upload = plan.upload
        try:
            if upload is None or (await self._woodwide.jobs.get(upload.job_id)).status == WAITING_FOR_UPLOAD:
                upload = await self._sent(plan)
            await self._woodwide.jobs.wait(upload.job_id, "dataset_ingest")
            return upload
        except HostedError as error:
            if error.reason not in _OVER:
                raise
            failure = error
        lost = failure.reason in LOST
        await self._ledger.over(plan, failure.reason, lost=lost)
        if lost:
            return None
        raise failure

    async def _sent(self, plan: Plan[K]) -> Upload:
        async def keep(upload: Upload) -> None:
            await self._ledger.announced(plan, upload)

        rows = await self._ledger.rows(plan)
        file = await asyncio.to_thread(parquet_file, rows, self._model.columns, plan.id)
        uploads = self._woodwide.uploads
        try:
            return await uploads.signed(file, plan.target, key=plan.id, keep=keep)
        except HostedError as error:
            if plan.target.name is None or error.reason is not HostedReason.CONFLICT:
                raise
            name, conflict = plan.target.name, error
        # Somebody else has made the dataset meanwhile.
        dataset = await self._woodwide.datasets.find(name)
        if dataset is None:
            raise conflict
        return await uploads.signed(file, Target(dataset_id=dataset.id), key=f"{plan.id}-adopted", keep=keep)

    async def _scored(self, plan: Plan[K], upload: Upload) -> Mapping[K, Answer]:
        """The answers to everybody in `plan`; a batch that was begun before and came to nothing is begun once more."""
        if plan.batch_job_id is not None:
            try:
                return await self._collected(plan, upload, plan.batch_job_id)
            except HostedError as error:
                if error.reason not in _AGAIN:
                    raise
        model, inference = self._model, self._woodwide.inference
        again = plan.batch_job_id is not None
        batch = await inference.begin(model.model_id, model.version_id, upload.version_id, again=again)
        await self._ledger.begun(plan, batch.job_id)
        return await self._collected(plan, upload, batch.job_id)

    async def _collected(self, plan: Plan[K], upload: Upload, job_id: str) -> Mapping[K, Answer]:
        scores = await self._woodwide.inference.collect(job_id, upload.version_id, len(plan.publication.keys))
        return plan.publication.settle(scores, self._model.version_id)
