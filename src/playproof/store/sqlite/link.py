"""The writer's connection to the database file, and the write-ahead log that goes with it."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlalchemy import Connection, Engine

from playproof.clock import Clock
from playproof.errors import StoreUnavailable
from playproof.store.sqlite.database import file_identity, require_file
from playproof.store.sqlite.engine import BUSY_SECONDS
from playproof.store.sqlite.errors import result_name, unavailable
from playproof.store.sqlite.numbering import SqliteNumbering

_TRUNCATE_BUSY_MS = 20
_TRUNCATE_PAUSE_SECONDS = 1.0
_OF_WHAT_WAS_GIVEN = frozenset({"", "SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_TOOBIG"})
"""What SQLite says of a value that will not do; empty where it was not SQLite that said so."""

_log = logging.getLogger("playproof.store")

R = TypeVar("R")


class SqliteLink:
    """See `playproof.store.link.Link`."""

    def __init__(self, engine: Engine, connection: Connection, clock: Clock) -> None:
        """Own `connection`, made by `engine`."""
        self.numbering = SqliteNumbering()
        self._engine = engine
        self._path = os.path.abspath(str(engine.url.database))  # noqa: PTH100 - a Path would follow symbolic links
        self._identity = file_identity(self._path)
        self._connection: Connection | None = connection
        self._clock = clock
        self._log_used = self._log_holds_removed = False
        self._truncate_after = 0.0

    def transact(self, work: Callable[[Connection], R]) -> R:
        """See `Link.transact`."""
        try:
            connection = self._connected()
            with connection.begin():
                result = work(connection)
            require_file(self._path, self._identity)
        except Exception as error:
            if self.caused(error):
                self.close()  # whatever state it is in, the next attempt starts from a fresh one
            raise
        self._log_used = True
        return result

    def caused(self, error: BaseException) -> bool:
        """See `Link.caused`."""
        return result_name(error) not in _OF_WHAT_WAS_GIVEN or isinstance(error, StoreUnavailable)

    def unavailable(self, error: BaseException) -> StoreUnavailable:
        """See `Link.unavailable`."""
        return unavailable(error)

    def claim(self, connection: Connection, keys: Iterable[bytes]) -> None:
        """See `Link.claim`: a transaction that writes has the whole file to itself."""

    def removed(self) -> None:
        """See `Link.removed`: the write-ahead log still holds them."""
        self._log_holds_removed = True

    def tidy(self) -> None:
        """See `Link.tidy`: empty the write-ahead log."""
        if self._log_holds_removed and self._clock.monotonic() >= self._truncate_after:
            self._truncate_log()

    def rest(self) -> None:
        """See `Link.rest`."""
        if self._log_used:
            self._truncate_log()

    def close(self) -> None:
        """See `Link.close`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.close()

    def _truncate_log(self) -> None:
        """Move the write-ahead log into the database and empty it; again a little later where that cannot be done now."""
        try:
            driver = self._connected().connection.driver_connection
            assert driver is not None
            # Others may still read from the log; they need not be waited for.
            driver.execute(f"PRAGMA busy_timeout = {_TRUNCATE_BUSY_MS}").close()
            (blocked, _, _) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            driver.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}").close()
        except Exception as error:  # noqa: BLE001  # what was written is safe in the log as well
            _log.warning("the write-ahead log stays as it is: %s", unavailable(error))
            self.close()
        else:
            if not blocked:
                self._log_used = self._log_holds_removed = False
                return
        self._truncate_after = self._clock.monotonic() + _TRUNCATE_PAUSE_SECONDS

    def _connected(self) -> Connection:
        if self._connection is None:
            self._identity = file_identity(self._path)  # first, because connecting makes a file where there is none
            self._connection = self._engine.connect()
        return self._connection
