"""Inference: at once on an uploaded file, or as a job on a file or a dataset version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from playproof.emulator.core import Core
from playproof.emulator.datasets import Datasets
from playproof.emulator.faults import INFER, ROW_FAULTS, Fault
from playproof.emulator.ingestion import Unreadable, read_table
from playproof.emulator.jobs import Jobs, WorkFailed
from playproof.emulator.models import Models
from playproof.emulator.records import AnomalyFormat, DatasetVersion, Job, ModelVersion, Order, OutputType
from playproof.emulator.refusal import Refusal, invalid
from playproof.emulator.results import MEDIA_TYPES, Result, bend, judge, write_file
from playproof.emulator.tables import Table

RUNTIME_VERSION = "0.1.0"


class Ask(NamedTuple):
    """What an inference call asks for, whichever way it gives the rows."""

    model_id: str
    model_version_id: str | None
    output_type: OutputType
    anomaly_format: AnomalyFormat
    key: str | None = None


class Answer(NamedTuple):
    """A file to send."""

    media_type: str
    content: bytes


class Inference:
    """Scores rows with models."""

    def __init__(self, core: Core, jobs: Jobs, datasets: Datasets, models: Models) -> None:
        self._core = core
        self._jobs = jobs
        self._datasets = datasets
        self._models = models
        jobs.work["infer_batch"] = self._score

    def at_once(self, ask: Ask, filename: str, content: bytes) -> Answer:
        """Score the rows of a file. Raises `Refusal`."""
        started = self._core.clock.monotonic()
        version = self._version(ask, INFER)
        try:
            table = read_table(content)
        except Unreadable as error:
            raise invalid("file", str(error)) from error
        if self._small(self._core.faults.hit(INFER, ask.key, ("empty_small",)), table, None):
            return Answer(MEDIA_TYPES[ask.output_type], b"")
        result = judge(self._models.detector(version), table, ask.anomaly_format)
        result = bend(result, self._core.faults.hit(INFER, ask.key, ROW_FAULTS))
        job = self._jobs.done("infer_sync", model_id=version.model_id, model_version_id=version.id, input_filename=filename)
        job.latency_ms = round(1000 * (self._core.clock.monotonic() - started), 3)
        self._core.archive.save(job)
        return Answer(MEDIA_TYPES[ask.output_type], write_file(result, ask.output_type, self.envelope(job)))

    def later(self, ask: Ask, filename: str, content: bytes) -> Job:
        """Begin to score the rows of a file. Raises `Refusal`."""
        route = "models.infer_async"
        version = self._version(ask, route)
        blob = f"rows.{self._core.next_seq()}"
        self._core.archive.write(blob, content)
        return self._start(route, ask, version, file=blob, input_filename=filename)

    def stored(self, ask: Ask, dataset_id: str | None, dataset_version_id: str | None, *, force: bool) -> Job:
        """Begin to score the rows of a dataset version, or name the job that did the same before. Raises `Refusal`."""
        route = "models.infer_batch"
        rows = self._datasets.usable(dataset_id, dataset_version_id)
        version = self._models.usable(ask.model_id, ask.model_version_id)
        if not force and (same := self._same(ask, version, rows)) is not None:
            return same
        stale = self._core.faults.hit(route, ask.key, ("stale_version",))
        if stale:
            rows = self._oldest(rows)
        return self._start(route, ask, version, dataset_id=rows.dataset_id, dataset_version_id=rows.id)

    def _start(self, route: str, ask: Ask, version: ModelVersion, *, file: str | None = None, **fields: Any) -> Job:
        bent = [
            *self._core.faults.hit(route, ask.key, ROW_FAULTS, named=True),
            *self._core.faults.hit(route, ask.key, ("empty_small",)),
        ]
        order = Order(output_type=ask.output_type, anomaly_format=ask.anomaly_format, file=file, bent=bent)
        return self._jobs.start(
            "infer_batch", route, ask.key, model_id=version.model_id, model_version_id=version.id, order=order, **fields
        )

    def _version(self, ask: Ask, route: str) -> ModelVersion:
        version = self._models.usable(ask.model_id, ask.model_version_id)
        if self._core.faults.hit(route, ask.key, ("stale_version",)):
            return self._models.oldest(ask.model_id) or version
        return version

    def _oldest(self, rows: DatasetVersion) -> DatasetVersion:
        return next(version for version in reversed(self._datasets.versions(rows.dataset_id)) if version.file is not None)

    def _same(self, ask: Ask, version: ModelVersion, rows: DatasetVersion) -> Job | None:
        for job in self._jobs.all().values():
            if job.order is None or job.order.file is not None or job.status not in ("queued", "running", "succeeded"):
                continue
            wanted = (version.id, rows.id, ask.output_type, ask.anomaly_format)
            if (job.model_version_id, job.dataset_version_id, job.order.output_type, job.order.anomaly_format) == wanted:
                return job
        return None

    def _small(self, faults: Sequence[Fault], table: Table, rows: DatasetVersion | None) -> bool:
        for fault in faults:
            young = rows is not None and rows.ready_at is not None and self._core.age(rows.ready_at) < fault.seconds
            if table.rows <= fault.rows or young:
                return True
        return False

    def _score(self, job: Job) -> None:
        if job.order is None:
            raise WorkFailed("there is nothing to do")
        table = self._input(job, job.order)
        result = judge(self._models.detector(self._models.version(job.model_version_id or "")), table, job.order.anomaly_format)
        faults = job.order.bent
        rows = self._datasets.version(job.dataset_version_id) if job.dataset_version_id else None
        if self._small([fault for fault in faults if fault.kind == "empty_small"], table, rows):
            self._core.archive.write(f"{job.id}.result", b"")
            return
        result = bend(result, [fault for fault in faults if fault.kind in ROW_FAULTS])
        self._core.archive.write(f"{job.id}.result", msgspec.json.encode(result))

    def rows(self, job: Job) -> Table | None:
        """The rows that a job scored, None where they are gone."""
        try:
            return self._input(job, job.order) if job.order is not None else None
        except WorkFailed:
            return None

    def _input(self, job: Job, order: Order) -> Table:
        blob = order.file
        if blob is None and job.dataset_version_id is not None:
            blob = self._datasets.version(job.dataset_version_id).file
        if blob is None:
            raise WorkFailed("the rows are gone")
        return self._datasets.read(blob)

    def result(self, job: Job) -> Result | None:
        """What a job found; None where it answers nothing at all. Raises `Refusal` where it has not ended well."""
        if job.status != "succeeded":
            raise Refusal(409, f"results are there once the job succeeded; it is {job.status}", final=True)
        content = self._core.archive.read(f"{job.id}.result")
        return msgspec.json.decode(content, type=Result) if content else None

    def envelope(self, job: Job) -> dict[str, Any]:
        """What a JSON answer says besides its rows."""
        return {
            "job_id": job.id,
            "status": "succeeded",
            "latency_ms": job.latency_ms,
            "model_id": job.model_id,
            "model_version_id": job.model_version_id,
            "model_type": "anomaly",
        }
