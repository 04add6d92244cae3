"""The store in one SQLite file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from playproof.clock import Clock, SystemClock, milliseconds
from playproof.errors import StoreRefused, StoreUnavailable
from playproof.store import live as live_rows
from playproof.store import retention, sessions
from playproof.store.awaited_tables import AwaitedTables
from playproof.store.base import Health, OnCommit, Purged, PutOutcome, SessionRecord, StoredSession
from playproof.store.compression import decompress
from playproof.store.hosted_tables import HostedTables
from playproof.store.leases import LeaseTables
from playproof.store.live_tables import LiveTables
from playproof.store.outbox_tables import OutboxTables
from playproof.store.rows import Live
from playproof.store.sqlite.backup import write_backup
from playproof.store.sqlite.database import DATABASE_NAME, connect, make_folder
from playproof.store.sqlite.driver import SHARABLE_FROM, Driver, find_driver
from playproof.store.sqlite.engine import reading_engine, writing_engine
from playproof.store.sqlite.errors import unavailable
from playproof.store.sqlite.lock import FolderLock, network_file_system
from playproof.store.sqlite.writer import WAITING_BYTES, Writer

R = TypeVar("R")

LEAST_FREE = 16 * 1024**2
"""Bytes free on the disk below which the store calls itself unable to write."""


class SqliteStore:
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
        self._clock = clock or SystemClock()
        self._closed = False
        self._lock = FolderLock(folder, _why_alone(folder, driver))
        try:
            writing = writing_engine(self.path, driver, durability)
            self._reading = reading_engine(self.path, driver)
            self._writer = Writer(writing, self._clock, live or Live(), on_commit, waiting_bytes)
            self._writer.start(connect(self.path, writing))
        except BaseException:
            self._lock.release()
            raise
        self.live = LiveTables(self._writer.run, self._read, self._clock)
        self.outbox = OutboxTables(self._writer.run, self._read, self._clock)
        self.awaited = AwaitedTables(self._writer.run, self._read, self._clock)
        self.hosted = HostedTables(self._writer.run, self._read)
        self.leases = LeaseTables(self._writer.run, self._clock)

    def put(self, record: SessionRecord) -> Future[PutOutcome]:
        """See `Store.put`."""
        return self._writer.put(record)

    def hurry(self) -> None:
        """See `Store.hurry`."""
        self._writer.hurry()

    def get(self, scope: str, session_id: str) -> StoredSession | None:
        """See `Store.get`."""
        self._require_open()
        if not _storable(session_id):
            return None
        found = self._read(lambda connection: sessions.get(connection, scope, session_id))
        if found is None:
            return None
        stored, frame = found
        return stored if frame is None else msgspec.structs.replace(stored, telemetry=decompress(frame))

    def _read(self, work: Callable[[Connection], R]) -> R:
        self._require_open()
        try:
            with self._reading.connect() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise unavailable(error) from error

    def erase(self, session_id: str, scope: str | None = None) -> int:
        """See `Store.erase`."""
        now = milliseconds(self._clock.now())
        if not _storable(session_id):
            return 0

        def work(connection: Connection) -> int:
            retention.remember_erasure(connection, session_id, scope, now)
            return sessions.erase(connection, session_id, scope) + live_rows.erase(connection, session_id, scope)

        return self._writer.run(work, removes=True)

    def purge(self, now: datetime, keep_telemetry: timedelta, keep_verdicts: timedelta) -> Purged:
        """See `Store.purge`."""
        return Purged(
            telemetry=self._purge(retention.purge_telemetry, now - keep_telemetry),
            sessions=self._purge(retention.purge_sessions, now - keep_verdicts)
            + self._purge(retention.purge_imported, now - keep_verdicts),
            letters=self._purge(retention.purge_letters, now - retention.KEEP_LETTERS),
        )

    def _purge(self, step: Callable[[Connection, int], int], before: datetime) -> int:
        limit = milliseconds(before)
        total = 0
        while True:
            # One step a transaction: records that wait get their turn in between.
            removed = self._writer.run(lambda connection: step(connection, limit), removes=True)
            total += removed
            if removed < retention.STEP:
                return total

    def backup(self, path: Path) -> int:
        """See `Store.backup`."""
        self._require_open()
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

    def check(self) -> None:
        """See `Store.check`."""
        error = self.health().error
        if error is not None:
            raise StoreUnavailable(error)

    def close(self) -> None:
        """See `Store.close`."""
        self._writer.close()
        if not self._closed:
            self._closed = True
            self._reading.dispose()
            self._lock.release()

    def _require_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("the store is closed")


def _storable(session_id: str) -> bool:
    """Whether the id can have been stored: no text with half of a surrogate pair can."""
    try:
        session_id.encode()
    except UnicodeEncodeError:
        return False
    return True


def _why_alone(folder: Path, driver: Driver) -> str | None:
    """Why one process at a time may use the folder; `None` where several may."""
    network = network_file_system(folder)
    if network is not None:
        return f"a database on a network file system ({network}) cannot be shared"
    if not driver.sharable:
        return f"{driver} cannot share it safely ({'.'.join(map(str, SHARABLE_FROM))} can)"
    return None
