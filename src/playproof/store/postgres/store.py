"""The store in a PostgreSQL database."""

from __future__ import annotations

from pathlib import Path

from playproof.clock import Clock, SystemClock
from playproof.errors import StoreRefused
from playproof.store.base import Health, OnCommit
from playproof.store.postgres.address import Address
from playproof.store.postgres.database import connect
from playproof.store.postgres.engine import reading_engine, writing_engine
from playproof.store.postgres.errors import unavailable
from playproof.store.postgres.link import PostgresLink
from playproof.store.reader import Reader
from playproof.store.rows import Live
from playproof.store.sql_store import SqlStore
from playproof.store.writer import WAITING_BYTES, Writer


class PostgresStore(SqlStore):
    """See `playproof.store.base.Store`."""

    def __init__(
        self,
        url: str,
        *,
        durability: str = "full",
        clock: Clock | None = None,
        on_commit: OnCommit | None = None,
        create: bool = True,
        live: Live | None = None,
        waiting_bytes: int = WAITING_BYTES,
    ) -> None:
        """Open the database at `url`; its tables are made where they are missing, unless `create` is false.

        Raises `StoreRefused` with what to do about it (an address, a user or a database that will not do; another program's
        tables, or a newer PlayProof's), `StoreUnavailable` where the server cannot be reached.
        """
        self.address = Address.of(url)
        clock = clock or SystemClock()
        writing = writing_engine(self.address, durability)
        link = PostgresLink(writing, connect(self.address, writing, create=create), clock)
        writer = Writer(link, clock, live or Live(), on_commit, waiting_bytes)
        super().__init__(writer, Reader(reading_engine(self.address), unavailable), clock)

    def storable(self, text: str) -> bool:
        """Whether an id can have been stored: PostgreSQL's texts have no zero characters either."""
        return "\0" not in text and super().storable(text)

    def backup(self, path: Path) -> int:
        """Raise `StoreRefused`: what comes with the server makes backups that are better than any we could."""
        self._reader.require_open()
        raise StoreRefused(f"{self.address} is backed up with PostgreSQL's own tools: pg_dump, or continuous archiving")

    def health(self) -> Health:
        """See `Store.health`."""
        error = self._writer.error
        if not self._writer.alive:
            error = error or "the store is closed"
        return Health(error, self._writer.waiting, None)
