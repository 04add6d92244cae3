"""Rows of the live dataset, and the dataset itself, as the store hands them out."""

from __future__ import annotations

import msgspec


class Live(msgspec.Struct, frozen=True):
    """The dataset whose rows the stored sessions become."""

    name: str = "movement_live_inference"
    max_rows: int = 1000
    """Its window is cut to so many rows when it is a tenth longer."""


class ImportedRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A row to append that no session of this store stands for."""

    scope: str
    session_id: str
    """Unique within `scope`; appending the same again does nothing."""
    received_at: int
    """Milliseconds since 1970, UTC."""
    catalogue_version: str
    vector: bytes
    """Little-endian float64, in catalogue order."""
    origin: str
    """Who sent it."""
    stratum: str
    scorer: str | None = None
    decision: str | None = None
    label: str | None = None


class LiveRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A row as it is stored, whether a session stands behind it or not."""

    seq: int
    """In order of arrival; never given to another row."""
    scope: str
    session_id: str
    received_at: int
    catalogue_version: str
    vector: bytes
    origin: str
    stratum: str
    scorer: str | None
    decision: str | None
    label: str | None
    eligible: bool
    """May keep new rows company and serve calibration."""
    awaiting: bool
    """Its hosted result is still to come."""
    reference: bool
    """One of the rows the dataset began with."""


class Dataset(msgspec.Struct, frozen=True):
    """A live dataset."""

    id: int
    name: str
    created_at: int
    """Milliseconds since 1970, UTC."""
    window_from: int
    """The first `seq` of the window; an earlier row is in it only as long as it is awaiting its result."""
    generation: int
    """1, and one more for each replacement of the dataset at Woodwide."""
    remote_id: str | None
    """The dataset at Woodwide that stands for it now."""

    @property
    def remote_name(self) -> str:
        """What it is called at Woodwide: a replacement cannot have the name of what it replaces."""
        return self.name if self.generation == 1 else f"{self.name}_{self.generation}"


class Counts(msgspec.Struct, frozen=True):
    """How many rows a dataset has."""

    rows: int
    window: int
    awaiting: int
    eligible: int
    reference: int


class Replaced(msgspec.Struct, frozen=True):
    """A dataset at Woodwide that was given up."""

    generation: int
    remote_id: str
    reason: str
    replaced_at: int
    """Milliseconds since 1970, UTC."""
