"""How SQLite numbers what is inserted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from playproof.store import sessions
from playproof.store.base import SessionRecord
from playproof.store.groups import insert_rows
from playproof.store.sessions import LIVE_COLUMNS, SESSION_COLUMNS
from playproof.store.tables import live_row, session


class SqliteNumbering:
    """See `playproof.store.groups.Numbering`. The write lock keeps others out, so no id is taken meanwhile."""

    def sessions(self, connection: Connection, records: Sequence[SessionRecord]) -> list[int | None]:
        """See `Numbering.sessions`."""
        rows = [sessions.session_row(record) for record in records]
        last = insert_rows(connection, session, SESSION_COLUMNS, rows).lastrowid
        # AUTOINCREMENT numbers the rows of one statement one by one.
        return list(range(last - len(records) + 1, last + 1))

    def rows(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """See `Numbering.rows`."""
        last: int = insert_rows(connection, live_row, LIVE_COLUMNS, rows).lastrowid
        return last
