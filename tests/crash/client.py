"""A process that stores sessions until it is killed, and notes outside the database what it was answered.

Arguments: the data folder, the database's address or nothing, the file of notes, a name for its sessions, the number of its first one.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from concurrent.futures import Future
from pathlib import Path

from playproof.errors import StoreUnavailable
from playproof.store import PutOutcome, Store, open_store
from playproof.testing import session_record

IN_FLIGHT = 24
PAUSE_SECONDS = 0.02
"""Before a session is sent again that a database server did not take."""


def content_of(session_id: str) -> bytes:
    """Of differing sizes, so that groups and pages come out unevenly."""
    return session_id.encode() * (1 + hash_of(session_id) % 900)


def hash_of(session_id: str) -> int:
    """The same in every process, which `hash` is not."""
    return sum(session_id.encode()) * 7919


def put(store: Store, session_id: str) -> Future[PutOutcome]:
    """Send a session."""
    return store.put(session_record(session_id, content=content_of(session_id)))


def main(folder: str, url: str, notes: str, name: str, first: str) -> None:
    """Store without end; a database server may go and come back, a file may not."""
    note = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    store = open_store(Path(folder), database_url=url or None)
    waiting: deque[tuple[str, Future[PutOutcome]]] = deque()
    number = int(first)
    while True:
        while len(waiting) < IN_FLIGHT:
            session_id = f"{name}-{number}"
            waiting.append((session_id, put(store, session_id)))
            number += 1
        session_id, future = waiting.popleft()
        try:
            status = future.result().status
        except StoreUnavailable:
            if not url:
                raise
            threading.Event().wait(PAUSE_SECONDS)
            waiting.append((session_id, put(store, session_id)))
        else:
            os.write(note, f"{session_id} {status}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
