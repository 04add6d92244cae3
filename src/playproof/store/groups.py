"""One group of records, stored in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, Table

from playproof.store import live, sessions, tombstones
from playproof.store.base import PutOutcome, PutStatus, SessionRecord
from playproof.store.rows import Live
from playproof.store.sessions import AWAITED_COLUMNS, QUEUED_COLUMNS, TELEMETRY_COLUMNS, Key
from playproof.store.tables import awaited, batch_entry, telemetry

Standing = tuple[bytes, bytes, int]
"""Digest, verdict and number of a session that has an id."""

Fresh = tuple[SessionRecord, bytes | None]
"""A record whose id nobody has yet, and its telemetry, compressed."""


class Numbering(Protocol):
    """Inserts what the database numbers, the way the engine does that best."""

    def sessions(self, connection: Connection, records: Sequence[SessionRecord]) -> list[int | None]:
        """Insert sessions; the number of each, `None` where another process took its id meanwhile."""
        ...

    def rows(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """Insert rows of the live dataset, the values of `LIVE_COLUMNS` each; the number of the last."""
        ...


def store(
    connection: Connection, numbering: Numbering, dataset: Live, records: Sequence[SessionRecord], frames: Sequence[bytes | None]
) -> list[PutOutcome]:
    """Store what is new among `records`, in order, with `frames` as their telemetry, and say of each what became of it.

    Each becomes a row of the live `dataset`, whose window is cut where that makes it too long. `connection` is in a
    transaction; where others write at the same time, whoever inserts an id first has it.
    """
    standing, left = _known(connection, {record.session_id for record in records})
    fresh: dict[Key, Fresh] = {}
    for record, frame in zip(records, frames, strict=True):
        key = (record.scope, record.session_id)
        if key not in standing:
            fresh.setdefault(key, (record, frame))
    numbers: dict[Key, int] = {}
    while missing := {key: one for key, one in fresh.items() if key not in numbers and key not in standing}:
        numbers |= _insert(connection, numbering, dataset, missing)
        if lost := {name for scope, name in missing if (scope, name) not in numbers}:
            taken, more = _known(connection, lost)
            standing |= taken
            left |= more
    tombstones.remove(connection, left & numbers.keys())
    return [_outcome(record, standing, numbers) for record in records]


def _outcome(record: SessionRecord, standing: dict[Key, Standing], numbers: dict[Key, int]) -> PutOutcome:
    key = (record.scope, record.session_id)
    before = standing.get(key)
    if before is None:
        standing[key] = (record.digest, record.verdict, numbers[key])
        return PutOutcome("stored", record.verdict, numbers[key])
    digest, verdict, number = before
    same = digest == record.digest
    status: PutStatus = "replayed" if same else "conflict"
    return PutOutcome(status, verdict, number if same else 0)


def _known(connection: Connection, ids: set[str]) -> tuple[dict[Key, Standing], set[Key]]:
    """The sessions that have these ids, whatever their scope, and those of which only a tombstone is left."""
    standing: dict[Key, Standing] = {}
    left: set[Key] = set()
    for scope, name, digest, verdict, number in execute(connection, sessions.known_ids(len(ids), connection.dialect), [*ids, *ids]):
        if digest is None:
            left.add((scope, name))
        else:
            standing[scope, name] = (digest, verdict, number)
    return standing, left


def _insert(connection: Connection, numbering: Numbering, dataset: Live, new: dict[Key, Fresh]) -> dict[Key, int]:
    """Insert sessions and all that belongs to them; the numbers of those whose id was still to be had."""
    given = numbering.sessions(connection, [record for record, _ in new.values()])
    numbered = [(seq, record, frame) for seq, (record, frame) in zip(given, new.values(), strict=True) if seq is not None]
    if not numbered:
        return {}
    number, window_from = _dataset(connection, dataset.name, numbered[0][1].received_at)
    last = numbering.rows(connection, [sessions.live_values(record, number, seq) for seq, record, _ in numbered])
    kept = [(seq, record.received_at, frame) for seq, record, frame in numbered if frame is not None]
    if kept:
        insert_rows(connection, telemetry, TELEMETRY_COLUMNS, kept)
    preliminary = [sessions.awaited_values(record.awaited, seq) for seq, record, _ in numbered if record.awaited is not None]
    if preliminary:
        insert_rows(connection, awaited, AWAITED_COLUMNS, preliminary)
    queued = [sessions.queued_values(record, seq) for seq, record, _ in numbered if record.queued]
    if queued:
        insert_rows(connection, batch_entry, QUEUED_COLUMNS, queued)
    # There are no more rows than numbers; how many there are exactly need not be counted each time.
    if last - window_from >= dataset.max_rows * 11 // 10:
        live.cleanup(connection, dataset.name, dataset.max_rows)
    return {(record.scope, record.session_id): seq for seq, record, _ in numbered}


def _dataset(connection: Connection, name: str, now: int) -> tuple[int, int]:
    """Number and first row of the window of the live dataset of that name, made where there is none."""
    found: tuple[int, int] | None = execute(connection, sessions.dataset(connection.dialect), (name,)).fetchone()
    if found is not None:
        return found
    made, _ = live.ensure(connection, name, now)
    return made.id, made.window_from


def insert_rows(connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]], more: str = "") -> Any:
    """The driver's cursor after inserting `rows` with one statement, which ends in `more`."""
    statement = sessions.insert_rows(table, columns, len(rows), connection.dialect) + more
    return execute(connection, statement, [value for row in rows for value in row])


def execute(connection: Connection, statement: str, parameters: Sequence[Any]) -> Any:
    """The driver's own cursor: what SQLAlchemy adds around it is more than a small group's rows cost, and holds the interpreter."""
    driver = connection.connection.driver_connection
    assert driver is not None
    return driver.execute(statement, parameters)
