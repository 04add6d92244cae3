"""The writer's way to the database, which each engine makes its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from playproof.errors import StoreUnavailable
from playproof.store.groups import Numbering

R = TypeVar("R")


class Link(Protocol):
    """A connection that writes, in the writer's thread alone."""

    @property
    def numbering(self) -> Numbering:
        """How the engine inserts sessions and rows."""
        ...

    def transact(self, work: Callable[[Connection], R]) -> R:
        """What `work` returns, run in a transaction that is on disk now.

        Where something failed it may not have been written, and the next transaction starts from a fresh connection if need be.
        """
        ...

    def caused(self, error: BaseException) -> bool:
        """Whether the database is the cause of `error`, and not what was given to it."""
        ...

    def unavailable(self, error: BaseException) -> StoreUnavailable:
        """`error` as the failure of one attempt, in the store's words: nothing was acknowledged."""
        ...

    def claim(self, connection: Connection, keys: Iterable[bytes]) -> None:
        """Have what `keys` name to this transaction alone, until it ends; waits for those that have any of it.

        Whoever needs several things claims them all at once, so that no two wait for each other.
        """
        ...

    def removed(self) -> None:
        """Take note that the latest transaction removed sessions, of which nothing is to be left lying about."""
        ...

    def tidy(self) -> None:
        """Do what follows from that and is due."""
        ...

    def rest(self) -> None:
        """Do what is left to do where nothing came for a while. Raises where the database is found to be out."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...
