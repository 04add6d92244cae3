"""Where sessions stay: a durable store behind one interface."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from playproof.store.awaiting import FOREVER, Awaited, Awaiting, Depth, Final, Notice, Postponed
from playproof.store.base import (
    KEEP_SIGNATURES,
    Commit,
    Health,
    OnCommit,
    Purged,
    PutOutcome,
    Restored,
    SessionRecord,
    Store,
    StoredSession,
)
from playproof.store.challenge import ChallengeRecord, FunnelRow, Recent, StoredChallenge
from playproof.store.letters import Letter, Posted, Posts, PostState
from playproof.store.published import PublicationRecord, PublicationRow
from playproof.store.queued import Backlog, Done, Entry, EntryState, Exhumed, Forming, Gate, Grave, Later, Place
from playproof.store.rate import Rate
from playproof.store.rows import Counts, Dataset, ImportedRow, Live, LiveRow, Replaced
from playproof.store.signing import SigningKey
from playproof.store.site import SecretRecord, SiteRecord
from playproof.store.token import Spent, SpentOutcome, StoredToken, TokenRecord
from playproof.store.training import HostedModelRecord, HostedUpload, UploadContent

if TYPE_CHECKING:
    from playproof.clock import Clock
    from playproof.settings import Settings

__all__ = [
    "FOREVER",
    "KEEP_SIGNATURES",
    "Awaited",
    "Awaiting",
    "Backlog",
    "ChallengeRecord",
    "Commit",
    "Counts",
    "Dataset",
    "Depth",
    "Done",
    "Entry",
    "EntryState",
    "Exhumed",
    "Final",
    "Forming",
    "FunnelRow",
    "Gate",
    "Grave",
    "Health",
    "HostedModelRecord",
    "HostedUpload",
    "ImportedRow",
    "Later",
    "Letter",
    "Live",
    "LiveRow",
    "Notice",
    "OnCommit",
    "Place",
    "PostState",
    "Posted",
    "Postponed",
    "Posts",
    "PublicationRecord",
    "PublicationRow",
    "Purged",
    "PutOutcome",
    "Rate",
    "Recent",
    "Replaced",
    "Restored",
    "SecretRecord",
    "SessionRecord",
    "SigningKey",
    "SiteRecord",
    "Spent",
    "SpentOutcome",
    "Store",
    "StoredChallenge",
    "StoredSession",
    "StoredToken",
    "TokenRecord",
    "UploadContent",
    "database_of",
    "open_store",
    "restore_backup",
    "store_of",
]


def open_store(
    folder: Path,
    *,
    durability: str = "full",
    clock: Clock | None = None,
    on_commit: OnCommit | None = None,
    create: bool = True,
    live: Live | None = None,
    database_url: str | None = None,
) -> Store:
    """The store in the PostgreSQL database at `database_url`, else in `folder`; made where it is missing, unless `create` is false.

    Close it after use. `durability` is `full` (an answered verdict survives a power cut) or `normal` (it survives the process,
    not always the machine). `on_commit` is told of each group commit, in the writer's thread. Each session becomes a row of
    the dataset that `live` names. Raises `StoreRefused` with what to do about it, or `StoreUnavailable` where trying again
    may help.
    """
    # The database library takes a quarter of a second to import, and `import playproof` must not pay that.
    if database_url is not None:
        from playproof.store.postgres.store import PostgresStore

        return PostgresStore(database_url, durability=durability, clock=clock, on_commit=on_commit, create=create, live=live)
    from playproof.store.sqlite.store import SqliteStore

    return SqliteStore(folder, durability=durability, clock=clock, on_commit=on_commit, create=create, live=live)


def store_of(
    settings: Settings, *, clock: Clock | None = None, on_commit: OnCommit | None = None, create: bool = True, live: Live | None = None
) -> Store:
    """The store that `settings` describe; see `open_store`."""
    return open_store(
        settings.data_dir,
        durability=settings.durability,
        clock=clock,
        on_commit=on_commit,
        create=create,
        live=live,
        database_url=settings.database_url.reveal() if settings.database_url else None,
    )


def database_of(settings: Settings) -> str | None:
    """Where the PostgreSQL database of `settings` is, in words without its password; `None` where a file is used.

    Raises `StoreRefused` where the address will not do.
    """
    if settings.database_url is None:
        return None
    from playproof.store.postgres.address import Address

    return str(Address.of(settings.database_url.reveal()))


def restore_backup(backup: Path, folder: Path, *, force: bool = False, clock: Clock | None = None) -> Restored:
    """Make the file `backup` the database of `folder`, which nobody may have open.

    The database before is kept beside it, and what was erased since the backup is erased again. `force` goes on where a
    database with sessions in it, or one that cannot be read, has to make room. Raises `StoreRefused` where the folder is in
    use or the backup is damaged, another program's or a newer PlayProof's; all is as it was then.
    """
    from playproof.clock import SystemClock
    from playproof.store.sqlite.restore import restore

    return restore(backup, folder, force=force, clock=clock or SystemClock())
