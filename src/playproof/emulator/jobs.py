"""Jobs: each waits, runs and ends by the clock; what is due is done when somebody next looks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from playproof.emulator.core import Core, page
from playproof.emulator.ids import new_id
from playproof.emulator.records import ENDED, Job, JobStatus, JobType
from playproof.emulator.refusal import Refusal, missing

_QUEUED_SHARE = 0.2
"""Of a job's time, the part before it runs."""


_log = logging.getLogger("playproof.emulator")

_MOST_BEGINNINGS = 2
"""A file that its reader cannot survive must not end every process that finds it."""


class WorkFailed(Exception):
    """A job cannot be done; the message becomes the job's."""


Work = Callable[[Job], None]


class Jobs:
    """All jobs. `work` does what a job stands for, by type; `dropped` is told of a job that ends without it."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.work: dict[JobType, Work] = {}
        self.dropped: dict[JobType, Work] = {}
        self._active = {job.id: job for job in self.all().values() if job.status in ("queued", "running")}

    def all(self) -> Mapping[str, Job]:
        """Every job by id, the oldest first."""
        return self._core.archive.load(Job)

    def get(self, job_id: str) -> Job:
        """The job. Raises `Refusal`."""
        job = self.all().get(job_id)
        if job is None:
            raise missing("Job")
        return job

    def start(self, kind: JobType, route: str, key: str | None, *, waiting: bool = False, **fields: Any) -> Job:
        """A new job, queued, or waiting for its upload."""
        job = self._new(kind, "waiting_for_upload" if waiting else "queued", fields)
        if not waiting:
            self._enter(job, route, key)
        self._core.archive.save(job)
        return job

    def done(self, kind: JobType, **fields: Any) -> Job:
        """The record of work that was done at once."""
        job = self._new(kind, "succeeded", fields)
        job.started_at = job.finished_at = job.created_at
        self._core.archive.save(job)
        return job

    def _new(self, kind: JobType, status: JobStatus, fields: Mapping[str, Any]) -> Job:
        now = self._core.now()
        return Job(id=new_id("job", self._core.random), seq=self._core.next_seq(), created_at=now, type=kind, status=status, **fields)

    def release(self, job: Job, route: str, key: str | None) -> None:
        """Queue a job whose upload is there."""
        job.status = "queued"
        self._enter(job, route, key)
        self._core.archive.save(job)

    def _enter(self, job: Job, route: str, key: str | None) -> None:
        self._active[job.id] = job
        pace = self._core.pace
        job.queued_at = self._core.seconds()
        job.seconds = {"dataset_ingest": pace.ingest, "train": pace.train}.get(job.type, pace.infer)
        for fault in self._core.faults.hit(route, key, ("job_failed", "job_rejected", "job_stuck")):
            if fault.kind == "job_stuck":
                job.stuck_by = fault.id
            else:
                job.doom = "failed" if fault.kind == "job_failed" else "rejected"

    def settle(self) -> None:
        """Bring every job to where the clock says it is."""
        now = self._core.seconds()
        for job in sorted(self._active.values(), key=lambda job: (job.queued_at + job.seconds, job.seq)):
            running_from = job.queued_at + _QUEUED_SHARE * job.seconds
            if job.status == "queued" and now >= running_from:
                job.status = "running"
                job.started_at = self._core.at(running_from)
                self._core.archive.save(job)
            stuck = job.stuck_by is not None and self._core.faults.there(job.stuck_by)
            if now >= job.queued_at + job.seconds and not stuck:
                self._finish(job)

    def _finish(self, job: Job) -> None:
        del self._active[job.id]
        job.begun += 1
        self._core.archive.save(job)
        try:
            if job.begun > _MOST_BEGINNINGS:
                raise WorkFailed(f"the emulator ended {_MOST_BEGINNINGS} times over this job")
            if job.doom is not None:
                raise WorkFailed(f"the job was {job.doom}, as a fault asked for")
            self.work[job.type](job)
            job.status = "succeeded"
        except Exception as error:  # noqa: BLE001 - a job that cannot be done must not hold up every caller
            if not isinstance(error, WorkFailed):
                _log.error("a job broke", exc_info=error, extra={"job": job.id})
            job.status = job.doom or "failed"
            job.error_message = str(error) if isinstance(error, WorkFailed) else "Internal error"
            self._drop(job)
        job.finished_at = self._core.now()
        self._core.archive.save(job)

    def _drop(self, job: Job) -> None:
        if job.type in self.dropped:
            self.dropped[job.type](job)

    def cancel(self, job_id: str) -> Job:
        """End a job that has not ended; one that has stays as it is."""
        job = self.get(job_id)
        if job.status not in ENDED:
            job.status = "canceled"
            job.finished_at = self._core.now()
            self._active.pop(job.id, None)
            self._drop(job)
            self._core.archive.save(job)
        return job

    def cancel_where(self, **fields: str) -> None:
        """End every job whose fields are these, and that has not ended."""
        for job in list(self.all().values()):
            if job.status not in ENDED and all(getattr(job, name) == value for name, value in fields.items()):
                self.cancel(job.id)

    def retry(self, job_id: str, key: str | None) -> Job:
        """A new job that does what a failed one was to do. Raises `Refusal`."""
        job = self.get(job_id)
        if job.status != "failed":
            raise Refusal(409, f"only failed jobs can be retried, this one is {job.status}", final=True)
        again = msgspec.structs.asdict(job)
        kept = {name: again[name] for name in _REPEATED}
        return self.start(job.type, "jobs.retry", key, **kept)

    def find(self, filters: Mapping[str, str], limit: int, cursor: str | None) -> tuple[list[Job], str | None]:
        """Jobs whose fields equal the `filters`, the newest first."""
        found = [job for job in self.all().values() if all(getattr(job, name) == value for name, value in filters.items())]
        return page(found, limit, cursor)

    def progress(self, job: Job) -> float | None:
        """Per cent of a job's time that is over; None before it runs."""
        if job.status == "succeeded":
            return 100.0
        if job.status != "running":
            return None
        return round(min(99.0, 100 * (self._core.seconds() - job.queued_at) / max(job.seconds, 1e-9)), 1)

    def remaining(self, job: Job) -> float | None:
        """Seconds until a running job ends."""
        if job.status != "running":
            return None
        return round(max(0.0, job.queued_at + job.seconds - self._core.seconds()), 3)


_REPEATED = (
    "dataset_id",
    "dataset_version_id",
    "model_id",
    "model_version_id",
    "upload",
    "input_filename",
    "input",
    "order",
)
