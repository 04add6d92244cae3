"""Databases, processes that store into them, and what has to hold after some of either were killed."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from playproof.clock import SystemClock
from playproof.store import Store, open_store
from playproof.store.sqlite.database import DATABASE_NAME
from playproof.store.sqlite.driver import find_driver
from playproof.testing import session_record
from tests.crash.client import IN_FLIGHT, content_of

SAMPLE = 1000
"""Sessions whose content is compared in the end; the counts are over all."""
PATIENCE = 180
CLOCK = SystemClock()


@dataclass(frozen=True)
class Place:
    """Where a database is: in a folder, or at the address of a server."""

    folder: Path
    url: str = ""

    def open(self) -> Store:
        """The store in it."""
        return open_store(self.folder / "data", database_url=self.url or None)

    def rows(self, query: str) -> list[Any]:
        """What the database itself answers to a query."""
        if self.url:
            with psycopg.connect(self.url) as connection:
                return connection.execute(query.encode()).fetchall()
        with closing(find_driver().module.connect(str(self.folder / "data" / DATABASE_NAME))) as database:
            found: list[Any] = database.execute(query).fetchall()
            return found


class Client:
    """A process that stores, started anew after each kill."""

    def __init__(self, place: Place, name: str) -> None:
        self.name = name
        self._place = place
        self._notes = place.folder / f"{name}.notes"
        self._first = 0
        self._notes.touch()
        self.start()

    def start(self) -> None:
        arguments = [str(self._place.folder / "data"), self._place.url, str(self._notes), self.name, str(self._first)]
        self._seen = self._notes.stat().st_size
        self._process = subprocess.Popen([sys.executable, "-m", "tests.crash.client", *arguments], stderr=subprocess.PIPE)

    def wait_for_answers(self, size: int) -> None:
        """Until so many bytes of answers are noted since the start, or since this was called last."""
        deadline = CLOCK.monotonic() + PATIENCE
        while self._notes.stat().st_size < self._seen + size:
            assert self._process.poll() is None, self._process.communicate()[1].decode()
            assert CLOCK.monotonic() < deadline, "the client makes no progress"
            threading.Event().wait(0.002)
        self._seen = self._notes.stat().st_size

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()
        # The last answered and what was under way are sent again, which must be safe.
        answers = self.answers()
        self._first = max(0, int(answers[-1][0].rpartition("-")[2]) - IN_FLIGHT) if answers else 0

    def answers(self) -> list[tuple[str, str]]:
        """Id and status of each answer noted."""
        noted = self._notes.read_bytes().decode()
        # The last line may have been cut off by the kill.
        return [(name, status) for name, status in (line.split() for line in noted[: noted.rfind("\n") + 1].splitlines())]


def nothing_is_lost(place: Place, clients: list[Client], ends: int, random_source: random.Random) -> str:
    """Compare the database with what the processes were answered, `ends` of which were ended; the figures in words."""
    answers = [answer for client in clients for answer in client.answers()]
    answered = {name for name, _ in answers}
    assert {status for _, status in answers} <= {"stored", "replayed"}
    firsts = [name for name, status in answers if status == "stored"]
    assert len(firsts) == len(set(firsts)), "a session was stored twice"

    rows = [name for (name,) in place.rows("SELECT id FROM session")]
    assert len(rows) == len(set(rows))
    assert answered <= set(rows)
    assert len(rows) - len(answered) <= ends * IN_FLIGHT
    for table in ("live_row", "telemetry"):
        assert place.rows(f"SELECT count(*) FROM {table}") == [(len(rows),)]

    with closing(place.open()) as store:
        for name in random_source.sample(rows, min(len(rows), SAMPLE)):
            found = store.get("open", name)
            assert found is not None
            assert found.telemetry == content_of(name)
        sample = random_source.sample(firsts, min(len(firsts), SAMPLE))
        again = [store.put(session_record(name, content=content_of(name))) for name in sample]
        assert {future.result(PATIENCE).status for future in again} == {"replayed"}
    return f"{len(answered)} sessions answered, {len(rows)} stored, 0 lost, 0 doubled"
