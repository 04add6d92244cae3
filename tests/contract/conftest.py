"""The engines that every test of what a store promises runs on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import Path

import pytest

from playproof.store import Store, open_store
from playproof.testing import FakeClock
from tests.postgres import Server

Open = Callable[..., Store]

ENGINES = ("sqlite", "postgres")


@pytest.fixture(scope="module", params=ENGINES)
def place(request: pytest.FixtureRequest) -> Callable[[Path], AbstractContextManager[Open]]:
    """A place for a store of its own, and how it is opened there; a folder for what the engine keeps in one."""

    @contextlib.contextmanager
    def in_postgres(folder: Path) -> Iterator[Open]:
        server: Server = request.getfixturevalue("postgres")
        with server.emptied() as url:
            yield partial(open_store, folder, database_url=url)

    @contextlib.contextmanager
    def in_folder(folder: Path) -> Iterator[Open]:
        yield partial(open_store, folder)

    return in_folder if request.param == "sqlite" else in_postgres


@pytest.fixture
def reopen(place: Callable[[Path], AbstractContextManager[Open]], tmp_path: Path) -> Iterator[Open]:
    """Open the store of this test, again and again, as another process would; each has to be closed."""
    with place(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(reopen: Open, clock: FakeClock) -> Iterator[Store]:
    """The store of this test, in the hands of one process."""
    with closing(reopen(clock=clock)) as store:
        yield store


@pytest.fixture
def other(reopen: Open, clock: FakeClock) -> Iterator[Store]:
    """The same store, in another process's hands."""
    with closing(reopen(clock=clock)) as store:
        yield store
