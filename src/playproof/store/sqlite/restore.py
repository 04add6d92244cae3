"""Putting a backup in place of the database."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from playproof.clock import Clock
from playproof.errors import StoreError, StoreRefused
from playproof.store import retention
from playproof.store.base import Restored
from playproof.store.migrations import schema
from playproof.store.retention import Erasures
from playproof.store.sqlite.backup import companions, find_damage, remove_drafts, replacement, sync
from playproof.store.sqlite.database import DATABASE_NAME, bring_up_to_date, connect, make_folder
from playproof.store.sqlite.driver import Driver, find_driver
from playproof.store.sqlite.engine import writing_engine
from playproof.store.sqlite.errors import at_opening
from playproof.store.sqlite.lock import FolderLock
from playproof.store.tables import session


def restore(backup: Path, folder: Path, *, force: bool, clock: Clock) -> Restored:
    """Make `backup` the database of the data folder; see `playproof.store.restore_backup`."""
    driver = find_driver()
    _require_backup(backup)
    make_folder(folder)
    lock = FolderLock(folder, "a restore needs it alone")
    try:
        database = folder / DATABASE_NAME
        remove_drafts(database)
        erasures = _erasures_to_keep(database, driver, force=force)
        with replacement(database) as draft:
            shutil.copyfile(backup, draft)
            sessions, erased = _prepare(draft, backup, driver, erasures or {})
            aside = _set_aside(database, clock.now())
        return Restored(sessions=sessions, erased=erased, erasures_known=erasures is not None, aside=aside)
    finally:
        lock.release()


def _require_backup(backup: Path) -> None:
    if not backup.is_file():
        raise StoreRefused(f"there is no file {backup}")
    if companions(backup)[0].exists():
        raise StoreRefused(f"{backup} is a database in use, not a backup: make one with `playproof backup`")


def _erasures_to_keep(database: Path, driver: Driver, *, force: bool) -> Erasures | None:
    """What the present database remembers of erasures; `None` where it cannot be read and `force` goes on without.

    Raises `StoreRefused` where `force` is needed.
    """
    if not database.exists():
        return {}
    try:
        with connect(database, writing_engine(database, driver, "full")) as connection:
            count = connection.execute(select(func.count()).select_from(session)).scalar_one()
            erasures = retention.erasures(connection)
    except (StoreError, DBAPIError) as error:
        if force:
            return None
        raise StoreRefused(
            f"the present database cannot be read ({error}), so sessions erased since the backup would come back; --force accepts that"
        ) from error
    if count and not force:
        raise StoreRefused(f"{database} holds {count} sessions; with --force it is set aside for the backup")
    return erasures


def _prepare(draft: Path, backup: Path, driver: Driver, erasures: Erasures) -> tuple[int, int]:
    """Check the copy of the backup, upgrade it and repeat the erasures; the sessions it has then, and those erased."""
    damage = find_damage(draft, driver)
    if damage is not None:
        raise StoreRefused(f"{backup} is damaged or no database: {damage}")
    engine = writing_engine(draft, driver, "full")
    try:
        with engine.connect() as connection, connection.begin():
            found = schema.revision(connection)
            if found is None:
                raise StoreRefused(f"{backup} is not a PlayProof database")
            bring_up_to_date(connection, backup)
            erased = retention.erase_again(connection, erasures)
            return connection.execute(select(func.count()).select_from(session)).scalar_one(), erased
    except DBAPIError as error:
        raise at_opening(error, backup) from error


def _set_aside(database: Path, now: datetime) -> Path | None:
    """Give the present database a second name, so that it outlives its replacement."""
    if not database.exists():
        return None
    aside = database.with_name(f"{database.name}.before-restore-{now:%Y%m%dT%H%M%S%fZ}")
    os.link(database, aside)
    # Left behind only by a database that could not be read; beside the new one they would damage it.
    for present, kept in zip(companions(database), companions(aside), strict=True):
        if present.exists():
            present.rename(kept)
    sync(database.parent)
    return aside
