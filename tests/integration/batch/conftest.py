"""Where sessions are queued: on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from playproof.store import Store, open_store
from tests.postgres import Server


@pytest.fixture(params=("sqlite", "postgres"))
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Open the store of this test, as another process would; each has to be closed."""
    if request.param == "sqlite":
        yield partial(open_store, tmp_path / "data")
        return
    server: Server = request.getfixturevalue("postgres")
    with server.emptied() as url:
        yield partial(open_store, tmp_path / "data", database_url=url)
