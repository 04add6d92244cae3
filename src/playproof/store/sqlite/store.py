"""The store in one SQLite file."""

from __future__ import annotations

import shutil
from pathlib import Path

from playproof.clock import Clock, SystemClock
from playproof.errors import StoreRefused
from playproof.store.base import Health, OnCommit
from playproof.store.reader import Reader
from playproof.store.rows import Live
from playproof.store.sql_store import SqlStore
from playproof.store.sqlite.backup import write_backup
from playproof.store.sqlite.database import DATABASE_NAME, connect, make_folder
from playproof.store.sqlite.driver import SHARABLE_FROM, Driver, find_driver
from playproof.store.sqlite.engine import reading_engine, writing_engine
from playproof.store.sqlite.errors import unavailable
from playproof.store.sqlite.link import SqliteLink
from playproof.store.sqlite.lock import FolderLock, network_file_system
from playproof.store.sqlite.presence import FolderPresence
from playproof.store.writer import WAITING_BYTES, Writer

LEAST_FREE = 16 * 1024**2
"""Bytes free on the disk below which the store calls itself unable to write."""


class SqliteStore(SqlStore):
    """See `playproof.store.base.Store`."""

    def __init__(
        self,
        folder: Path,
        *,
        durability: str = "full",
        clock: Clock | None = None,
        on_commit: OnCommit | None = None,
        create: bool = True,
        live: Live | None = None,
        driver: Driver | None = None,
        waiting_bytes: int = WAITING_BYTES,
    ) -> None:
        """Open the database in `folder`; made where it is missing, unless `create` is false.

        Raises `StoreRefused` with what to do about it: a folder that cannot be written, a file that is damaged,
        foreign or newer, another process where sharing is not safe.
        """
        self._driver = driver = driver or find_driver()
        self.path = folder / DATABASE_NAME
        if create:
            make_folder(folder)
        elif not self.path.exists():
            raise StoreRefused(f"there is no database in {folder}")
        clock = clock or SystemClock()
        self._lock = FolderLock(folder, _why_alone(folder, driver))
        try:
            writing = writing_engine(self.path, driver, durability)
            link = SqliteLink(writing, connect(self.path, writing), clock)
        except BaseException:
            self._lock.release()
            raise
        writer = Writer(link, clock, live or Live(), on_commit, waiting_bytes)
        self._presence = FolderPresence(folder)
        super().__init__(writer, Reader(reading_engine(self.path, driver), unavailable), clock, self._presence)

    def backup(self, path: Path) -> int:
        """See `Store.backup`."""
        self._reader.require_open()
        return write_backup(self.path, path, self._driver)

    def health(self) -> Health:
        """See `Store.health`."""
        try:
            free = shutil.disk_usage(self.path.parent).free
        except OSError as gone:
            return Health(f"the data folder {self.path.parent} cannot be read: {gone.strerror}", self._writer.waiting, 0)
        error = self._writer.error
        if not self._writer.alive:
            error = error or "the store is closed"
        elif error is None and free < LEAST_FREE:
            error = f"the disk is almost full: {free} bytes are free"
        return Health(error, self._writer.waiting, free)

    def close(self) -> None:
        """See `Store.close`."""
        self._writer.close()
        self.replays.close()
        self._presence.close()
        if self._reader.close():
            self._lock.release()


def _why_alone(folder: Path, driver: Driver) -> str | None:
    """Why one process at a time may use the folder; `None` where several may."""
    network = network_file_system(folder)
    if network is not None:
        return f"a database on a network file system ({network}) cannot be shared"
    if not driver.sharable:
        return f"{driver} cannot share it safely ({'.'.join(map(str, SHARABLE_FROM))} can)"
    return None
