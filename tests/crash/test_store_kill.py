"""Processes that share a database are killed at any moment; what they were answered is there.

`PLAYPROOF_TEST_SOAK_SECONDS` makes it go on for longer; docs/storage.md has the figures of a long run.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

from playproof.clock import SystemClock
from playproof.store import open_store
from playproof.store.sqlite.database import DATABASE_NAME
from playproof.store.sqlite.driver import find_driver
from playproof.testing import session_record
from tests.crash.client import IN_FLIGHT, content_of

SOAK_SECONDS = float(os.environ.get("PLAYPROOF_TEST_SOAK_SECONDS", "0"))
KILLS = 10
CLIENTS = 2 if find_driver().sharable else 1
SAMPLE = 1000
"""Sessions whose content is compared in the end; the counts are over all."""
PATIENCE = 60
CLOCK = SystemClock()


class Client:
    """One of the processes, started anew after each kill."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._folder = folder
        self._notes = folder / f"{name}.notes"
        self._first = 0
        self._notes.touch()
        self.start()

    def start(self) -> None:
        arguments = [str(self._folder / "data"), str(self._notes), self.name, str(self._first)]
        self._seen = self._notes.stat().st_size
        self._process = subprocess.Popen([sys.executable, "-m", "tests.crash.client", *arguments], stderr=subprocess.PIPE)

    def wait_for_answers(self, size: int) -> None:
        """Until so many bytes of answers are noted since the start."""
        deadline = CLOCK.monotonic() + PATIENCE
        while self._notes.stat().st_size < self._seen + size:
            assert self._process.poll() is None, self._process.communicate()[1].decode()
            assert CLOCK.monotonic() < deadline, "the client makes no progress"
            threading.Event().wait(0.002)

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


def test_killed_processes_lose_no_answer(tmp_path: Path) -> None:
    random_source = random.Random(20261121)
    clients = [Client(tmp_path, f"client{number}") for number in range(CLIENTS)]
    end = CLOCK.monotonic() + SOAK_SECONDS
    kills = 0
    try:
        while kills < KILLS or CLOCK.monotonic() < end:
            client = random_source.choice(clients)
            client.wait_for_answers(random_source.randrange(1, 4000))
            client.kill()
            kills += 1
            client.start()
        for client in clients:
            client.wait_for_answers(1)
    finally:
        for client in clients:
            client.kill()

    answers = [answer for client in clients for answer in client.answers()]
    answered = {name for name, _ in answers}
    assert {status for _, status in answers} <= {"stored", "replayed"}
    firsts = [name for name, status in answers if status == "stored"]
    assert len(firsts) == len(set(firsts)), "a session was stored twice"

    with closing(find_driver().module.connect(str(tmp_path / "data" / DATABASE_NAME))) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = [name for (name,) in database.execute("SELECT id FROM session")]
        assert len(rows) == len(set(rows))
        assert answered <= set(rows)
        assert len(rows) - len(answered) <= (kills + CLIENTS) * IN_FLIGHT
        for table in ("live_row", "telemetry"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (len(rows),)

    with closing(open_store(tmp_path / "data")) as store:
        for name in random_source.sample(rows, min(len(rows), SAMPLE)):
            found = store.get("open", name)
            assert found is not None
            assert found.telemetry == content_of(name)
        sample = random_source.sample(firsts, min(len(firsts), SAMPLE))
        again = [store.put(session_record(name, content=content_of(name))) for name in sample]
        assert {future.result(PATIENCE).status for future in again} == {"replayed"}
    print(f"{kills} kills, {len(answered)} sessions answered, {len(rows)} stored, 0 lost, 0 doubled")  # noqa: T201
