"""Statements about rates: fixed windows, counted for all processes. Each runs in the transaction its connection is in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Connection, Dialect, and_, bindparam, delete, or_, select

from playproof.store.groups import execute, insert_rows
from playproof.store.rate import Rate
from playproof.store.visits import rate

_COLUMNS = ("key", "window_ms", "ends_at", "count")
_ONCE_MORE = " ON CONFLICT (key, window_ms, ends_at) DO UPDATE SET count = rate.count + 1"

OLD = select(rate.c.key, rate.c.window_ms, rate.c.ends_at).where(rate.c.ends_at < bindparam("before")).limit(bindparam("step"))
"""One step of windows that are over."""
_REMOVE = delete(rate).where(rate.c.key == bindparam("of"), rate.c.window_ms == bindparam("length"), rate.c.ends_at == bindparam("until"))


def count(connection: Connection, limits: Sequence[Rate], now: int) -> Rate | None:
    """Count once more towards each of `limits`, unless one is reached: that one, and nothing is counted."""
    if not limits:
        return None
    windows = [(limit.key, limit.window_ms, (now // limit.window_ms + 1) * limit.window_ms) for limit in limits]
    found = execute(connection, counts(len(limits), connection.dialect), [value for window in windows for value in window])
    counted = {(bytes(key), length, until): many for key, length, until, many in found}
    for limit, window in zip(limits, windows, strict=True):
        if counted.get(window, 0) >= limit.most:
            return limit
    insert_rows(connection, rate, _COLUMNS, [(*window, 1) for window in windows], _ONCE_MORE)
    return None


@cache
def counts(windows: int, dialect: Dialect) -> str:
    """The text that reads how often something happened in so many windows."""
    each = [
        (rate.c.key == bindparam(f"of_{n}"), rate.c.window_ms == bindparam(f"length_{n}"), rate.c.ends_at == bindparam(f"until_{n}"))
        for n in range(windows)
    ]
    return str(select(rate).where(or_(*(and_(*one) for one in each))).compile(dialect=dialect))


def purge(connection: Connection, before: int, step: int) -> int:
    """Remove at most `step` windows that were over before a time; how many that were."""
    old = connection.execute(OLD, {"before": before, "step": step}).all()
    if old:
        connection.execute(_REMOVE, [{"of": key, "length": length, "until": until} for key, length, until in old])
    return len(old)
