"""Databases of a test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres import Server


@pytest.fixture
def url(postgres: Server) -> Iterator[str]:
    """A database that has PlayProof's tables, for what leaves them as they are."""
    with postgres.emptied() as url:
        yield url


@pytest.fixture
def own_url(postgres: Server) -> Iterator[str]:
    """A database that has PlayProof's tables, to do with as one likes."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def empty_url(postgres: Server) -> Iterator[str]:
    """A database that has nothing."""
    with postgres.database("template0") as url:
        yield url
