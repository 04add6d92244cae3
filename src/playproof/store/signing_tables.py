"""Signing keys on whatever engine is below."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select

from playproof.store.live_tables import Run
from playproof.store.once import insert_once
from playproof.store.signing import SigningKey
from playproof.store.visits import signing_key
from playproof.store.writer import Writer

_KEYS = select(signing_key).order_by(signing_key.c.created_at.desc(), signing_key.c.id)
_FIRST = b"signing_key"


class SigningTables:
    """What all processes sign with. Safe to share; what is written is on disk when a method returns, and every one raises
    `StoreUnavailable`.
    """

    def __init__(self, writer: Writer, read: Run) -> None:
        self._writer = writer
        self._read = read

    def keys(self) -> list[SigningKey]:
        """All keys, the newest first."""
        return self._read(_keys)

    def make_first(self, key: SigningKey) -> SigningKey:
        """The newest key that there is, which is `key` where there was none: of several processes at once, one makes it."""
        return self._writer.join(_first_of, key, keys=[_FIRST]).result()

    def add(self, key: SigningKey) -> bool:
        """Have `key` sign from now on, where it is the newest; false where one of its id is there."""
        statement = insert(signing_key).values(msgspec.structs.asdict(key))
        return self._writer.run(lambda connection: insert_once(connection, statement))

    def retire(self, key_id: str) -> bool:
        """Forget a key, so that what it signed is no longer taken; false where there is none."""
        statement = delete(signing_key).where(signing_key.c.id == key_id)
        return self._writer.run(lambda connection: connection.execute(statement).rowcount > 0)


def _keys(connection: Connection) -> list[SigningKey]:
    return [SigningKey(row.id, row.key, row.created_at) for row in connection.execute(_KEYS)]


def _first_of(connection: Connection, offered: Sequence[SigningKey]) -> list[SigningKey]:
    """The newest key, for each who offered one."""
    if not (found := _keys(connection)):
        found = [offered[0]]
        connection.execute(insert(signing_key).values(msgspec.structs.asdict(offered[0])))
    return [found[0]] * len(offered)
