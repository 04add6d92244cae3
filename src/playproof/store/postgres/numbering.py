"""How PostgreSQL numbers what is inserted, while others insert too."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from playproof.store import sessions
from playproof.store.base import SessionRecord
from playproof.store.groups import execute, insert_rows
from playproof.store.sessions import LIVE_COLUMNS, SESSION_COLUMNS
from playproof.store.tables import live_row, session

_ID_AND_SCOPE = itemgetter(1 + SESSION_COLUMNS.index("id"), 1 + SESSION_COLUMNS.index("scope"))
_NUMBERS = "SELECT nextval(pg_get_serial_sequence('session', 'seq')) FROM generate_series(1, $1)"


class PostgresNumbering:
    """See `playproof.store.groups.Numbering`. Numbers grow in order of arrival, with gaps."""

    def sessions(self, connection: Connection, records: Sequence[SessionRecord]) -> list[int | None]:
        """See `Numbering.sessions`: waits for whoever is inserting one of the ids at the moment."""
        given = [number for (number,) in execute(connection, _NUMBERS, (len(records),))]
        rows = [(number, *sessions.session_row(record)) for number, record in zip(given, records, strict=True)]
        # In the same order everywhere: two groups that wait for each other's ids would both have to give up.
        rows.sort(key=_ID_AND_SCOPE)
        made = insert_rows(connection, session, ("seq", *SESSION_COLUMNS), rows, " ON CONFLICT (id, scope) DO NOTHING RETURNING seq")
        stored = {number for (number,) in made}
        return [number if number in stored else None for number in given]

    def rows(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """See `Numbering.rows`."""
        numbers = insert_rows(connection, live_row, LIVE_COLUMNS, rows, " RETURNING seq").fetchall()
        last: int = numbers[-1][0]
        return last
