"""Statements about sessions: store, look up, erase.

Everything is SQLAlchemy Core. The statements that store are run for every session, in groups of differing size, so
they are compiled once and their row of placeholders is repeated: one statement a table and group, whatever its size.
"""

from __future__ import annotations

import re
from functools import cache, partial
from typing import Any

from sqlalchemy import Connection, Dialect, Table, bindparam, delete, insert, null, select, union_all

from playproof.store.awaiting import Awaiting
from playproof.store.base import SessionRecord, StoredSession
from playproof.store.tables import awaited, live_dataset, live_row, session, telemetry, tombstone

Key = tuple[str, str]
"""Scope and id."""

_NUMBERED = re.compile(r"\$(\d+)")  # as PostgreSQL has them; SQLite's have no number

SESSION_COLUMNS = tuple(column.name for column in session.c if column is not session.c.seq)
LIVE_COLUMNS = tuple(column.name for column in live_row.c if column is not live_row.c.seq)
TELEMETRY_COLUMNS = tuple(column.name for column in telemetry.c)
QUEUED_COLUMNS = ("session_seq", "state", "sharing", "enqueued_at", "next_at", "attempts", "epoch")
AWAITED_COLUMNS = tuple(column.name for column in awaited.c if column.name not in ("reason", "told"))

KNOWN = union_all(
    select(session.c.scope, session.c.id, session.c.digest, session.c.verdict, session.c.seq).where(
        session.c.id.in_(bindparam("ids", expanding=True))
    ),
    select(tombstone.c.scope, tombstone.c.id, null(), null(), null()).where(tombstone.c.id.in_(bindparam("left", expanding=True))),
)
"""Which of some ids are taken in any scope, and by what; of those that have a tombstone, only that.

Older SQLites would read the whole table for pairs of id and scope.
"""

GET = (
    select(
        session,
        live_row.c.catalogue_version,
        live_row.c.vector,
        live_row.c.origin,
        live_row.c.stratum,
        live_row.c.label,
        live_row.c.eligible,
        live_row.c.awaiting,
        telemetry.c.content,
    )
    .join(live_row, live_row.c.session_seq == session.c.seq)
    .outerjoin(telemetry, telemetry.c.seq == session.c.seq)
    .where(session.c.id == bindparam("session_id"), session.c.scope == bindparam("in_scope"))
)
"""One session with all that belongs to it."""

_ERASE = delete(session).where(session.c.id == bindparam("session_id"))
ERASE_EVERYWHERE = _ERASE
"""An id's sessions in every scope; what belongs to them goes with them."""
ERASE_IN_SCOPE = _ERASE.where(session.c.scope == bindparam("in_scope"))
"""An id's session in one scope."""


@cache
def insert_rows(table: Table, columns: tuple[str, ...], rows: int, dialect: Dialect) -> str:
    """The text that inserts `rows` rows at once, for a driver with positional parameters."""
    one = str(insert(table).inline().compile(dialect=dialect, column_keys=list(columns)))
    head, values, row = one.partition("VALUES ")
    return head + values + ", ".join(_NUMBERED.sub(partial(_later, by=place * len(columns)), row) for place in range(rows))


def _later(parameter: re.Match[str], by: int) -> str:
    """A numbered parameter, so many places later."""
    return f"${int(parameter[1]) + by}"


@cache
def known_ids(ids: int, dialect: Dialect) -> str:
    """The text of `KNOWN` for so many ids, which it takes twice."""
    return str(KNOWN.params(ids=[""] * ids, left=[""] * ids).compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))


@cache
def dataset(dialect: Dialect) -> str:
    """The text that looks up number and first row of the window of the live dataset of a name."""
    found = select(live_dataset.c.id, live_dataset.c.window_from).where(live_dataset.c.name == bindparam("name"))
    return str(found.compile(dialect=dialect))


def session_row(record: SessionRecord) -> tuple[Any, ...]:
    """The values of `SESSION_COLUMNS`."""
    return (
        record.scope,
        record.session_id,
        record.digest,
        record.received_at,
        record.game_type,
        record.device_type,
        record.decision,
        record.anomaly_score,
        record.raw_score,
        record.source,
        record.model_version,
        record.revision,
        record.verdict,
        record.queued,
    )


def live_values(record: SessionRecord, dataset: int, seq: int) -> tuple[Any, ...]:
    """The values of `LIVE_COLUMNS`, for the session number `seq`."""
    return (
        dataset,
        seq,
        record.catalogue_version,
        record.features,
        record.origin,
        record.stratum,
        record.label,
        record.eligible and record.awaited is None,
        record.awaited is not None,
    )


def awaited_values(awaiting: Awaiting, seq: int) -> tuple[Any, ...]:
    """The values of `AWAITED_COLUMNS`, for the session number `seq`."""
    return (seq, awaiting.next_at, 0, awaiting.assessment, awaiting.holder, awaiting.held_until)


def queued_values(record: SessionRecord, seq: int) -> tuple[Any, ...]:
    """The values of `QUEUED_COLUMNS`, for the session number `seq`."""
    return (seq, "queued", 0, record.received_at, record.received_at, 0, 0)


def get(connection: Connection, scope: str, session_id: str) -> tuple[StoredSession, bytes | None] | None:
    """The session under an id, and its telemetry as it was compressed."""
    row = connection.execute(GET, {"session_id": session_id, "in_scope": scope}).one_or_none()
    if row is None:
        return None
    found = StoredSession(
        scope=row.scope,
        session_id=row.id,
        digest=row.digest,
        received_at=row.received_at,
        game_type=row.game_type,
        device_type=row.device_type,
        verdict=row.verdict,
        decision=row.decision,
        anomaly_score=row.anomaly_score,
        raw_score=row.raw_score,
        source=row.source,
        model_version=row.model_version,
        revision=row.revision,
        features=row.vector,
        catalogue_version=row.catalogue_version,
        telemetry=None,
        origin=row.origin,
        stratum=row.stratum,
        label=row.label,
        eligible=row.eligible,
        awaiting=row.awaiting,
    )
    return found, row.content


def erase(connection: Connection, session_id: str, scope: str | None) -> int:
    """Remove what is stored under an id, in `scope` or in all; how many sessions that were."""
    if scope is None:
        return connection.execute(ERASE_EVERYWHERE, {"session_id": session_id}).rowcount
    return connection.execute(ERASE_IN_SCOPE, {"session_id": session_id, "in_scope": scope}).rowcount
