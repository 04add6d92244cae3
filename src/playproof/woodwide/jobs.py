"""Jobs at Woodwide: where they stand, and waiting for their end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from playproof.errors import HostedError, HostedReason
from playproof.woodwide import answers
from playproof.woodwide.answers import SUCCEEDED, Job, JobKind
from playproof.woodwide.caller import Caller, RawAnswer
from playproof.woodwide.calls import LIST_JOBS, RETRIEVE_JOB

if TYPE_CHECKING:
    from woodwide import AsyncWoodWide

FIRST_POLL_SECONDS = 0.25
LONGEST_POLL_SECONDS = 5.0
_GROWTH = 1.5

_ENDS: Mapping[str, HostedReason] = {
    "failed": HostedReason.JOB_FAILED,
    "rejected": HostedReason.JOB_REJECTED,
    "canceled": HostedReason.JOB_CANCELED,
}
"""How a job ends that did not succeed; any other status is one on the way."""


class Jobs:
    """Reads jobs. Everything raises `HostedError`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def get(self, job_id: str) -> Job:
        """The job as it stands."""

        async def ask(client: AsyncWoodWide) -> RawAnswer:
            return await client.jobs.with_raw_response.retrieve(job_id)

        return await self._caller.ask(RETRIEVE_JOB, ask, self._caller.as_json(RETRIEVE_JOB, Job))

    async def on_version(self, kind: JobKind, dataset_version_id: str) -> tuple[Job, ...]:
        """The latest jobs of a kind on a version of a dataset, the newest first."""

        async def ask(client: AsyncWoodWide) -> RawAnswer:
            return await client.jobs.with_raw_response.list(type=kind, dataset_version_id=dataset_version_id)

        return (await self._caller.ask(LIST_JOBS, ask, self._caller.as_json(LIST_JOBS, answers.Jobs))).items

    async def wait(self, job_id: str, kind: JobKind, patience: float | None = None) -> Job:
        """The job of this `kind` once it succeeded.

        It is asked for at growing intervals, for `patience` seconds or as long as the settings say. After
        `job_timeout` it goes on at Woodwide, and can be waited for again.
        """
        clock = self._caller.clock
        patience = self._caller.connection.job_timeout if patience is None else patience
        deadline = clock.monotonic() + patience
        pause = FIRST_POLL_SECONDS
        while True:
            job = await self.get(job_id)
            if job.type != kind:
                raise HostedError(f"job {job_id} is a {job.type}, not a {kind}", reason=HostedReason.INVALID_RESPONSE)
            if job.status == SUCCEEDED:
                return job
            if job.status in _ENDS:
                said = self._caller.clean(job.error_message or "it does not say why")
                raise HostedError(f"job {job_id} ended as {job.status}: {said}", reason=_ENDS[job.status])
            left = deadline - clock.monotonic()
            if left <= 0:
                raise HostedError(f"job {job_id} is still {job.status} after {patience:g} s", reason=HostedReason.JOB_TIMEOUT)
            await self._caller.sleep(min(pause, left))
            pause = min(LONGEST_POLL_SECONDS, pause * _GROWTH)
