"""Statements about what leaves: retention, erasures, and the probe of the disk."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from playproof.store.tables import erasure, probe, session, telemetry

STEP = 200
"""Sessions a step takes something from: some milliseconds of the writer's time."""

PURGE_TELEMETRY = delete(telemetry).where(
    telemetry.c.seq.in_(
        select(telemetry.c.seq)
        .where(telemetry.c.received_at < bindparam("before"))
        .order_by(telemetry.c.received_at)
        .limit(bindparam("step"))
        .scalar_subquery()
    )
)
"""One step of telemetry that has had its time."""

PURGE_SESSIONS = delete(session).where(
    session.c.seq.in_(
        select(session.c.seq)
        .where(session.c.received_at < bindparam("before"))
        .order_by(session.c.received_at)
        .limit(bindparam("step"))
        .scalar_subquery()
    )
)
"""One step of sessions that have had their time, with all that belongs to them."""


def purge_telemetry(connection: Connection, before: int) -> int:
    """Remove the telemetry of at most `STEP` sessions received before a time; how many that were."""
    return connection.execute(PURGE_TELEMETRY, {"before": before, "step": STEP}).rowcount


def purge_sessions(connection: Connection, before: int) -> int:
    """Remove at most `STEP` sessions received before a time; how many that were."""
    return connection.execute(PURGE_SESSIONS, {"before": before, "step": STEP}).rowcount


def subject(session_id: str, scope: str | None) -> bytes:
    """The hash under which an erasure is remembered: of an id in one scope, or in every scope where `scope` is None."""
    parts = [session_id] if scope is None else [session_id, scope]
    framed = b"".join(len(raw).to_bytes(8, "big") + raw for raw in (part.encode() for part in parts))
    return hashlib.sha256(b"playproof erasure 1\0" + framed).digest()


def remember_erasure(connection: Connection, session_id: str, scope: str | None, now: int) -> None:
    """Note that an id was erased at `now` (milliseconds)."""
    key = subject(session_id, scope)
    again = connection.execute(update(erasure).where(erasure.c.subject == key).values(erased_at=now))
    if not again.rowcount:
        connection.execute(insert(erasure).values(subject=key, erased_at=now))


def touch(connection: Connection) -> None:
    """Write a little, to find out whether writing works."""
    if not connection.execute(update(probe).where(probe.c.id == 1).values(count=probe.c.count + 1)).rowcount:
        connection.execute(insert(probe).values(id=1, count=1))
