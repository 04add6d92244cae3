"""What the emulated service remembers: datasets, models, jobs and their versions."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from playproof.emulator.faults import Fault

VersionStatus = Literal["processing", "ready", "failed"]
JobStatus = Literal["queued", "running", "succeeded", "failed", "canceled", "rejected", "waiting_for_upload"]
JobType = Literal["dataset_ingest", "train", "infer_sync", "infer_batch"]
OutputType = Literal["json", "csv", "parquet"]
AnomalyFormat = Literal["ids_only", "per_row"]

ENDED: frozenset[JobStatus] = frozenset({"succeeded", "failed", "canceled", "rejected"})


class Record(msgspec.Struct, kw_only=True):
    """Something with an id; `seq` counts up, so that it orders records by age."""

    folder: ClassVar[str]

    id: str
    seq: int
    created_at: str


class Dataset(Record):
    """A name under which versions follow each other."""

    folder: ClassVar[str] = "datasets"

    name: str
    updated_at: str
    description: str | None = None
    is_archived: bool = False


class DatasetVersion(Record):
    """One upload."""

    folder: ClassVar[str] = "dataset-versions"

    dataset_id: str
    version: int
    status: VersionStatus
    ingest_job_id: str
    filename: str
    ready_at: str | None = None
    byte_size: int | None = None
    row_count: int | None = None
    schema_json: dict[str, Any] | None = None
    file: str | None = None
    """The blob it is read from, once it is ready."""


class Model(Record):
    """A kind of model under which versions follow each other."""

    folder: ClassVar[str] = "models"

    model_type: str
    updated_at: str
    input_columns: list[str] | None = None


class ModelVersion(Record):
    """One fit."""

    folder: ClassVar[str] = "model-versions"

    model_id: str
    version: int
    status: VersionStatus
    dataset_id: str
    dataset_version_id: str
    training_job_id: str
    ready_at: str | None = None
    metrics: dict[str, float] = {}


class Order(msgspec.Struct, kw_only=True):
    """What an inference job is to do."""

    output_type: OutputType
    anomaly_format: AnomalyFormat
    file: str | None = None
    """The blob of uploaded rows; without one the rows are those of the job's dataset version."""
    bent: list[Fault] = []
    """Faults that the result is to have."""


class Job(Record):
    """A piece of work. What it refers to is given by ids alone."""

    folder: ClassVar[str] = "jobs"

    type: JobType
    status: JobStatus
    queued_at: float = 0.0
    """Seconds since 1970 at which it entered the queue."""
    seconds: float = 0.0
    """How long it takes from there."""
    started_at: str | None = None
    finished_at: str | None = None
    dataset_id: str | None = None
    dataset_version_id: str | None = None
    model_id: str | None = None
    model_version_id: str | None = None
    upload: str | None = None
    """The blob that an ingest job reads."""
    input_filename: str | None = None
    input: dict[str, Any] = {}
    order: Order | None = None
    doom: Literal["failed", "rejected"] | None = None
    """How it is made to end."""
    stuck_by: str | None = None
    """The fault that keeps it running for as long as it is there."""
    begun: int = 0
    """How often it was begun: more than once where a process ended over it."""
    error_message: str | None = None
    latency_ms: float | None = None


class Preparation(Record):
    """The answer once given under an idempotency key; the id is a digest of the key."""

    folder: ClassVar[str] = "preparations"

    digest: str
    """Of the request."""
    job_id: str
