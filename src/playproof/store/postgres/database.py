"""The database: how its tables come to be, and whether it is ours."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, text

from playproof.errors import StoreRefused
from playproof.store.migrations import schema
from playproof.store.postgres.address import Address
from playproof.store.postgres.errors import at_opening

MARK = "PlayProof"
"""The comment on the table of revisions, so that another program's are told apart."""

_LOCK = int.from_bytes(b"PPrf", "big")
"""Held by the one process that makes or upgrades the tables."""
_PATIENCE = "10min"
"""How long the others wait for it."""


def connect(address: Address, engine: Engine, *, create: bool) -> Connection:
    """A writing connection, the tables made or upgraded where they have to be. Raises `StoreError`."""
    try:
        connection = engine.connect()
        try:
            with connection.begin():
                bring_up_to_date(connection, address, create=create)
        except BaseException:
            connection.close()
            raise
        return connection
    except Exception as error:
        raise at_opening(error, str(address)) from error


def bring_up_to_date(connection: Connection, address: Address, *, create: bool = True) -> None:
    """Give the database the newest schema, in the transaction `connection` is in. Raises `StoreRefused` where it is not ours."""
    if schema.revision(connection) == schema.HEAD and is_ours(connection):
        return
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    found = schema.revision(connection)  # another process may have been quicker
    require_ours(connection, address, found, create=create)
    if found != schema.HEAD:
        schema.upgrade(connection)
        connection.execute(text(f"COMMENT ON TABLE alembic_version IS '{MARK}'"))


def require_ours(connection: Connection, address: Address, revision: str | None, *, create: bool) -> None:
    """Raise `StoreRefused` where the database is another program's, a newer PlayProof's, or cannot hold every text."""
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise StoreRefused(f"{address} has the encoding {encoding}; make one with ENCODING 'UTF8'")
    tables = connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()")).scalar_one()
    if tables and not is_ours(connection):
        raise StoreRefused(f"{address} holds another program's tables; give PlayProof a database, or a schema, of its own")
    if not tables and not create:
        raise StoreRefused(f"there are no tables of PlayProof in {address}")
    if revision is not None and revision not in schema.REVISIONS:
        raise StoreRefused(
            f"{address} was written by a newer PlayProof: its schema is {revision}, this one knows {schema.HEAD}; upgrade PlayProof"
        )


def is_ours(connection: Connection) -> bool:
    """Whether the tables say that they are PlayProof's."""
    said = text("SELECT obj_description(to_regclass('alembic_version'), 'pg_class')")
    return bool(connection.execute(said).scalar() == MARK)
