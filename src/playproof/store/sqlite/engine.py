"""Connections to the database file, set up the way the promises of the store need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from playproof.store.sqlite.driver import Driver

BUSY_SECONDS = 5.0
"""How long a write waits for another process's."""

# Groups come in every size up to the largest, and each size is a statement of its own.
_STATEMENTS = 256


def reading_engine(path: Path, driver: Driver) -> Engine:
    """Connections that can only read; each statement sees what was committed before it."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        module=driver.module,
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=16,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: object) -> None:
        connection.isolation_level = None
        _pragmas(connection, query_only=1, mmap_size=0, temp_store="MEMORY")

    return engine


def writing_engine(path: Path, driver: Driver, durability: str) -> Engine:
    """A connection that writes; its transactions take the write lock when they begin, not halfway."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        module=driver.module,
        poolclass=NullPool,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS, "cached_statements": _STATEMENTS},
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: object) -> None:
        connection.isolation_level = None
        _pragmas(
            connection,
            journal_mode="WAL",
            synchronous=durability.upper(),
            foreign_keys=1,
            # What is deleted is overwritten with zeros, not left lying in a free page.
            secure_delete=1,
            mmap_size=0,
            temp_store="MEMORY",
        )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("BEGIN IMMEDIATE")

    return engine


def _pragmas(connection: Any, **values: object) -> None:
    for name, value in values.items():
        connection.execute(f"PRAGMA {name} = {value}").close()
