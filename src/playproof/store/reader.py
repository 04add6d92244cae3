"""Reads, each on a connection of the engine's pool."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from playproof.errors import StoreUnavailable

R = TypeVar("R")


class Reader:
    """Runs what reads, in any thread, until it is closed."""

    def __init__(self, engine: Engine, unavailable: Callable[[BaseException], StoreUnavailable]) -> None:
        """`unavailable` says in the store's words what an error of the engine means."""
        self._engine = engine
        self._unavailable = unavailable
        self._open = True

    def run(self, work: Callable[[Connection], R]) -> R:
        """What `work` returns; each of its statements sees what was committed before it. Raises `StoreUnavailable`."""
        self.require_open()
        try:
            with self._engine.connect() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise self._unavailable(error) from error

    def require_open(self) -> None:
        """Raise `StoreUnavailable` where it is closed."""
        if not self._open:
            raise StoreUnavailable("the store is closed")

    def close(self) -> bool:
        """Let go of the connections; whether that was not done before."""
        was_open, self._open = self._open, False
        if was_open:
            self._engine.dispose()
        return was_open
