"""The writer's connection to the server, made anew when it is lost."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlalchemy import Connection, Engine, Transaction, select

from playproof.clock import Clock
from playproof.errors import StoreUnavailable
from playproof.store.groups import execute
from playproof.store.postgres.errors import caused, sqlstate, unavailable
from playproof.store.postgres.numbering import PostgresNumbering

TRIES = 5
"""Of a transaction that others got in the way of."""
LEAST_PAUSE, MOST_PAUSE = 0.05, 2.0
"""Seconds from one attempt to connect to the next, doubled each time."""

_LOOK = select(1)
# In the order given, which is the same everywhere.
_CLAIM = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key"
_IN_THE_WAY = frozenset({"40001", "40P01"})

R = TypeVar("R")


class PostgresLink:
    """See `playproof.store.link.Link`."""

    def __init__(self, engine: Engine, connection: Connection, clock: Clock) -> None:
        """Own `connection`, made by `engine`."""
        self.numbering = PostgresNumbering()
        self._engine = engine
        self._connection: Connection | None = connection
        self._clock = clock
        self._pause = LEAST_PAUSE
        self._again_at = 0.0
        self._why = ""

    def transact(self, work: Callable[[Connection], R]) -> R:
        """See `Link.transact`; `work` may be run again, where nothing of its first run was committed."""
        for tries_left in reversed(range(TRIES)):
            kept = self._connection is not None
            connection = self._connected()
            transaction = connection.begin()
            try:
                result = work(connection)
            except Exception as error:
                lost = self._lost()
                in_the_way = sqlstate(error) in _IN_THE_WAY
                self._give_up(transaction, keep=in_the_way or not (lost or caused(error)))
                # A connection may have been lost while nothing was to do, which is no failure yet.
                if tries_left and (in_the_way or (lost and kept)):
                    continue
                raise
            self._commit(connection)
            return result
        raise AssertionError("the last try returns or raises")

    def caused(self, error: BaseException) -> bool:
        """See `Link.caused`."""
        return caused(error)

    def unavailable(self, error: BaseException) -> StoreUnavailable:
        """See `Link.unavailable`."""
        return unavailable(error)

    def claim(self, connection: Connection, keys: Iterable[bytes]) -> None:
        """See `Link.claim`: locks of the server that stand for the keys."""
        execute(connection, _CLAIM, [sorted({_lock(key) for key in keys})])

    def removed(self) -> None:
        """See `Link.removed`: the server overwrites it in its own time."""

    def tidy(self) -> None:
        """See `Link.tidy`: the server tidies by itself."""

    def rest(self) -> None:
        """See `Link.rest`: look whether the server is there, so that it is known before the next session comes."""
        self.transact(lambda connection: connection.execute(_LOOK).scalar())

    def close(self) -> None:
        """See `Link.close`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.close()

    def _give_up(self, transaction: Transaction, *, keep: bool) -> None:
        """Roll back; without `keep`, or where that fails, the next transaction has a connection of its own."""
        if keep:
            with contextlib.suppress(Exception):
                transaction.rollback()
                return
        self.close()

    def _commit(self, connection: Connection) -> None:
        """Commit; where the answer is lost nobody knows whether it was, and nothing is acknowledged."""
        try:
            connection.commit()
        except Exception as error:
            self.close()
            raise unavailable(error) from error

    def _lost(self) -> bool:
        connection = self._connection
        if connection is None or connection.invalidated:
            return True
        driver = connection.connection.driver_connection
        return driver is None or bool(driver.closed)

    def _connected(self) -> Connection:
        if self._connection is None:
            if self._clock.monotonic() < self._again_at:
                raise StoreUnavailable(self._why)
            try:
                self._connection = self._engine.connect()
            except Exception as error:
                self._why = str(unavailable(error))
                self._again_at = self._clock.monotonic() + self._pause
                self._pause = min(2 * self._pause, MOST_PAUSE)
                raise
            self._pause = LEAST_PAUSE
        return self._connection


def _lock(key: bytes) -> int:
    """The 64 bits by which the server knows a key."""
    return int.from_bytes(hashlib.sha256(key).digest()[:8], "big", signed=True)
