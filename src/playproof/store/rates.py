"""Statements about rates: fixed windows, counted for all processes. Each runs in the transaction its connection is in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Connection, Dialect, bindparam, delete, select

from playproof.store.groups import execute
from playproof.store.rate import Rate
from playproof.store.sessions import insert_rows
from playproof.store.visits import rate

_COLUMNS = ("key", "window_ms", "ends_at", "count")
_ONCE_MORE = " ON CONFLICT (key, window_ms, ends_at) DO UPDATE SET count = rate.count + 1"

COUNT = select(rate.c.count).where(
    rate.c.key == bindparam("of"), rate.c.window_ms == bindparam("length"), rate.c.ends_at == bindparam("until")
)
"""How often something happened in one window."""

OLD = select(rate.c.key, rate.c.window_ms, rate.c.ends_at).where(rate.c.ends_at < bindparam("before")).limit(bindparam("step"))
"""One step of windows that are over."""
_REMOVE = delete(rate).where(rate.c.key == bindparam("of"), rate.c.window_ms == bindparam("length"), rate.c.ends_at == bindparam("until"))


def count(connection: Connection, limits: Sequence[Rate], now: int) -> Rate | None:
    """Count once more towards each of `limits`, unless one is reached: that one, and nothing is counted."""
    windows = [(limit.key, limit.window_ms, (now // limit.window_ms + 1) * limit.window_ms) for limit in limits]
    statement = _count(connection.dialect)
    for limit, window in zip(limits, windows, strict=True):
        found = execute(connection, statement, window).fetchone()
        if (found[0] if found else 0) >= limit.most:
            return limit
    if windows:
        rows = [(*window, 1) for window in windows]
        execute(connection, insert_rows(rate, _COLUMNS, len(rows), connection.dialect) + _ONCE_MORE, [each for row in rows for each in row])
    return None


def purge(connection: Connection, before: int, step: int) -> int:
    """Remove at most `step` windows that were over before a time; how many that were."""
    old = connection.execute(OLD, {"before": before, "step": step}).all()
    if old:
        connection.execute(_REMOVE, [{"of": key, "length": length, "until": until} for key, length, until in old])
    return len(old)


@cache
def _count(dialect: Dialect) -> str:
    return str(COUNT.compile(dialect=dialect))
