"""Processes that share a database are killed at any moment, and so is its server; what was answered is there.

`PLAYPROOF_TEST_SOAK_SECONDS` makes it go on for longer; docs/storage.md has the figures of a long run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from playproof.store.sqlite.driver import find_driver
from tests.crash.killing import CLOCK, Client, Place, nothing_is_lost
from tests.postgres import OwnServer, own_server

SOAK_SECONDS = float(os.environ.get("PLAYPROOF_TEST_SOAK_SECONDS", "0"))
KILLS = 10
STOPS = 5
SEED = 20261121


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    """A server that writes through to its disk."""
    with own_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        yield Place(tmp_path)
        return
    server: OwnServer = request.getfixturevalue("server")
    with server.database() as url:
        yield Place(tmp_path, url)


def test_killed_processes_lose_no_answer(place: Place) -> None:
    random_source = random.Random(SEED)
    clients = [Client(place, f"client{number}") for number in range(2 if place.url or find_driver().sharable else 1)]
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

    if not place.url:
        assert place.rows("PRAGMA integrity_check") == [("ok",)]
        assert place.rows("PRAGMA foreign_key_check") == []
    figures = nothing_is_lost(place, clients, kills + len(clients), random_source)
    print(f"{kills} kills, {figures}")  # noqa: T201


def test_a_server_that_is_stopped_at_once_loses_no_answer(server: OwnServer, tmp_path: Path) -> None:
    random_source = random.Random(SEED)
    end = CLOCK.monotonic() + SOAK_SECONDS
    stops = 0
    with server.database() as url:
        place = Place(tmp_path, url)
        clients = [Client(place, f"client{number}") for number in range(2)]
        try:
            while stops < STOPS or CLOCK.monotonic() < end:
                random_source.choice(clients).wait_for_answers(random_source.randrange(1, 8000))
                server.stop()
                stops += 1
                server.start()
            for client in clients:
                client.wait_for_answers(1)
        finally:
            for client in clients:
                client.kill()
        figures = nothing_is_lost(place, clients, len(clients), random_source)
    print(f"{stops} stops of the server, {figures}")  # noqa: T201
