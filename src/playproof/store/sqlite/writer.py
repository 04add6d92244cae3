"""The one thread of a process that writes.

Whatever waits when it comes round goes into one transaction, so that the price of reaching the disk is paid once for
all of it; a future resolves only after that commit.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, Engine

from playproof.clock import Clock
from playproof.errors import StoreUnavailable
from playproof.store.base import Commit, OnCommit, PutOutcome, SessionRecord
from playproof.store.compression import compress
from playproof.store.retention import touch
from playproof.store.rows import Live
from playproof.store.sqlite import groups
from playproof.store.sqlite.database import file_identity, require_file
from playproof.store.sqlite.engine import BUSY_SECONDS
from playproof.store.sqlite.errors import as_store_error, result_name, unavailable
from playproof.store.sqlite.work import End, Put, Task

GROUP = 64
"""Most records in one commit: beyond it the disk costs a record next to nothing, and the first waits longer."""
GATHER_SECONDS = 0.008
"""How long the first of a crowd waits for the rest where nobody says that no more comes: a commit for every few would keep taking
the interpreter from those who make the records. A record by itself does not wait."""
WAITING_BYTES = 64 * 1024**2
"""Most bytes that wait: some seven thousand sessions of 800 points."""
IDLE_SECONDS = 1.0

_OVERHEAD = 2048  # bytes of a waiting record beside its contents
_TRUNCATE_BUSY_MS = 20

_log = logging.getLogger("playproof.store")

R = TypeVar("R")


class Writer:
    """Takes records and tasks from any thread and runs them, in order, in its own."""

    def __init__(
        self, engine: Engine, clock: Clock, live: Live, on_commit: OnCommit | None = None, waiting_bytes: int = WAITING_BYTES
    ) -> None:
        self.error: str | None = None
        """Why the last write failed; `None` once one succeeded again."""
        self._engine = engine
        self._path = os.path.abspath(str(engine.url.database))  # noqa: PTH100 - a Path would follow symbolic links
        self._identity = (0, 0)
        self._clock = clock
        self._live = live
        self._on_commit = on_commit
        self._room = waiting_bytes
        self._items: queue.SimpleQueue[Put | Task | End] = queue.SimpleQueue()
        self._gate = threading.Lock()  # what is let in before the end is answered; nothing is let in after
        self._ahead: Put | Task | End | None = None
        self._open = True
        self._connection: Connection | None = None
        self._complete = threading.Event()  # nothing more comes at the moment
        self._crowded = False  # the last group held several records, so more are on their way
        self._log_used = self._log_holds_removed = False
        self._truncate_after = 0.0
        self._thread = threading.Thread(target=self._run, name="playproof-store", daemon=True)

    def start(self, connection: Connection) -> None:
        """Begin to take records, and to own `connection`."""
        self._identity, self._connection = file_identity(self._path), connection
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """Records and tasks not begun yet."""
        return self._items.qsize()

    def put(self, record: SessionRecord) -> Future[PutOutcome]:
        """Queue a record. Raises `StoreUnavailable` where there is no room or no writer."""
        # Compressed here, where nothing waits for it: in the writer it would hold up a whole group.
        frame = None if record.telemetry is None else compress(record.telemetry)
        size = _OVERHEAD + len(record.verdict) + len(record.features) + len(frame or b"")
        if record.awaited is not None:
            size += len(record.awaited.assessment)
        item = Put(msgspec.structs.replace(record, telemetry=None), frame, Future(), size)
        with self._gate:
            self._require_open()
            if size > self._room:
                raise StoreUnavailable("too many sessions wait to be written")
            self._room -= size
            self._items.put(item)
        return item.future

    def hurry(self) -> None:
        """Let what waits wait for no more records."""
        self._complete.set()

    def run(self, work: Callable[[Connection], R], *, removes: bool = False) -> R:
        """Run `work` in the writer's thread, in a transaction of its own, and wait.

        With `removes` the write-ahead log is emptied afterwards, so that it does not keep what `work` removed: before this
        returns where nothing else waits and nobody reads from the log, else a little later.
        Raises `StoreError`.
        """
        future: Future[R] = Future()
        with self._gate:
            self._require_open()
            self._items.put(Task(work, future, removes))
        return future.result()

    def close(self) -> None:
        """Take nothing more, finish what waits, and end the thread."""
        with self._gate:
            if self._open:
                self._open = False
                self._items.put(End())
        if self._thread.ident is not None:
            self._thread.join()

    def _require_open(self) -> None:
        if not self._open:
            raise StoreUnavailable("the store is closed")

    # From here on everything runs in the writer's thread.

    def _run(self) -> None:
        try:
            while self._round():
                pass
        except BaseException as error:  # noqa: BLE001  # nothing may end this thread without its callers being told
            self.error = f"the writer stopped: {error}"
            _log.critical("the writer stopped", exc_info=error)
        finally:
            with self._gate:
                self._open = False
            self._refuse_the_rest()
            self._disconnect()

    def _round(self) -> bool:
        """Handle what comes next; false at the end."""
        try:
            item = self._ahead or self._items.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            self._rest()
            return True
        self._ahead = None
        if isinstance(item, Put):
            self._store(self._group(item))
        elif isinstance(item, Task):
            self._perform(item)
        if self._log_holds_removed:
            self._truncate_log_if_due()
        return not isinstance(item, End)

    def _group(self, first: Put) -> list[Put]:
        """`first` and the records right behind it."""
        puts = [first]
        if self._crowded and self._items.qsize() < GROUP:
            self._complete.wait(GATHER_SECONDS)
        self._complete.clear()
        with contextlib.suppress(queue.Empty):
            while len(puts) < GROUP:
                item = self._items.get_nowait()
                if not isinstance(item, Put):
                    self._ahead = item
                    break
                puts.append(item)
        self._crowded = len(puts) > 1
        with self._gate:
            self._room += sum(put.size for put in puts)
        # A caller that gave up has been told so; what it sent need not be written.
        return [put for put in puts if put.future.set_running_or_notify_cancel()]

    def _store(self, puts: list[Put]) -> None:
        if not puts:
            return
        started = self._clock.monotonic()
        records, frames = [put.record for put in puts], [put.frame for put in puts]
        try:
            outcomes = self._transact(lambda connection: groups.store(connection, self._live, records, frames))
        except BaseException as error:  # noqa: BLE001
            if len(puts) > 1 and isinstance(error, Exception) and not result_name(error):
                # Not the database's doing but one record's, which must not take the others with it.
                for put in puts:
                    self._store([put])
                return
            told = unavailable(error)
            for put in puts:
                put.future.set_exception(told)
            self._report(Commit(len(puts), self._clock.monotonic() - started, str(told)))
            _pass_on_if_fatal(error)
        else:
            for put, outcome in zip(puts, outcomes, strict=True):
                put.future.set_result(outcome)
            self._report(Commit(len(puts), self._clock.monotonic() - started, None))

    def _perform(self, task: Task) -> None:
        if not task.future.set_running_or_notify_cancel():
            return
        try:
            result = self._transact(task.work)
        except BaseException as error:  # noqa: BLE001
            task.future.set_exception(as_store_error(error))
            _pass_on_if_fatal(error)
            return
        if task.removes:
            self._log_holds_removed = True
            if self._items.empty():
                self._truncate_log_if_due()
        task.future.set_result(result)

    def _rest(self) -> None:
        """Nothing came for a while."""
        if self.error is not None:
            with contextlib.suppress(Exception):
                self._transact(touch)
        elif self._log_used:
            self._truncate_log()

    def _transact(self, work: Callable[[Connection], R]) -> R:
        try:
            connection = self._connected()
            with connection.begin():
                result = work(connection)
            require_file(self._path, self._identity)
        except Exception as error:
            if result_name(error) or isinstance(error, StoreUnavailable):
                self._disconnect()  # whatever state it is in, the next attempt starts from a fresh one
                self.error = str(unavailable(error))
            raise
        self.error = None
        self._log_used = True
        return result

    def _truncate_log_if_due(self) -> None:
        if self._clock.monotonic() >= self._truncate_after:
            self._truncate_log()

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
            self._disconnect()
        else:
            if not blocked:
                self._log_used = self._log_holds_removed = False
                return
        self._truncate_after = self._clock.monotonic() + IDLE_SECONDS

    def _connected(self) -> Connection:
        if self._connection is None:
            self._identity = file_identity(self._path)  # first, because connecting makes a file where there is none
            self._connection = self._engine.connect()
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.close()

    def _report(self, commit: Commit) -> None:
        if self._on_commit is None:
            return
        try:
            self._on_commit(commit)
        except Exception:  # noqa: BLE001
            _log.exception("counting a commit failed")

    def _refuse_the_rest(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                item = self._ahead or self._items.get_nowait()
                self._ahead = None
                if not isinstance(item, End) and item.future.set_running_or_notify_cancel():
                    item.future.set_exception(StoreUnavailable("the store is closed"))


def _pass_on_if_fatal(error: BaseException) -> None:
    """Raise `error` again where it is meant to end the thread."""
    if not isinstance(error, Exception):
        raise error
