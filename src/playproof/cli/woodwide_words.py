"""Uploads and model versions in words, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from playproof.cli.output import heading, table
from playproof.settings import Settings
from playproof.woodwide.check import MEANINGS
from playproof.woodwide.statements import Taken, UploadStatement, VersionStatement

_WHY = {"bots": "of bots", "short": "with too little movement", "keyboard": "played with keys", "repeated": "repeated"}


def told_upload(upload: Taken) -> Iterator[str]:
    """An upload that was made just now."""
    yield f"Upload {upload.upload_id} is {upload.status}"
    yield f"  dataset      {upload.name} ({upload.dataset_id}, version {upload.version_id})"
    yield f"  to train on  {upload.rows} rows of {upload.people} people" + (", all made up" if upload.synthetic else "")
    yield f"  kept out     {upload.kept_out.rows} rows of {upload.kept_out.people} people: {MEANINGS[upload.standing]}"
    skipped = ", ".join(f"{count} {_WHY[name]}" for name, count in msgspec.structs.asdict(upload.skipped).items() if count)
    if skipped:
        yield f"  left out     {skipped}"
    if upload.without_subject:
        yield f"  note         {upload.without_subject} sessions do not say whose they are: each counts as a person of its own"


def told_version(version: VersionStatement) -> Iterator[str]:
    """A version of a model."""
    yield f"Model {version.model_id}, version {version.model_version_id}, is {version.status}"
    yield f"  trained on   upload {version.upload_id}" + (", made up: it demonstrates, and proves nothing" if version.synthetic else "")
    if version.calibration is not None and version.standing is not None:
        yield f"  calibrated   {version.calibration.rows} rows of {version.calibration.people} people: {MEANINGS[version.standing]}"
    if version.reason is not None:
        yield f"  reason       {version.reason}"


def told_status(
    settings: Settings, uploads: Sequence[UploadStatement], versions: Sequence[VersionStatement], answers: str
) -> Iterator[str]:
    """All there is."""
    yield f"Woodwide at {settings.woodwide_base_url} {answers}"
    yield f"ANOMALY_MODEL_ID {settings.anomaly_model_id or 'is not set: the embedded model scores'}"
    if uploads:
        yield ""
        yield heading("Uploads")
        heads = ("upload", "dataset", "status", "made", "rows", "people", "kept out")
        yield table(heads, [_upload_row(upload) for upload in uploads], text_columns=4)
    if versions:
        yield ""
        yield heading("Model versions")
        heads = ("model", "version", "status", "standing", "made", "rows", "people")
        yield table(heads, [_version_row(version) for version in versions], text_columns=5)
    for name, reason in [(one.upload_id, one.reason) for one in uploads] + [(one.model_version_id, one.reason) for one in versions]:
        if reason is not None:
            yield f"{name}: {reason}"


def _upload_row(upload: UploadStatement) -> tuple[str, ...]:
    kept = f"{upload.kept_out.rows} of {upload.kept_out.people}"
    return (upload.upload_id, upload.name, upload.status, upload.created_at, str(upload.rows), str(upload.people), kept)


def _version_row(version: VersionStatement) -> tuple[str, ...]:
    rows, people = (str(version.calibration.rows), str(version.calibration.people)) if version.calibration else ("–", "–")
    standing = str(version.standing or "–") + (", synthetic" if version.synthetic else "")
    return (version.model_id, version.model_version_id, version.status, standing, version.created_at, rows, people)
