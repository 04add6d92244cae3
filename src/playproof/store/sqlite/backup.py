"""Copies of the database file, complete or not there at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from playproof.errors import StoreRefused, StoreUnavailable
from playproof.store.sqlite.driver import Driver
from playproof.store.sqlite.errors import as_store_error


def write_backup(database: Path, target: Path, driver: Driver) -> int:
    """Copy the database, in use or not, to `target`; the copy's size in bytes.

    The copy holds what was committed when it began, is checked before it takes its name, and is packed: nothing of what
    was deleted before is in it. Raises `StoreRefused` where `target` cannot be written, else `StoreUnavailable`.
    """
    if target.exists() and target.samefile(database):
        raise StoreRefused(f"{target} is the database itself")
    if target.exists() and not target.is_file():
        raise StoreRefused(f"{target} is no ordinary file, and the backup would take its place")
    with replacement(target) as copy:
        source = driver.module.connect(str(database), isolation_level=None)
        try:
            source.execute("VACUUM INTO ?", (str(copy),))
        except driver.module.Error as error:
            raise as_store_error(error) from error
        finally:
            source.close()
        damage = find_damage(copy, driver)
        if damage is not None:
            raise StoreUnavailable(f"the copy came out damaged ({damage}); the backup was not kept")
        return copy.stat().st_size


@contextlib.contextmanager
def replacement(target: Path) -> Iterator[Path]:
    """An empty file to fill, which takes the place of `target` for good at the end, or vanishes on an error.

    Raises `StoreRefused` where there can be none.
    """
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreRefused(f"cannot write to {target.parent}: {error.strerror}") from None
    try:
        yield draft
        sync(draft)
        draft.replace(target)
        sync(target.parent)
    except OSError as error:
        raise StoreUnavailable(f"cannot write {target}: {error.strerror}") from error
    finally:
        for leftover in (draft, *companions(draft)):
            leftover.unlink(missing_ok=True)


def remove_drafts(target: Path) -> None:
    """Remove what `replacement` left behind in a process that was killed; none may be at work."""
    for draft in target.parent.glob(f".{target.name}.*.part*"):
        draft.unlink()


def companions(database: Path) -> tuple[Path, Path]:
    """The write-ahead log of a database and its index, which are there while it is in use."""
    return database.with_name(database.name + "-wal"), database.with_name(database.name + "-shm")


def find_damage(database: Path, driver: Driver) -> str | None:
    """What SQLite's integrity check finds wrong; `None` where all is well."""
    connection = driver.module.connect(str(database), isolation_level=None)
    try:
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except (driver.module.DatabaseError, UnicodeDecodeError) as error:  # what it quotes from a damaged file may be no text
        found = str(error)
    finally:
        connection.close()
    return None if found == "ok" else found


def sync(path: Path) -> None:
    """Have a file's contents, or a folder's names, on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
