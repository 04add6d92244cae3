"""Statements about tombstones: what is left of a session that was queued for a batch when retention has removed it.

Whoever asks for its result late can so be told that it is gone, and not that it never was. Each function runs in the
transaction its connection is in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, delete, exists, select, text

from playproof.store.sessions import Key
from playproof.store.tables import tombstone

_LEAVE = text(
    "INSERT INTO tombstone (id, scope, gone_at) VALUES (:session_id, :in_scope, :now)"
    " ON CONFLICT (id, scope) DO UPDATE SET gone_at = excluded.gone_at"
)
_ANY = delete(tombstone).where(tombstone.c.id == bindparam("session_id"))
_ONE = _ANY.where(tombstone.c.scope == bindparam("in_scope"))
STANDS = select(exists().where(tombstone.c.id == bindparam("session_id"), tombstone.c.scope == bindparam("in_scope")))
"""Whether there is one for an id in one scope."""


def leave(connection: Connection, keys: Sequence[Key], now: int) -> None:
    """Leave a tombstone for each of these sessions, which went at `now` (milliseconds)."""
    if keys:
        connection.execute(_LEAVE, [{"session_id": name, "in_scope": scope, "now": now} for scope, name in keys])


def remove(connection: Connection, keys: Iterable[Key]) -> None:
    """Remove the tombstones of these sessions, of which some have none."""
    given = [{"session_id": name, "in_scope": scope} for scope, name in sorted(keys)]
    if given:
        connection.execute(_ONE, given)


def erase(connection: Connection, session_id: str, scope: str | None) -> None:
    """Remove the tombstones of an id, in `scope` or in all."""
    if scope is None:
        connection.execute(_ANY, {"session_id": session_id})
    else:
        remove(connection, [(scope, session_id)])


def stands(connection: Connection, scope: str, session_id: str) -> bool:
    """Whether there is a tombstone for an id."""
    return bool(connection.execute(STANDS, {"session_id": session_id, "in_scope": scope}).scalar())
