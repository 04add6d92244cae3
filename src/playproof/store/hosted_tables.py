"""Uploads that hosted models are trained on, and the versions of those models, on whatever engine is below."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from playproof.store import hosted
from playproof.store.live_tables import Run
from playproof.store.training import HostedModelRecord, HostedUpload, UploadContent


class HostedTables:
    """Uploads and model versions, each kept before the step after it is begun, so that a restart carries on.

    Safe to share between threads and processes. What is written is on disk when a method returns; what is over, well or
    badly, does not change any more. Every method raises `StoreUnavailable`.
    """

    def __init__(self, write: Run, read: Run, storable: Callable[[str], bool]) -> None:
        """`storable` says whether an id can have been stored."""
        self._write = write
        self._read = read
        self._storable = storable

    def plan(self, upload: HostedUpload, content: UploadContent) -> None:
        """Keep an upload that is to be sent."""
        self._write(lambda connection: hosted.add_upload(connection, upload, content))

    def upload(self, upload_id: str) -> HostedUpload | None:
        """The upload of that id."""
        return self._read(lambda connection: hosted.upload(connection, upload_id)) if self._storable(upload_id) else None

    def uploads(self) -> list[HostedUpload]:
        """All uploads, the newest first."""
        return self._read(hosted.uploads)

    def content(self, upload_id: str) -> UploadContent | None:
        """The rows of an upload, of which the file is empty once it is ingested or failed."""
        return self._read(lambda connection: hosted.content(connection, upload_id))

    def announced(self, upload_id: str, dataset_id: str, version_id: str, job_id: str) -> bool:
        """The provider gave an upload these ids; whether it is still on its way."""
        ids = {"dataset_id": dataset_id, "version_id": version_id, "job_id": job_id}
        return self._write(lambda connection: hosted.change_upload(connection, upload_id, state="announced", **ids))

    def ingested(self, upload_id: str) -> bool:
        """An upload can be trained on, and its file is let go; whether it was still on its way."""
        over = {"state": "ingested", "reason": None, "content": None}
        return self._write(lambda connection: hosted.change_upload(connection, upload_id, **over))

    def upload_failed(self, upload_id: str, reason: str) -> bool:
        """Nothing comes of an upload, and its file is let go; whether it was still on its way."""
        over = {"state": "failed", "reason": reason, "content": None}
        return self._write(lambda connection: hosted.change_upload(connection, upload_id, **over))

    def begun(self, record: HostedModelRecord) -> bool:
        """Keep a version that is being trained; whether it was not known."""
        return self._write(lambda connection: hosted.add_model(connection, record))

    def by_version(self, version_id: str) -> HostedModelRecord | None:
        """The version of that id."""
        return self._read(lambda connection: hosted.model(connection, version_id))

    def models(self, model_id: str | None = None) -> list[HostedModelRecord]:
        """All versions, or those of one model, the newest first."""
        if model_id is not None and not self._storable(model_id):
            return []
        return self._read(lambda connection: hosted.models(connection, model_id))

    def newest_ready(self, model_id: str) -> HostedModelRecord | None:
        """The version of a model that was begun last among those that may score sessions."""
        return next(iter(self._read(lambda connection: hosted.models_in(connection, ("ready",), model_id))), None)

    def unfinished(self) -> tuple[list[HostedUpload], list[HostedModelRecord]]:
        """The uploads and versions of which something is still to come, the newest first."""
        return self._read(
            lambda connection: (
                hosted.uploads(connection, hosted.UNFINISHED_UPLOADS),
                hosted.models_in(connection, hosted.UNFINISHED_MODELS),
            )
        )

    def trained(self, version_id: str) -> bool:
        """A version is trained, and is being calibrated; whether it was still on its way."""
        return self._write(lambda connection: hosted.change_model(connection, version_id, state="calibrating", reason=None))

    def ready(self, version_id: str, calibration: bytes) -> bool:
        """A version may score sessions, by this yardstick; whether it was still on its way."""
        over = {"state": "ready", "reason": None, "calibration": calibration}
        return self._write(lambda connection: hosted.change_model(connection, version_id, **over))

    def model_failed(self, version_id: str, reason: str) -> bool:
        """Nothing comes of a version; whether it was still on its way."""
        return self._write(lambda connection: hosted.change_model(connection, version_id, state="failed", reason=reason))

    def held_up(self, name: str, reason: str) -> None:
        """Note why an upload or version, by its id, is not yet where it should be; what is over stays as it is."""

        def work(connection: Connection) -> None:
            if not hosted.change_upload(connection, name, reason=reason):
                hosted.change_model(connection, name, reason=reason)

        self._write(work)
