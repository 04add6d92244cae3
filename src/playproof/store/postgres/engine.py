"""Connections to the server, set up the way the promises of the store need."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from playproof.store.postgres.address import Address

BUSY_SECONDS = 5
"""How long a write waits for another process's, and a read for a connection."""
WRITE_SECONDS = 30
READ_SECONDS = 60
"""After which the server gives a statement up."""

# Groups come in every size up to the largest, and each size is a statement of its own.
_STATEMENTS = 512


def reading_engine(address: Address) -> Engine:
    """Connections that can only read; each statement sees what was committed before it."""
    engine = create_engine(
        "postgresql+psycopg://",
        creator=address.connect,
        isolation_level="AUTOCOMMIT",
        paramstyle="format",  # in order, as the driver of the other engine has them
        use_native_hstore=False,
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=8,
        pool_timeout=BUSY_SECONDS,
        pool_pre_ping=True,  # what the server closed meanwhile is opened anew, instead of failing a request
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: psycopg.Connection[Any], _: object) -> None:
        _set(connection, default_transaction_read_only="on", statement_timeout=READ_SECONDS * 1000)

    return engine


def writing_engine(address: Address, durability: str) -> Engine:
    """A connection that writes; with `durability` "full" a commit is answered when it is on the server's disk."""
    engine = create_engine(
        "postgresql+psycopg://",
        creator=address.connect,
        paramstyle="numeric_dollar",
        use_native_hstore=False,
        poolclass=NullPool,
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: psycopg.Connection[Any], _: object) -> None:
        # The server's own parameters: a group has a thousand, and looking for the driver's would take longer than storing it.
        connection.cursor_factory = psycopg.RawCursor
        connection.prepared_max = _STATEMENTS
        _set(
            connection,
            synchronous_commit="on" if durability == "full" else "off",
            default_transaction_isolation="read committed",
            default_transaction_read_only="off",
            lock_timeout=BUSY_SECONDS * 1000,
            statement_timeout=WRITE_SECONDS * 1000,
            # A process that was stopped halfway must not keep the others out for ever.
            idle_in_transaction_session_timeout=WRITE_SECONDS * 1000,
        )

    return engine


def _set(connection: psycopg.Connection[Any], **values: object) -> None:
    each = ", ".join(["set_config(%s, %s, false)"] * len(values))
    psycopg.Cursor(connection).execute(f"SELECT {each}", [part for name, value in values.items() for part in (name, str(value))])
    connection.commit()
