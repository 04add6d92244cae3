"""Statements about uploads that hosted models are trained on, and the versions of those models.

Each function runs in the transaction its connection is in.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, insert, select, update

from playproof.store.tables import hosted_model, hosted_upload
from playproof.store.training import HostedModelRecord, HostedUpload, ModelState, UploadContent, UploadState

UNFINISHED_UPLOADS: tuple[UploadState, ...] = ("planned", "announced")
UNFINISHED_MODELS: tuple[ModelState, ...] = ("training", "calibrating")

_BLOBS = ("kept_rows", "content")
_UPLOADS = select(*(column for column in hosted_upload.c if column.name not in _BLOBS))
_SHARED = ("columns", "catalogue_version", "synthetic")
_MODELS = select(*hosted_model.c, *(hosted_upload.c[name] for name in _SHARED)).join_from(hosted_model, hosted_upload)
_OWN = [column.name for column in hosted_model.c]


def add_upload(connection: Connection, upload: HostedUpload, content: UploadContent) -> None:
    """Put in an upload that is planned."""
    values = msgspec.structs.asdict(upload) | {
        "columns": msgspec.json.encode(upload.columns).decode(),
        "kept_people": msgspec.json.encode(upload.kept_people),
        "kept_rows": content.kept_rows,
        "content": content.file,
    }
    connection.execute(insert(hosted_upload).values(values))


def upload(connection: Connection, upload_id: str) -> HostedUpload | None:
    """The upload of that id."""
    found = connection.execute(_UPLOADS.where(hosted_upload.c.id == upload_id)).one_or_none()
    return None if found is None else _upload(found)


def uploads(connection: Connection, states: tuple[UploadState, ...] = ()) -> list[HostedUpload]:
    """All uploads, or those in `states`, the newest first."""
    statement = _UPLOADS.where(hosted_upload.c.state.in_(states)) if states else _UPLOADS
    ordered = statement.order_by(hosted_upload.c.created_at.desc(), hosted_upload.c.id.desc())
    return [_upload(found) for found in connection.execute(ordered)]


def content(connection: Connection, upload_id: str) -> UploadContent | None:
    """The rows of an upload; its file is empty where it was let go."""
    statement = select(hosted_upload.c.content, hosted_upload.c.kept_rows).where(hosted_upload.c.id == upload_id)
    found = connection.execute(statement).one_or_none()
    return None if found is None else UploadContent(file=found.content or b"", kept_rows=found.kept_rows)


def change_upload(connection: Connection, upload_id: str, **values: Any) -> bool:
    """Set columns of an upload that is neither ingested nor failed; whether it was so."""
    these = (hosted_upload.c.id == upload_id, hosted_upload.c.state.in_(UNFINISHED_UPLOADS))
    return bool(connection.execute(update(hosted_upload).where(*these).values(values)).rowcount)


def add_model(connection: Connection, record: HostedModelRecord) -> bool:
    """Put in a version that is being trained; whether it was not there."""
    if model(connection, record.version_id) is not None:
        return False
    connection.execute(insert(hosted_model).values({name: getattr(record, name) for name in _OWN}))
    return True


def model(connection: Connection, version_id: str) -> HostedModelRecord | None:
    """The version of that id."""
    found = _models(connection, _MODELS.where(hosted_model.c.version_id == version_id))
    return found[0] if found else None


def models(connection: Connection, model_id: str | None = None) -> list[HostedModelRecord]:
    """All versions, or those of a model, the newest first."""
    return _models(connection, _MODELS.where(hosted_model.c.model_id == model_id) if model_id is not None else _MODELS)


def models_in(connection: Connection, states: tuple[ModelState, ...], model_id: str | None = None) -> list[HostedModelRecord]:
    """The versions in `states`, of one model or all, the newest first."""
    statement = _MODELS.where(hosted_model.c.state.in_(states))
    return _models(connection, statement.where(hosted_model.c.model_id == model_id) if model_id is not None else statement)


def change_model(connection: Connection, version_id: str, **values: Any) -> bool:
    """Set columns of a version that is neither ready nor failed; whether it was so."""
    these = (hosted_model.c.version_id == version_id, hosted_model.c.state.in_(UNFINISHED_MODELS))
    return bool(connection.execute(update(hosted_model).where(*these).values(values)).rowcount)


def _models(connection: Connection, statement: Select[Any]) -> list[HostedModelRecord]:
    ordered = statement.order_by(hosted_model.c.created_at.desc(), hosted_model.c.version_id.desc())
    return [
        HostedModelRecord(**{**found._mapping, "columns": msgspec.json.decode(found.columns, type=tuple[str, ...])})
        for found in connection.execute(ordered)
    ]


def _upload(found: Row[Any]) -> HostedUpload:
    lists = {
        "columns": msgspec.json.decode(found.columns, type=tuple[str, ...]),
        "kept_people": msgspec.json.decode(found.kept_people, type=tuple[int, ...]),
    }
    return HostedUpload(**{**found._mapping, **lists})
