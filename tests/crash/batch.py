"""A process that queues sessions, or works batches off, until it is killed, and notes outside the database what it did.

Arguments: what it is, the data folder, the database's address or nothing, the file of notes, its name, the number of its first session.
"""

from __future__ import annotations

import os
import random
import sys
import threading
from collections import deque
from concurrent.futures import Future
from pathlib import Path

from playproof.batch.queue import SessionQueue
from playproof.clock import SystemClock, milliseconds
from playproof.errors import QueueFull, StoreUnavailable
from playproof.store import Done, Entry, Final, Forming, Later, Notice, PutOutcome, Store, open_store
from playproof.testing import session_record

IN_FLIGHT = 16
PAUSE_SECONDS = 0.02
"""Before something is tried again."""
HOLD_SECONDS = 2.0
RULE = Forming(least=10, wait=200, most=50)
BOUND = 2000
"""Sessions that wait at most: what is left in the end has to be worked off."""
FAILS = 0.03
"""Share of batches that fail, and are halved."""

CLOCK = SystemClock()


def now() -> int:
    """Milliseconds since 1970."""
    return milliseconds(CLOCK.now())


class Notes:
    """A file that is appended to, a line at a time or several at once."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, *lines: str) -> None:
        """Note something; the system has it when this returns."""
        os.write(self._file, "".join(f"{line}\n" for line in lines).encode())


def produce(store: Store, notes: Notes, name: str, first: int) -> None:
    """Queue sessions without end."""
    queue = SessionQueue(store, most=BOUND, clock=CLOCK)
    waiting: deque[tuple[str, Future[PutOutcome]]] = deque()
    again: deque[str] = deque()
    number = first
    while True:
        while len(waiting) < IN_FLIGHT:
            if not again:
                again.append(f"{name}-{number}")
                number += 1
            try:
                future = queue.enqueue(session_record(again[0], content=b"x" * 2000, received_at=now()), b"{}")
            except (QueueFull, StoreUnavailable):
                threading.Event().wait(PAUSE_SECONDS)
                break
            waiting.append((again.popleft(), future))
        if waiting:
            session_id, future = waiting.popleft()
            try:
                notes.write(f"{session_id} {future.result().status}")
            except StoreUnavailable:
                again.append(session_id)


def work(store: Store, notes: Notes, name: str, chance: random.Random, *, until_empty: bool = False) -> None:
    """Work batches off without end, or until there is nothing left."""
    while not until_empty or store.batch.waiting(1):
        try:
            worked = one_batch(store, notes, name, chance)
        except StoreUnavailable:
            worked = False
        if not worked:
            threading.Event().wait(PAUSE_SECONDS)


def one_batch(store: Store, notes: Notes, name: str, chance: random.Random) -> bool:
    """Work one batch off; whether there was one."""
    before = now()
    entries = store.batch.claim(name, HOLD_SECONDS, RULE)
    after = now()
    if not entries:
        return False
    allowed = len(entries) <= RULE.most and (
        len(entries) >= RULE.least or entries[0].sharing > 0 or min(entry.enqueued_at for entry in entries) <= after - RULE.wait
    )
    notes.write(*(f"claimed {line(entry)} {before} {after} {allowed}" for entry in entries))
    if chance.random() < FAILS:
        notes.write(*(f"returns {line(entry)} 0 0 True" for entry in entries))
        sharing = (len(entries) + 1) // 2
        store.batch.settle([], [later(entry, sharing) for entry in entries])
    else:
        won = store.batch.settle([done(entry) for entry in entries])
        notes.write(*(f"settled {line(entry)} 0 0 True" for entry, ours in zip(entries, won, strict=True) if ours))
    return True


def line(entry: Entry) -> str:
    """Which claim it is."""
    return f"{entry.session.session_id} {entry.epoch}"


def later(entry: Entry, sharing: int) -> Later:
    """Put back, as after a failure."""
    return Later(number=entry.session.number, epoch=entry.epoch, next_at=now(), reason="refused", attempted=True, sharing=sharing)


def done(entry: Entry) -> Done:
    """The end of an entry."""
    number = entry.session.number
    notice = Notice(f"{number}-{entry.epoch}", b"{}")
    final = Final(
        number=number, verdict=f'{{"of": "{entry.session.session_id}"}}'.encode(), decision="pass", anomaly_score=None, raw_score=None,
        source="local", model_version="m", eligible=True, notice=notice,
    )  # fmt: skip
    return Done(epoch=entry.epoch, final=final)


def main(role: str, folder: str, url: str, notes: str, name: str, first: str) -> None:
    """Do one thing without end; a database server may go and come back."""
    store = open_patiently(folder, url)
    if role == "producer":
        produce(store, Notes(notes), name, int(first))
    else:
        work(store, Notes(notes), f"{name}-{os.getpid()}", random.Random(os.getpid()))


def open_patiently(folder: str, url: str) -> Store:
    """The store, as soon as its server is there."""
    while True:
        try:
            return open_store(Path(folder), database_url=url or None)
        except StoreUnavailable:
            if not url:
                raise
            threading.Event().wait(PAUSE_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
