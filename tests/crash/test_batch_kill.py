"""Processes that queue sessions and work batches off are killed at any moment, and so is their database server.

Whatever was acknowledged has one final verdict in the end, and no two processes held a session at a time.
`PLAYPROOF_TEST_SOAK_SECONDS` makes it go on for longer; docs/batch.md has the figures of a long run.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from playproof.store.sqlite.driver import find_driver
from tests.crash.batch import HOLD_SECONDS, IN_FLIGHT, Notes, work
from tests.crash.killing import CLOCK, Place
from tests.postgres import OwnServer, own_server

SOAK_SECONDS = float(os.environ.get("PLAYPROOF_TEST_SOAK_SECONDS", "0"))
APART_SECONDS = 0.3
"""From one kill to the next."""
KILLS = 25
STOPS = 10
PATIENCE = 180
PRODUCERS, WORKERS = 2, 3


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    """A server that writes through to its disk."""
    with own_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        if not find_driver().sharable:
            pytest.skip(f"{find_driver()} cannot be shared between processes")
        yield Place(tmp_path)
        return
    server: OwnServer = request.getfixturevalue("server")
    with server.database() as url:
        yield Place(tmp_path, url)


class Process:
    """A producer or a worker, started anew after each kill."""

    def __init__(self, place: Place, role: str, number: int) -> None:
        self.role = role
        self._place = place
        self._name = f"{role}{number}"
        self._first = 0
        self.notes = place.folder / f"{self._name}.notes"
        self.notes.touch()
        self.start()

    def start(self) -> None:
        arguments = [self.role, str(self._place.folder / "data"), self._place.url, str(self.notes), self._name, str(self._first)]
        self._process = subprocess.Popen([sys.executable, "-m", "tests.crash.batch", *arguments], stderr=subprocess.PIPE)

    def kill(self) -> None:
        assert self._process.poll() is None, self._process.communicate()[1].decode()
        self._process.kill()
        self._process.communicate()
        # What was under way is sent again, which must be safe.
        if self.role == "producer" and (noted := self.noted()):
            self._first = max(0, max(int(name.rpartition("-")[2]) for name, *_ in noted) - IN_FLIGHT)

    def noted(self) -> list[list[str]]:
        """The words of each whole line; the last may have been cut off."""
        text = self.notes.read_bytes().decode()
        return [line.split() for line in text[: text.rfind("\n") + 1].splitlines()]

    def wait_for_progress(self) -> None:
        """Until more is noted."""
        size, deadline = self.notes.stat().st_size, CLOCK.monotonic() + PATIENCE
        while self.notes.stat().st_size == size:
            assert self._process.poll() is None, self._process.communicate()[1].decode()
            assert CLOCK.monotonic() < deadline, f"{self._name} makes no progress"
            threading.Event().wait(0.01)


def started(place: Place) -> list[Process]:
    place.open().close()
    return [Process(place, "producer", n) for n in range(PRODUCERS)] + [Process(place, "worker", n) for n in range(WORKERS)]


def test_killed_processes_lose_and_double_nothing(place: Place) -> None:
    chance = random.Random(20261121)
    processes = started(place)
    for process in processes:
        process.wait_for_progress()
    end = CLOCK.monotonic() + SOAK_SECONDS
    kills = 0
    while kills < KILLS or CLOCK.monotonic() < end:
        threading.Event().wait(APART_SECONDS)
        victim = chance.choice(processes)
        victim.kill()
        victim.start()
        kills += 1
    figures = everything_is_settled_once(place, processes)
    print(f"{kills} kills, {figures}")  # noqa: T201


def test_a_server_that_is_stopped_at_once_loses_and_doubles_nothing(server: OwnServer, tmp_path: Path) -> None:
    with server.database() as url:
        place = Place(tmp_path, url)
        processes = started(place)
        for _ in range(STOPS):
            for process in processes:
                process.wait_for_progress()
            server.stop()
            server.start()
        for process in processes:
            process.wait_for_progress()
        figures = everything_is_settled_once(place, processes)
    print(f"{STOPS} stops of the server, {figures}")  # noqa: T201


def everything_is_settled_once(place: Place, processes: list[Process]) -> str:
    """End the processes, work off what is left, and compare the database with what was noted; the figures in words."""
    for process in processes:
        process.kill()
    acknowledged = [(name, status) for process in processes if process.role == "producer" for name, status in process.noted()]
    assert {status for _, status in acknowledged} <= {"stored", "replayed"}
    left = place.folder / "last.notes"
    with closing(place.open()) as store:
        work(store, Notes(str(left)), "last", random.Random(1), until_empty=True)
        backlog = store.batch.backlog()

    rows = place.rows("SELECT id, revision, verdict FROM session")
    answered = {name for name, _ in acknowledged}
    assert answered <= {name for name, _, _ in rows}
    assert [name for name, revision, verdict in rows if revision != 2 or bytes(verdict) != f'{{"of": "{name}"}}'.encode()] == []
    assert (backlog.queued, backlog.claimed, backlog.settled, backlog.buried) == (0, 0, len(rows), 0)
    assert place.rows("SELECT count(*) FROM awaited") == [(0,)]
    assert place.rows("SELECT count(*), count(DISTINCT session_seq) FROM outbox") == [(len(rows), len(rows))]

    noted = [words for process in processes if process.role == "worker" for words in process.noted()]
    noted += [line.split() for line in left.read_text().splitlines()]
    batches = claims_are_apart(noted)
    return f"{len(answered)} sessions acknowledged, {len(rows)} with one final verdict, {batches} claimed again, 0 lost, 0 doubled"


def claims_are_apart(noted: list[list[str]]) -> int:
    """Assert that no session was held twice at a time, under no epoch twice, and settled once; how many were claimed again."""
    claims: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
    returned: set[tuple[str, int]] = set()
    settled: set[str] = set()
    for what, name, epoch, before, after, allowed in noted:
        assert allowed == "True", f"a batch that breaks the rule: {name}"
        if what == "claimed":
            assert int(epoch) not in claims[name], f"{name} was claimed twice in epoch {epoch}"
            claims[name][int(epoch)] = (int(before), int(after))
        elif what == "returns":
            returned.add((name, int(epoch)))
        else:
            assert name not in settled, f"{name} was settled twice"
            settled.add(name)
    for name, epochs in claims.items():
        in_order = sorted(epochs.items())
        for (number, (begun, _)), (_, (_, ended)) in pairwise(in_order):
            assert begun <= ended, f"epoch {number} of {name} came after the next one"
            # Whoever had not let go was over its time.
            assert (name, number) in returned or ended >= begun + HOLD_SECONDS * 1000, f"{name} was held twice at a time"
    return sum(len(epochs) > 1 for epochs in claims.values())
