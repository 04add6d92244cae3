"""Records as the API shows them: the flat form of the current generation, and beside it the nested one its own tools still read."""

from __future__ import annotations

from typing import Any

from playproof.emulator.datasets import Submission
from playproof.emulator.inference import RUNTIME_VERSION
from playproof.emulator.models import Training
from playproof.emulator.records import Dataset, DatasetVersion, Job, Model, ModelVersion
from playproof.emulator.service import Emulated

Shown = dict[str, Any]


def dataset(service: Emulated, record: Dataset) -> Shown:
    """A dataset with its latest version."""
    versions = service.datasets.versions(record.id)
    return {
        "id": record.id,
        "dataset_id": record.id,
        "name": record.name,
        "description": record.description,
        "is_archived": record.is_archived,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "current_version": _version(versions[0]) if versions else None,
    }


def _version(record: DatasetVersion) -> Shown:
    return {
        "id": record.id,
        "version": record.version,
        "status": record.status,
        "row_count": record.row_count,
        "byte_size": record.byte_size,
        "schema_json": record.schema_json,
        "ingest_job_id": record.ingest_job_id,
        "created_at": record.created_at,
        "ready_at": record.ready_at,
        "source_type": "upload",
        "source_label": record.filename,
    }


def dataset_version(service: Emulated, record: DatasetVersion) -> Shown:
    """A version of a dataset."""
    archived = service.datasets.get(record.dataset_id, archived=True).is_archived
    return {**_version(record), "dataset_id": record.dataset_id, "dataset_version_id": record.id, "is_archived": archived}


def _dataset_reference(record: DatasetVersion) -> Shown:
    return {"id": record.dataset_id, "version_id": record.id, "version_number": record.version}


def submission(made: Submission) -> Shown:
    """The answer to an upload."""
    return {
        "id": made.dataset.id,
        "dataset_id": made.dataset.id,
        "version_id": made.version.id,
        "dataset_version_id": made.version.id,
        "job_id": made.job.id,
        "status": made.job.status,
        "dataset": _dataset_reference(made.version),
    }


def model(service: Emulated, record: Model) -> Shown:
    """A model with its latest version."""
    versions = service.models.versions(record.id)
    shown: Shown = {
        "id": record.id,
        "model_id": record.id,
        "model_type": record.model_type,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "label_column": None,
    }
    if versions:
        latest = versions[0]
        current = {"version_id": latest.id, "version": latest.version, "status": latest.status, "metrics": latest.metrics}
        shown |= {
            "status": latest.status,
            "current_version": current,
            "current_metrics": latest.metrics,
            "training_dataset_id": latest.dataset_id,
            "training_dataset_name": service.models.trained_on(latest),
        }
    return shown


def model_version(record: ModelVersion) -> Shown:
    """A version of a model."""
    return {
        "id": record.id,
        "model_version_id": record.id,
        "model_id": record.model_id,
        "version": record.version,
        "status": record.status,
        "created_at": record.created_at,
        "ready_at": record.ready_at,
        "dataset_id": record.dataset_id,
        "dataset_version_id": record.dataset_version_id,
        "training_job_id": record.training_job_id,
        "metrics": record.metrics,
    }


def _model_reference(record: ModelVersion) -> Shown:
    return {"id": record.model_id, "version_id": record.id, "version_number": record.version}


def training(made: Training) -> Shown:
    """The answer to a training call."""
    return {
        "id": made.model.id,
        "model_id": made.model.id,
        "version_id": made.version.id,
        "model_version_id": made.version.id,
        "job_id": made.job.id,
        "status": made.job.status,
        "model": _model_reference(made.version),
        "woodwide_runtime_version": RUNTIME_VERSION,
    }


def inference(service: Emulated, job: Job) -> Shown:
    """The answer to a call that begins an inference job."""
    version = service.models.version(job.model_version_id or "")
    return {
        "id": job.id,
        "job_id": job.id,
        "model_version_id": job.model_version_id,
        "status": job.status,
        "model": _model_reference(version),
    }


def job(service: Emulated, record: Job) -> Shown:
    """A job as a list has it."""
    dataset_record = service.core.archive.load(Dataset).get(record.dataset_id or "")
    return {
        "id": record.id,
        "job_id": record.id,
        "type": record.type,
        "status": record.status,
        "created_at": record.created_at,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
        "created_by": {"principal_type": "api_key", "user_id": None, "api_key_id": None},
        "dataset_id": record.dataset_id,
        "dataset_name": dataset_record.name if dataset_record else None,
        "dataset_version_id": record.dataset_version_id,
        "model_id": record.model_id,
        "model_version_id": record.model_version_id,
        "model_type": "anomaly" if record.model_id else None,
        "input_filename": record.input_filename,
        "credits_consumed": None,
        "woodwide_runtime_version": RUNTIME_VERSION,
    }


def job_detail(service: Emulated, record: Job) -> Shown:
    """A job as a whole."""
    return {
        **job(service, record),
        "parent_job_id": None,
        "input": record.input,
        "output": {},
        "error_message": record.error_message,
        "resources": _resources(service, record),
        "progress": service.jobs.progress(record),
        "estimated_seconds_remaining": service.jobs.remaining(record),
        "metrics_history": None,
    }


def _resources(service: Emulated, record: Job) -> Shown:
    resources: Shown = {"type": record.type}
    rows = service.core.archive.load(DatasetVersion).get(record.dataset_version_id or "")
    fitted = service.core.archive.load(ModelVersion).get(record.model_version_id or "")
    if record.type != "infer_sync":
        resources["dataset"] = _dataset_reference(rows) if rows else None
    if record.type != "dataset_ingest":
        resources["model"] = _model_reference(fitted) if fitted else None
    return resources
