"""Recorded sessions as rows to append."""

from __future__ import annotations

from playproof.features import CATALOGUE_VERSION, extract
from playproof.store import ImportedRow
from playproof.telemetry import Labels, Session, canonical, digest


def imported_row(session: Session, labels: Labels | None, *, origin: str, received_at: int) -> ImportedRow:
    """The row of a recorded session, received at so many milliseconds since 1970.

    A labelled source stands for `origin`. A session without an id is known by its content, so that the same file again
    appends nothing.
    """
    source = (labels.source if labels is not None else None) or origin
    return ImportedRow(
        scope=f"import:{source}",
        session_id=session.id or digest(canonical(session)).hex(),
        received_at=received_at,
        catalogue_version=CATALOGUE_VERSION,
        vector=extract(session).astype("<f8").tobytes(),
        origin=source,
        stratum=f"{session.game_type}/{session.device_type}",
        label=labels.label if labels is not None else None,
    )
