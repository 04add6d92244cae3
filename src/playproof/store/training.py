"""What was sent to train on, and the model versions that came of it, as the store takes them and hands them out."""

from __future__ import annotations

from typing import Literal

import msgspec

UploadState = Literal["planned", "announced", "ingested", "failed"]
"""planned: kept here. announced: the provider gave it ids, and may have the file. ingested: it can be trained on."""
ModelState = Literal["training", "calibrating", "ready", "failed"]
"""training: at the provider. calibrating: the people who were kept out are being scored. ready: it may score sessions."""


class HostedUpload(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of people that go to the provider, without the rows."""

    id: str
    """Never given to another; the provider knows the upload by it."""
    name: str
    """Of the dataset at the provider; every upload under the same name is a version of it."""
    created_at: int
    """Milliseconds since 1970, UTC."""
    columns: tuple[str, ...]
    rows: int
    people: int
    """Whose rows they are; none of them was kept out."""
    kept_people: tuple[int, ...]
    """Whose each row is that was kept out, by a number that says nothing else."""
    synthetic: bool
    """Made up, not recorded."""
    catalogue_version: str
    dataset_id: str | None = None
    version_id: str | None = None
    job_id: str | None = None
    """The ingestion."""
    state: UploadState = "planned"
    reason: str | None = None
    """Why it failed, or why it is not yet where it should be."""

    @property
    def kept(self) -> tuple[int, int]:
        """How many rows were kept out, and of how many people."""
        return len(self.kept_people), len(set(self.kept_people))


class UploadContent(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of an upload."""

    file: bytes
    """As it is sent; kept until it is ingested."""
    kept_rows: bytes
    """Catalogue rows that were kept out, little-endian float64, in the order of `HostedUpload.kept_people`."""


class HostedModelRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a hosted model, and what is known of the upload it was trained on."""

    version_id: str
    model_id: str
    upload: str
    job_id: str
    """The training."""
    created_at: int
    """Milliseconds since 1970, UTC."""
    columns: tuple[str, ...]
    catalogue_version: str
    synthetic: bool
    """Trained on made-up people: it demonstrates, and proves nothing."""
    state: ModelState = "training"
    reason: str | None = None
    """Why it failed, or why it is not yet ready."""
    calibration: bytes | None = None
    """JSON of a `playproof.woodwide.calibration.HostedCalibration`, once it is ready."""
