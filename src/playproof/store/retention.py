"""Statements about what leaves: retention, erasures, and the probe of the disk."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from playproof.store import challenges, tombstones
from playproof.store.once import insert_once
from playproof.store.outbox import DELIVERED, GIVEN_UP
from playproof.store.publications import OPEN
from playproof.store.tables import erasure, imported_row, live_row, outbox, probe, publication, session, telemetry, tombstone

Erasures = dict[bytes, int]
"""By the hash of what was erased: when, in milliseconds."""

STEP = 200
"""Sessions a step takes something from: some milliseconds of the writer's time."""

KEEP_UNFINISHED = timedelta(days=1)
"""How long challenges stay that came to nothing, after their time was over."""

KEEP_LETTERS = timedelta(days=7)
"""How long letters stay that were delivered or given up, unless their session goes before."""

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

OLD_SESSIONS = (
    select(session.c.seq, session.c.scope, session.c.id, session.c.queued)
    .where(session.c.received_at < bindparam("before"))
    .order_by(session.c.received_at)
    .limit(bindparam("step"))
)
"""One step of sessions that have had their time."""
# Locked: one that is erased before it is removed here must leave no tombstone.
_LOCKED_OLD_SESSIONS = OLD_SESSIONS.with_for_update()
_REMOVE_SESSIONS = delete(session).where(session.c.seq.in_(bindparam("numbers", expanding=True)))

PURGE_IMPORTED = delete(live_row).where(
    live_row.c.seq.in_(
        select(imported_row.c.seq)
        .where(imported_row.c.received_at < bindparam("before"), imported_row.c.reference.is_(False))
        .order_by(imported_row.c.received_at)
        .limit(bindparam("step"))
        .scalar_subquery()
    )
)
"""One step of appended rows that have had their time; those a dataset began with stay."""


PURGE_LETTERS = delete(outbox).where(
    outbox.c.id.in_(
        select(outbox.c.id)
        .where(outbox.c.state.in_((DELIVERED, GIVEN_UP)), outbox.c.next_at < bindparam("before"))
        .limit(bindparam("step"))
        .scalar_subquery()
    )
)
"""One step of letters that have not waited for so long."""


PURGE_PUBLICATIONS = delete(publication).where(
    publication.c.id.in_(
        select(publication.c.id)
        .where(publication.c.created_at < bindparam("before"), publication.c.state != OPEN)
        .order_by(publication.c.created_at)
        .limit(bindparam("step"))
        .scalar_subquery()
    )
)
"""One step of publications that are closed and have had their time."""

OLD_TOMBSTONES = (
    select(tombstone.c.id).where(tombstone.c.gone_at < bindparam("before")).order_by(tombstone.c.gone_at).limit(bindparam("step"))
)
"""One step of tombstones that have had their time."""
_REMOVE_TOMBSTONES = delete(tombstone).where(
    tombstone.c.id.in_(bindparam("ids", expanding=True)), tombstone.c.gone_at < bindparam("before")
)


def purge_telemetry(connection: Connection, before: int) -> int:
    """Remove the telemetry of at most `STEP` sessions received before a time; how many that were."""
    return connection.execute(PURGE_TELEMETRY, {"before": before, "step": STEP}).rowcount


def purge_sessions(connection: Connection, before: int, now: int) -> int:
    """Remove at most `STEP` sessions received before a time, with all that belongs to them; how many that were.

    Those that were queued for a batch leave a tombstone, which says that they went at `now`.
    """
    old = connection.execute(_LOCKED_OLD_SESSIONS, {"before": before, "step": STEP}).all()
    if old:
        challenges.leave_with(connection, [row.seq for row in old])
        connection.execute(_REMOVE_SESSIONS, {"numbers": [row.seq for row in old]})
        tombstones.leave(connection, [(row.scope, row.id) for row in old if row.queued], now)
    return len(old)


def purge_tombstones(connection: Connection, before: int) -> int:
    """Remove the tombstones of at most `STEP` ids that were left before a time; how many that were."""
    ids = connection.execute(OLD_TOMBSTONES, {"before": before, "step": STEP}).scalars().all()
    return connection.execute(_REMOVE_TOMBSTONES, {"ids": ids, "before": before}).rowcount if ids else 0


def purge_imported(connection: Connection, before: int) -> int:
    """Remove at most `STEP` appended rows received before a time; how many that were."""
    return connection.execute(PURGE_IMPORTED, {"before": before, "step": STEP}).rowcount


def purge_letters(connection: Connection, before: int) -> int:
    """Remove at most `STEP` letters that were delivered or given up before a time; how many that were."""
    return connection.execute(PURGE_LETTERS, {"before": before, "step": STEP}).rowcount


def purge_publications(connection: Connection, before: int) -> int:
    """Remove at most `STEP` closed publications begun before a time; how many that were."""
    return connection.execute(PURGE_PUBLICATIONS, {"before": before, "step": STEP}).rowcount


def subject(session_id: str, scope: str | None) -> bytes:
    """The hash under which an erasure is remembered: of an id in one scope, or in every scope where `scope` is None."""
    parts = [session_id] if scope is None else [session_id, scope]
    framed = b"".join(len(raw).to_bytes(8, "big") + raw for raw in (part.encode() for part in parts))
    return hashlib.sha256(b"playproof erasure 1\0" + framed).digest()


def remember_erasure(connection: Connection, session_id: str, scope: str | None, now: int) -> None:
    """Note that an id was erased at `now` (milliseconds), found or not: a backup may still hold it."""
    _note(connection, subject(session_id, scope), now)


def _note(connection: Connection, key: bytes, erased_at: int) -> None:
    if not insert_once(connection, insert(erasure).values(subject=key, erased_at=erased_at)):
        earlier = (erasure.c.subject == key, erasure.c.erased_at < erased_at)
        connection.execute(update(erasure).where(*earlier).values(erased_at=erased_at))


def erasures(connection: Connection) -> Erasures:
    """Every erasure remembered."""
    return {row.subject: row.erased_at for row in connection.execute(select(erasure))}


def erase_again(connection: Connection, remembered: Erasures) -> int:
    """Repeat erasures in a database that did not see them; how many sessions that removed.

    A session received after its id was erased stays; a tombstone does not tell when its session came, so that none of such an id does.
    """
    for key, erased_at in remembered.items():
        _note(connection, key, erased_at)
    everything = erasures(connection)
    if not everything:
        return 0
    everywhere = [(row.scope, row.id) for row in connection.execute(select(tombstone.c.scope, tombstone.c.id))]
    tombstones.remove(connection, [key for key in everywhere if not everything.keys().isdisjoint(_subjects(*key))])
    return sum(_erase_in(connection, table, removed, everything) for table, removed in ((session, session), (imported_row, live_row)))


def _erase_in(connection: Connection, table: Table, removed: Table, everything: Erasures) -> int:
    """Remove from `removed` what `table` knows under an erased id; how many that were."""
    found = []
    for row in connection.execute(select(table.c.seq, table.c.scope, table.c.id, table.c.received_at)):
        times = (everything.get(key, -1) for key in _subjects(row.scope, row.id))
        if max(times) >= row.received_at:
            found.append({"gone": row.seq})
    if found and removed is session:
        challenges.leave_with(connection, [row["gone"] for row in found])
    if found:
        connection.execute(delete(removed).where(removed.c.seq == bindparam("gone")), found)
    return len(found)


def _subjects(scope: str, session_id: str) -> tuple[bytes, bytes]:
    """The hashes under which an erasure of a session can be remembered."""
    return subject(session_id, scope), subject(session_id, None)


def touch(connection: Connection) -> None:
    """Write a little, to find out whether writing works."""
    if not connection.execute(update(probe).where(probe.c.id == 1).values(count=probe.c.count + 1)).rowcount:
        insert_once(connection, insert(probe).values(id=1, count=1))
