"""A look at a server that changes nothing."""

from __future__ import annotations

import msgspec
import psycopg

from playproof.store.migrations import schema
from playproof.store.postgres.address import Address
from playproof.store.postgres.errors import at_opening

_SAFETY = ("fsync", "full_page_writes")


class Inspection(msgspec.Struct, frozen=True):
    """What a server says of itself and of its database."""

    place: str
    """Where it is, without the password."""
    version: str
    """Such as `18.4`."""
    encoding: str
    revision: str | None
    """Of the tables; `None` where there are none yet."""
    unsafe: tuple[str, ...]
    """Settings of the server by which it may lose what it said was on disk."""

    @property
    def usable(self) -> bool:
        """Whether this PlayProof can work with it."""
        return self.encoding == "UTF8" and (self.revision is None or self.revision in schema.REVISIONS)


def inspect(url: str) -> Inspection:
    """Look at the database at `url`. Raises `StoreError`."""
    address = Address.of(url)
    try:
        with address.connect() as connection:
            connection.read_only = True
            shown = {name: _value(connection, f"SHOW {name}") or "" for name in ("server_version", "server_encoding", *_SAFETY)}
            tables = _value(connection, "SELECT to_regclass('alembic_version')::text")
            revision = _value(connection, "SELECT version_num FROM alembic_version") if tables else None
    except psycopg.Error as error:
        raise at_opening(error, str(address)) from error
    unsafe = tuple(f"{name} = off" for name in _SAFETY if shown[name] == "off")
    return Inspection(str(address), shown["server_version"].split(" ")[0], shown["server_encoding"], revision, unsafe)


def _value(connection: psycopg.Connection[tuple[str | None, ...]], query: str) -> str | None:
    found = connection.execute(query.encode()).fetchone()
    return None if found is None else found[0]
