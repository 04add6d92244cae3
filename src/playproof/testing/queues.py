"""Queues that are long already, without the sessions that would have made them so."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import Connection, Integer, Select, String, Table, cast, insert, literal, select, true

from playproof.store import Store
from playproof.store.tables import awaited, batch_entry, live_row, session

STEP = 50_000
"""Sessions of one transaction."""

_COPIED = ((session, "seq"), (live_row, "seq"), (awaited, "session_seq"), (batch_entry, "session_seq"))
"""What a queued session consists of, with the columns that number it."""


def lengthen(store: Store, length: int) -> None:
    """Have `length` sessions in the queue, copies of the one that is in the store, each queued a millisecond after the one before.

    On some engines nothing can be put into such a store any more.
    """
    for start in range(2, length + 1, STEP):
        store.batch._write(partial(_copy, start=start, end=min(start + STEP - 1, length)))


def _copy(connection: Connection, start: int, end: int) -> None:
    numbers = select(literal(start, Integer).label("number")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.number + 1).where(numbers.c.number < end))
    for table, key in _COPIED:
        connection.execute(insert(table).from_select([column.name for column in table.c], _copies(table, key, numbers)))


def _copies(table: Table, key: str, numbers: Any) -> Select[Any]:
    def value(name: str) -> Any:
        if name in (key, "session_seq"):
            return numbers.c.number
        if name in ("enqueued_at", "next_at") and table is batch_entry:
            return table.c[name] + numbers.c.number
        return literal("s") + cast(numbers.c.number, String) if name == "id" else table.c[name]

    chosen: Select[Any] = select(*(value(column.name) for column in table.c))
    return chosen.select_from(table.join(numbers, true())).where(table.c[key] == 1)
