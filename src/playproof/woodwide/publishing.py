"""Strategy `dataset`: the live dataset's window is published as a version of one dataset, and scored there as a whole.

Whatever is begun is kept in a ledger before it is waited for. A process that dies anywhere, or whose provider does, leaves an
open plan; its sessions board again, here or in another process, and the plan is carried on where it was left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from playproof.errors import HostedError, HostedReason
from playproof.scoring.base import Floats
from playproof.woodwide.answers import WAITING_FOR_UPLOAD, Upload
from playproof.woodwide.client import Woodwide
from playproof.woodwide.files import DIRECT_BYTES, File
from playproof.woodwide.flights import Fly, Passenger
from playproof.woodwide.mapping import Answer, Publication, parquet_file
from playproof.woodwide.model import HostedModel
from playproof.woodwide.uploads import Target

K = TypeVar("K", bound=Hashable)

R = HostedReason
LOST = frozenset({R.NOT_FOUND, R.REFUSED, R.JOB_REJECTED})
"""Why a dataset is lost: it was deleted, or takes these rows no more."""
CARRIED_ON = frozenset(
    {
        *(R.NOT_CONFIGURED, R.CIRCUIT_OPEN, R.TIMEOUT, R.UNREACHABLE, R.RATE_LIMITED, R.SERVER_ERROR, R.UNAUTHORIZED, R.FORBIDDEN),
        *(R.CREDITS_EXHAUSTED, R.NOT_READY, R.EXPIRED_URL, R.JOB_TIMEOUT),
    }
)
"""After which a plan stays open: what was begun at Woodwide is as good as before. After any other it is over."""


@dataclass(frozen=True, slots=True)
class Plan(Generic[K]):
    """One publication, as the ledger has it."""

    id: str
    """Never given to another; Woodwide knows the upload by it."""
    model: HostedModel
    """What scores it."""
    target: Target
    """The dataset, by its id, or by its name as long as Woodwide has none."""
    publication: Publication[K]
    upload: Upload | None = None
    """What it became at Woodwide."""
    batch_job_id: str | None = None
    """What scores it."""


class Ledger(Protocol[K]):
    """Keeps plans; everything is on disk when it returns, unless it says otherwise."""

    async def plans(self, passengers: Sequence[Passenger[K]], model: HostedModel) -> Sequence[Plan[K]] | None:
        """Plans that carry `passengers`, each of them once: open ones that do so already, and a new one for the others.

        The new one is the window with the rows of the passengers in it, for `model` to score. Whoever is gone from the dataset
        is in none. `None` where another process publishes.
        """
        ...

    async def rows(self, plan: Plan[K]) -> Floats:
        """The catalogue rows (n, k) of a plan, in the order of its publication."""
        ...

    async def announced(self, plan: Plan[K], upload: Upload) -> None:
        """The upload of `plan`, whose target is the one it was announced for, has these ids. The dataset's is that of all later plans."""
        ...

    async def begun(self, plan: Plan[K], job_id: str) -> None:
        """The rows of `plan` are being scored by this job."""
        ...

    async def settled(self, plan: Plan[K]) -> None:
        """The answers of `plan` came. This may be on disk later: until then it is open."""
        ...

    async def over(self, plan: Plan[K], reason: HostedReason, *, lost: bool) -> None:
        """Nothing comes of `plan`. Where its dataset is `lost`, later plans go to one replacement."""
        ...


class Publishing(Generic[K]):
    """Flies passengers by publications."""

    def __init__(self, woodwide: Woodwide, model: HostedModel, ledger: Ledger[K], meanwhile: Fly[K], *, patience: float) -> None:
        """`meanwhile` scores passengers whose dataset is lost, or published by another process.

        A job is waited for `patience` seconds; then its plan stays open, for whoever boards again.
        """
        self._woodwide = woodwide
        self._model = model
        self._ledger = ledger
        self._meanwhile = meanwhile
        self._patience = patience

    async def __call__(self, passengers: Sequence[Passenger[K]]) -> Mapping[K, Answer]:
        """The answers to `passengers`, and to whoever else is in their plans. Raises `HostedError` where there is none."""
        plans = await self._ledger.plans(passengers, self._model)
        if plans is None:
            return await self._meanwhile(passengers)
        aboard = [[passenger for passenger in passengers if passenger.key in plan.publication.keys] for plan in plans]
        flown = await asyncio.gather(*(self._flown(plan, some) for plan, some in zip(plans, aboard, strict=True)))
        answers: dict[K, Answer] = {}
        failures: list[HostedError] = []
        for some, outcome in zip(aboard, flown, strict=True):
            if isinstance(outcome, HostedError):
                failures.append(outcome)
                answers |= dict.fromkeys((passenger.key for passenger in some), outcome.reason)
            else:
                answers |= outcome
        if failures and len(failures) == len(plans):
            raise failures[0]
        return answers

    async def _flown(self, plan: Plan[K], passengers: Sequence[Passenger[K]]) -> Mapping[K, Answer] | HostedError:
        try:
            try:
                return await self._answers(plan)
            except _DatasetLost as lost:
                reason = lost.reason
            await self._ledger.over(plan, reason, lost=True)
            return await self._meanwhile(passengers)
        except HostedError as error:
            failure = error
        if failure.reason not in CARRIED_ON:
            await self._ledger.over(plan, failure.reason, lost=False)
        return failure

    async def _answers(self, plan: Plan[K]) -> Mapping[K, Answer]:
        """What is left of `plan`: the answers to every session in it. Raises `HostedError` and `_DatasetLost`."""
        upload = plan.upload or await self._sent(plan)
        job_id = plan.batch_job_id
        if job_id is None:
            upload, job_id = await self._begun(plan, upload)
        keys = plan.publication.keys
        asked = Publication(keys[: 1 + max(place for place, key in enumerate(keys) if key is not None)])
        scores = await self._woodwide.inference.first(job_id, upload.version_id, len(keys), len(asked.keys), self._patience)
        answers = asked.settle(scores, plan.model.version_id)
        await self._ledger.settled(plan)
        return answers

    async def _begun(self, plan: Plan[K], upload: Upload) -> tuple[Upload, str]:
        """The upload of `plan`, which may have to be made again, and the job that scores it."""
        try:
            # A version that is not ingested yet says so, which is as good as asking.
            return upload, await self._batch(plan, upload)
        except HostedError as error:
            if error.reason not in (R.NOT_READY, R.CONFLICT):
                raise
        if plan.upload is not None and (await self._woodwide.jobs.get(upload.job_id)).status == WAITING_FOR_UPLOAD:
            upload = await self._sent(plan)
        try:
            await self._woodwide.jobs.wait(upload.job_id, "dataset_ingest", self._patience)
        except HostedError as error:
            raise _lost_or(error) from None
        return upload, await self._batch(plan, upload)

    async def _batch(self, plan: Plan[K], upload: Upload) -> str:
        batch = await self._woodwide.inference.begin(plan.model.model_id, plan.model.version_id, upload.version_id)
        await self._ledger.begun(plan, batch.job_id)
        return batch.job_id

    async def _sent(self, plan: Plan[K]) -> Upload:
        """What the rows of `plan` became, sent again where nobody knows whether they were."""
        rows = await self._ledger.rows(plan)
        # Writing some hundred thousand numbers takes a while that others on this event loop need not wait for.
        file = await asyncio.to_thread(parquet_file, rows, plan.model.columns, plan.id)
        try:
            return await self._placed(plan, file)
        except HostedError as error:
            raise _lost_or(error) from None

    async def _placed(self, plan: Plan[K], file: File) -> Upload:
        target = plan.target
        if target.name is not None and plan.upload is None:
            # A provider that lets two have one name must not get a second.
            found = await self._woodwide.datasets.find(target.name)
            target = Target(dataset_id=found.id) if found is not None else target
        announced = replace(plan, target=target)

        async def keep(upload: Upload) -> None:
            await self._ledger.announced(announced, upload)

        uploads = self._woodwide.uploads
        if target.name is not None or len(file.content) > DIRECT_BYTES:
            return await uploads.adopting(file, target, key=f"{plan.id}-{target.dataset_id or 'new'}", keep=keep)
        # One call instead of three. Sent twice it makes two versions, of which one is never looked at.
        upload = await uploads.direct(file, target)
        await keep(upload)
        return upload


class _DatasetLost(Exception):
    def __init__(self, reason: HostedReason) -> None:
        super().__init__(reason)
        self.reason = reason


def _lost_or(error: HostedError) -> Exception:
    """What `error` of taking in rows says of their dataset."""
    return _DatasetLost(error.reason) if error.reason in LOST else error
