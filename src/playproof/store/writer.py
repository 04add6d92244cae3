"""The one thread of a process that writes.

Whatever waits when it comes round goes into one transaction, so that the price of reaching the disk is paid once for
all of it; a future resolves only after that commit.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import Connection

from playproof.clock import Clock
from playproof.errors import StoreError, StoreUnavailable
from playproof.store import groups
from playproof.store.base import Commit, OnCommit, PutOutcome, SessionRecord
from playproof.store.link import Link
from playproof.store.retention import touch
from playproof.store.rows import Live
from playproof.store.work import End, Piece, Put, Task, packed

GROUP = 64
"""Most records and pieces in one commit: beyond it the disk costs each next to nothing, and the first waits longer."""
GATHER_SECONDS = 0.008
"""How long the first of a crowd waits for the rest where nobody says that no more comes: a commit for every few would keep taking
the interpreter from those who make the records. A record by itself does not wait."""
WAITING_BYTES = 64 * 1024**2
"""Most bytes that wait: some seven thousand sessions of 800 points."""
IDLE_SECONDS = 1.0

_OVERHEAD = 2048  # bytes of a waiting record or piece beside its contents

_log = logging.getLogger("playproof.store")

A = TypeVar("A")
R = TypeVar("R")


class Writer:
    """Takes records and tasks from any thread and runs them, in order, in its own."""

    def __init__(self, link: Link, clock: Clock, live: Live, on_commit: OnCommit | None = None, waiting_bytes: int = WAITING_BYTES) -> None:
        """Begin to take records and tasks, and to own `link`."""
        self.error: str | None = None
        """Why the last write failed; `None` once one succeeded again."""
        self._link = link
        self._clock = clock
        self._live = live
        self._on_commit = on_commit
        self._room = waiting_bytes
        self._items: queue.SimpleQueue[Put | Piece | Task | End] = queue.SimpleQueue()
        self._gate = threading.Lock()  # what is let in before the end is answered; nothing is let in after
        self._ahead: Put | Piece | Task | End | None = None
        self._open = True
        self._complete = threading.Event()  # nothing more comes at the moment
        self._crowded = False  # the last group held several records, so more are on their way
        self._thread = threading.Thread(target=self._run, name="playproof-store", daemon=True)
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
        bare, frame, size = packed(record)
        item = Put(bare, frame, Future(), _OVERHEAD + size)
        self._let_in(item)
        return item.future

    def join(
        self, work: Callable[[Connection, Sequence[A]], Sequence[R]], given: A, *, size: int = 0, keys: Sequence[bytes] = ()
    ) -> Future[R]:
        """Queue a piece of work that shares a transaction with whatever else waits, in order; the future has what became of it.

        `work` is called once with what was `given` to all pieces that follow one another and have it in common, and again, with nothing
        of its first run committed, where another of the group fails. `size` is what the piece holds in memory, bytes; `keys` name the rows
        that others may want to change at the same time. A `StoreError` that `work` raises is the future's; whatever else it raises is
        `StoreUnavailable`. Raises that where there is no room or no writer.
        """
        future: Future[R] = Future()
        self._let_in(Piece(work, given, future, _OVERHEAD + size, keys))
        return future

    def store(self, connection: Connection, records: Sequence[SessionRecord], frames: Sequence[bytes | None]) -> list[PutOutcome]:
        """Store records as `put` does, within a piece of work; `packed` makes both parts of each."""
        return groups.store(connection, self._link.numbering, self._live, records, frames)

    def hurry(self) -> None:
        """Let what waits wait for no more records."""
        self._complete.set()

    def run(self, work: Callable[[Connection], R], *, removes: bool = False) -> R:
        """Run `work` in the writer's thread, in a transaction of its own, and wait.

        `removes` says that `work` removes sessions: what the engine keeps of them elsewhere goes before this returns where nothing
        else waits and nobody is in the way, else a little later. Raises `StoreError`.
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
        self._thread.join()

    def _let_in(self, item: Put | Piece) -> None:
        with self._gate:
            self._require_open()
            if item.size > self._room:
                raise StoreUnavailable("too many sessions wait to be written")
            self._room -= item.size
            self._items.put(item)

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
            self._link.close()

    def _round(self) -> bool:
        """Handle what comes next; false at the end."""
        try:
            item = self._ahead or self._items.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            self._rest()
            return True
        self._ahead = None
        if isinstance(item, Put | Piece):
            self._store(self._group(item))
        elif isinstance(item, Task):
            self._perform(item)
        self._link.tidy()
        return not isinstance(item, End)

    def _group(self, first: Put | Piece) -> list[Put | Piece]:
        """`first` and what joins it right behind."""
        group = [first]
        if self._crowded and self._items.qsize() < GROUP:
            self._complete.wait(GATHER_SECONDS)
        self._complete.clear()
        with contextlib.suppress(queue.Empty):
            while len(group) < GROUP:
                item = self._items.get_nowait()
                if not isinstance(item, Put | Piece):
                    self._ahead = item
                    break
                group.append(item)
        self._crowded = len(group) > 1
        with self._gate:
            self._room += sum(item.size for item in group)
        # A caller that gave up has been told so; what it sent need not be written.
        return [item for item in group if item.future.set_running_or_notify_cancel()]

    def _store(self, group: list[Put | Piece]) -> None:
        if not group:
            return
        started = self._clock.monotonic()
        try:
            results = self._transact(lambda connection: self._written(connection, group))
        except BaseException as error:  # noqa: BLE001
            if len(group) > 1 and isinstance(error, Exception) and not self._link.caused(error):
                # Not the database's doing but that of one of them, which must not take the others with it.
                for item in group:
                    self._store([item])
                return
            told = error if isinstance(error, StoreError) else self._link.unavailable(error)
            for item in group:
                item.future.set_exception(told)
            self._report(group, started, str(told))
            _pass_on_if_fatal(error)
        else:
            for item, result in zip(group, results, strict=True):
                item.future.set_result(result)
            self._report(group, started, None)

    def _written(self, connection: Connection, group: list[Put | Piece]) -> list[Any]:
        """What became of each of `group`; what follows one another and is alike is written at once."""
        keys = {key for item in group if isinstance(item, Piece) for key in item.keys}
        if keys:
            self._link.claim(connection, keys)
        results: list[Any] = []
        for work, items in groupby(group, lambda item: item.work if isinstance(item, Piece) else None):
            together = list(items)
            if work is not None:
                results += work(connection, [piece.given for piece in together if isinstance(piece, Piece)])
            else:
                puts = [put for put in together if isinstance(put, Put)]
                results += self.store(connection, [put.record for put in puts], [put.frame for put in puts])
        return results

    def _perform(self, task: Task) -> None:
        if not task.future.set_running_or_notify_cancel():
            return
        try:
            result = self._transact(task.work)
        except BaseException as error:  # noqa: BLE001
            task.future.set_exception(error if isinstance(error, StoreError) else self._link.unavailable(error))
            _pass_on_if_fatal(error)
            return
        if task.removes:
            self._link.removed()
            if self._items.empty():
                self._link.tidy()
        task.future.set_result(result)

    def _rest(self) -> None:
        """Nothing came for a while."""
        with contextlib.suppress(Exception):
            if self.error is not None:
                self._transact(touch)
            else:
                self._noting_failures(self._link.rest)

    def _transact(self, work: Callable[[Connection], R]) -> R:
        result = self._noting_failures(lambda: self._link.transact(work))
        self.error = None
        return result

    def _noting_failures(self, work: Callable[[], R]) -> R:
        try:
            return work()
        except Exception as error:
            if self._link.caused(error):
                self.error = str(self._link.unavailable(error))
            raise

    def _report(self, group: list[Put | Piece], started: float, error: str | None) -> None:
        if self._on_commit is None:
            return
        sessions = sum(isinstance(item, Put) for item in group)
        try:
            self._on_commit(Commit(sessions, self._clock.monotonic() - started, error, len(group) - sessions))
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
