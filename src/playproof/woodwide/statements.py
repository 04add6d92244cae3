"""What is told of uploads and model versions, over HTTP and on the command line alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from playproof.clock import iso
from playproof.scoring.hosted import Standing
from playproof.store import HostedModelRecord, HostedUpload
from playproof.woodwide.calibration import HostedCalibration, standing_of
from playproof.woodwide.corpus import Corpus, Skipped


class Rows(msgspec.Struct, frozen=True):
    """Rows, and of how many people they are."""

    rows: int
    people: int


class UploadStatement(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An upload to train on."""

    upload_id: str
    name: str
    """Of the dataset at Woodwide."""
    status: str
    """planned, announced (Woodwide has ids for it), ingested (it can be trained on) or failed."""
    reason: str | None
    """Why it failed, or what held it up last."""
    dataset_id: str | None
    version_id: str | None
    job_id: str | None
    rows: int
    """That are trained on."""
    people: int
    """Whose they are."""
    kept_out: Rows
    """What calibrates instead."""
    standing: Standing
    """What hosted scores will decide with that: shown, reviews or decides."""
    synthetic: bool
    """Made up, every session of it."""
    created_at: str


class Taken(UploadStatement, frozen=True, kw_only=True):
    """An upload that was made just now."""

    skipped: Skipped
    without_subject: int
    """Sessions that do not say whose they are; each counts as a person of its own."""


class VersionStatement(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A version of a hosted model."""

    model_id: str
    model_version_id: str
    job_id: str
    upload_id: str
    status: str
    """training, calibrating, ready or failed."""
    reason: str | None
    """Why it failed, or what held it up last."""
    standing: Standing | None
    """What its scores decide: shown, reviews or decides; null before it is ready."""
    calibration: Rows | None
    """Of people who were kept out; null before it is ready."""
    synthetic: bool
    """Trained on made-up people: it demonstrates, and proves nothing."""
    created_at: str


def upload_statement(upload: HostedUpload) -> UploadStatement:
    """What is told of `upload`."""
    return UploadStatement(**_upload(upload))


def taken_statement(upload: HostedUpload, corpus: Corpus) -> Taken:
    """What is told of `upload` to whoever made it of `corpus`."""
    return Taken(**_upload(upload), skipped=corpus.skipped, without_subject=corpus.nameless)


def version_statement(record: HostedModelRecord) -> VersionStatement:
    """What is told of the version `record`."""
    known = None if record.calibration is None else msgspec.json.decode(record.calibration, type=HostedCalibration)
    return VersionStatement(
        model_id=record.model_id,
        model_version_id=record.version_id,
        job_id=record.job_id,
        upload_id=record.upload,
        status=record.state,
        reason=record.reason,
        standing=None if known is None else known.standing,
        calibration=None if known is None else Rows(known.sessions, known.people),
        synthetic=record.synthetic,
        created_at=_time(record.created_at),
    )


def _upload(upload: HostedUpload) -> dict[str, Any]:
    kept = Rows(*upload.kept)
    return {
        "upload_id": upload.id,
        "name": upload.name,
        "status": upload.state,
        "reason": upload.reason,
        "dataset_id": upload.dataset_id,
        "version_id": upload.version_id,
        "job_id": upload.job_id,
        "rows": upload.rows,
        "people": upload.people,
        "kept_out": kept,
        "standing": standing_of(kept.rows, kept.people),
        "synthetic": upload.synthetic,
        "created_at": _time(upload.created_at),
    }


def _time(milliseconds: int) -> str:
    return iso(datetime.fromtimestamp(milliseconds / 1000, UTC))
