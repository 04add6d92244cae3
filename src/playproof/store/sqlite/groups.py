"""One group of records, stored in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table

from playproof.store import live, sessions
from playproof.store.base import PutOutcome, PutStatus, SessionRecord
from playproof.store.rows import Live
from playproof.store.sessions import AWAITED_COLUMNS, LIVE_COLUMNS, SESSION_COLUMNS, TELEMETRY_COLUMNS, Key
from playproof.store.tables import awaited, live_row, session, telemetry

Standing = tuple[bytes, bytes, int]
"""Digest, verdict and number of a session that has an id."""

_DATASET = "SELECT id, window_from FROM live_dataset WHERE name = ?"


def store(connection: Connection, dataset: Live, records: Sequence[SessionRecord], frames: Sequence[bytes | None]) -> list[PutOutcome]:
    """Store what is new among `records`, in order, with `frames` as their telemetry, and say of each what became of it.

    Each becomes a row of the live `dataset`, whose window is cut where that makes it too long.

    `connection` is in a transaction that holds the write lock, so no other process can take an id in between.
    """
    taken = _known(connection, list({record.session_id for record in records}))
    statuses: list[PutStatus] = []
    fresh: list[tuple[SessionRecord, bytes | None]] = []
    for record, frame in zip(records, frames, strict=True):
        key: Key = (record.scope, record.session_id)
        before = taken.get(key)
        if before is None:
            # Numbered once they are inserted; until then, by their place among the new ones.
            taken[key] = (record.digest, record.verdict, -len(fresh))
            fresh.append((record, frame))
            statuses.append("stored")
        else:
            statuses.append("replayed" if before[0] == record.digest else "conflict")
    first = 0
    if fresh:
        number, window_from = _dataset(connection, dataset.name, fresh[0][0].received_at)
        first, last = _insert(connection, number, fresh)
        # There are no more rows than numbers; how many there are exactly need not be counted each time.
        if last - window_from >= dataset.max_rows * 11 // 10:
            live.cleanup(connection, dataset.name, dataset.max_rows)
    return [_outcome(status, taken[record.scope, record.session_id], first) for status, record in zip(statuses, records, strict=True)]


def _outcome(status: PutStatus, standing: Standing, first: int) -> PutOutcome:
    _, verdict, number = standing
    if status == "conflict":
        return PutOutcome(status, verdict, 0)
    return PutOutcome(status, verdict, number if number > 0 else first - number)


def _known(connection: Connection, ids: list[str]) -> dict[Key, Standing]:
    """The sessions that have these ids, whatever their scope."""
    rows = _execute(connection, sessions.known_ids(len(ids), connection.dialect), ids)
    return {(scope, name): (digest, verdict, number) for scope, name, digest, verdict, number in rows}


def _dataset(connection: Connection, name: str, now: int) -> tuple[int, int]:
    """Number and first row of the window of the live dataset of that name, made where there is none."""
    found: tuple[int, int] | None = _execute(connection, _DATASET, (name,)).fetchone()
    if found is not None:
        return found
    made, _ = live.ensure(connection, name, now)
    return made.id, made.window_from


def _insert(connection: Connection, dataset: int, new: Sequence[tuple[SessionRecord, bytes | None]]) -> tuple[int, int]:
    """Insert all that belongs to new sessions; the number of the first, and of the last row."""
    last = _insert_rows(connection, session, SESSION_COLUMNS, [sessions.session_row(record) for record, _ in new])
    # AUTOINCREMENT numbers the rows of one statement one by one, and the write lock keeps others out.
    first = last - len(new) + 1
    numbered = list(enumerate(new, first))
    last_row = _insert_rows(
        connection, live_row, LIVE_COLUMNS, [sessions.live_values(record, dataset, seq) for seq, (record, _) in numbered]
    )
    kept = [(seq, record.received_at, frame) for seq, (record, frame) in numbered if frame is not None]
    if kept:
        _insert_rows(connection, telemetry, TELEMETRY_COLUMNS, kept)
    preliminary = [sessions.awaited_values(record.awaited, seq) for seq, (record, _) in numbered if record.awaited is not None]
    if preliminary:
        _insert_rows(connection, awaited, AWAITED_COLUMNS, preliminary)
    return first, last_row


def _insert_rows(connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> int:
    statement = sessions.insert_rows(table, columns, len(rows), connection.dialect)
    number: int = _execute(connection, statement, [value for row in rows for value in row]).lastrowid
    return number


def _execute(connection: Connection, statement: str, parameters: Sequence[Any]) -> Any:
    """The driver's own cursor: what SQLAlchemy adds around it is more than a small group's rows cost, and holds the interpreter."""
    driver = connection.connection.driver_connection
    assert driver is not None
    return driver.execute(statement, parameters)
