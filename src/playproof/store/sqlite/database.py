"""The database file: where it is, how it comes to be, and whether it is ours."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection, Engine

from playproof.errors import StoreRefused, StoreUnavailable
from playproof.store.migrations import schema
from playproof.store.sqlite.errors import at_opening, not_writable
from playproof.store.sqlite.lock import opening

DATABASE_NAME = "playproof.sqlite3"

APPLICATION_ID = int.from_bytes(b"PPrf", "big")
"""In the header of each of our files, so that another program's are told apart."""


def make_folder(folder: Path) -> None:
    """Make the data folder, for its owner alone, where it is missing. Raises `StoreRefused`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(folder, error.strerror) from None


def connect(path: Path, engine: Engine) -> Connection:
    """A writing connection to the database at `path`, made or upgraded where it has to be. Raises `StoreError`."""
    try:
        with opening(path.parent):
            # SQLite gives its other files the rights of this one.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            connection = engine.connect()
            try:
                with connection.begin():
                    bring_up_to_date(connection, path)
            except BaseException:
                connection.close()
                raise
            return connection
    except OSError as error:
        raise not_writable(path.parent, error.strerror) from None
    except Exception as error:
        raise at_opening(error, path) from error


def bring_up_to_date(connection: Connection, path: Path) -> None:
    """Give the database the newest schema, in the transaction `connection` is in. Raises `StoreRefused` where it is not ours."""
    found = schema.revision(connection)
    if found == schema.HEAD and application_id(connection) == APPLICATION_ID:
        return
    require_ours(connection, path, found)
    schema.upgrade(connection)
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")


def require_ours(connection: Connection, path: Path, revision: str | None) -> None:
    """Raise `StoreRefused` where the database is another program's, or a newer PlayProof's."""
    empty = connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar() == 0
    if not empty and application_id(connection) != APPLICATION_ID:
        raise StoreRefused(f"{path} is not a PlayProof database")
    if revision is not None and revision not in schema.REVISIONS:
        raise StoreRefused(
            f"{path} was written by a newer PlayProof: its schema is {revision}, this one knows {schema.HEAD}; upgrade PlayProof"
        )


def application_id(connection: Connection) -> int:
    """What the file says it belongs to."""
    number: int = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    return number


def file_identity(path: str) -> tuple[int, int]:
    """Which file the name stands for now. Raises `StoreUnavailable` where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - at every commit; a Path takes twice as long
    except OSError as error:
        raise StoreUnavailable(f"the database {path} is gone ({error.strerror}); put it back, or restart the service") from None
    return found.st_dev, found.st_ino


def require_file(path: str, identity: tuple[int, int]) -> None:
    """Raise where the database lost its name: SQLite goes on writing to a file that nobody will ever find."""
    if file_identity(path) != identity:
        raise StoreUnavailable(f"another file took the place of the database {path}")
