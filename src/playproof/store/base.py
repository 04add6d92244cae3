"""What a store promises, whatever engine is below."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from playproof.store.awaiting import Awaiting

if TYPE_CHECKING:
    from playproof.store.awaited_tables import AwaitedTables
    from playproof.store.batch_tables import BatchTables
    from playproof.store.challenge_tables import ChallengeTables
    from playproof.store.holders import HolderTables
    from playproof.store.hosted_tables import HostedTables
    from playproof.store.leases import LeaseTables
    from playproof.store.live_tables import LiveTables
    from playproof.store.outbox_tables import OutboxTables
    from playproof.store.publication_tables import PublicationTables
    from playproof.store.replay_tables import ReplayTables
    from playproof.store.signing_tables import SigningTables
    from playproof.store.site_tables import SiteTables
    from playproof.store.token_tables import TokenTables

KEEP_SIGNATURES = timedelta(days=30)
"""How long plays are known again where nobody says otherwise."""

PutStatus = Literal["stored", "replayed", "conflict"]


class SessionRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One scored session, to be stored."""

    scope: str
    """Whose id it is: ids of different scopes never meet."""
    session_id: str
    """Any text without a zero character."""
    digest: bytes
    """SHA-256 of the canonical content; tells a repeat from a conflict."""
    received_at: int
    """Milliseconds since 1970, UTC."""
    game_type: str
    device_type: str
    verdict: bytes
    """JSON, as answered."""
    decision: str
    anomaly_score: float | None
    """-log10 p, higher is less human."""
    raw_score: float | None
    """Higher is less human."""
    source: str
    model_version: str
    revision: int = 1
    features: bytes
    """Little-endian float64, in catalogue order."""
    catalogue_version: str
    telemetry: bytes | None
    """Canonical content, uncompressed; `None` keeps features only."""
    origin: str = ""
    """Who sent it: no more than a share of the company of new rows comes from one origin."""
    stratum: str = ""
    """Game and input class, such as `targets/mouse`."""
    label: str | None = None
    """What is known of the player since: `human` or `bot`."""
    eligible: bool = False
    """As a row of the live dataset it may keep new rows company; never while its hosted score is still to come."""
    awaited: Awaiting | None = None
    """Its verdict is preliminary, and this is kept until it is final; what is got has it no more."""
    queued: bool = False
    """It waits for a batch, which makes its verdict final, and leaves a tombstone when it goes; what is got does not say so."""


class StoredSession(SessionRecord, frozen=True, kw_only=True, gc=False):
    """One session as it is stored; `telemetry` is `None` where it was not kept or its time is over."""

    awaiting: bool = False
    """Its hosted score is still to come."""


class PutOutcome(msgspec.Struct, frozen=True, gc=False):
    """What became of a record, and the verdict that its id has now."""

    status: PutStatus
    """`stored`: it is on disk now. `replayed`: the same content was already there. `conflict`: other content was."""
    verdict: bytes
    """JSON: the record's own where stored, else what the one stored first has now."""
    number: int
    """Of the session in the store, in order of arrival; 0 for a conflict."""


class Purged(msgspec.Struct, frozen=True):
    """How much retention removed."""

    telemetry: int
    """Sessions that lost their raw movement."""
    sessions: int
    """Sessions removed altogether, with all that belongs to them."""
    letters: int
    """Webhooks that were delivered or given up."""
    publications: int
    """Of the live dataset, closed ones."""
    tombstones: int
    """Of sessions that were queued for a batch and removed long ago."""
    challenges: int
    """That came to nothing."""
    signatures: int
    """Of plays that are no longer known again."""


class Restored(msgspec.Struct, frozen=True):
    """What a restored backup brought."""

    sessions: int
    """In the database now."""
    erased: int
    """Sessions of the backup that had been erased since, and were erased again."""
    erasures_known: bool
    """False where the database before could not be read, so that erasures since the backup are forgotten."""
    aside: Path | None
    """Where the database before is kept."""


class Health(msgspec.Struct, frozen=True):
    """How the store is now."""

    error: str | None
    """Why it cannot write, in words; `None` where it can."""
    waiting: int
    """Records and tasks that wait for the writer."""
    disk_free: int | None
    """Bytes free where the database is; `None` where that is another machine's to know."""


class Commit(msgspec.Struct, frozen=True, gc=False):
    """One group commit, for whoever counts them."""

    sessions: int
    """Records in the group, repeats and conflicts included."""
    seconds: float
    """From taking the group to its answer, the disk's part included."""
    error: str | None
    """Why none of them was stored; `None` where all went well."""
    pieces: int = 0
    """Of other work in the group: steps of challenges, tokens."""


OnCommit = Callable[[Commit], None]
"""Called in the writer's thread after each group."""


class Store(Protocol):
    """Keeps sessions, their verdicts, features and telemetry. Safe to share between threads."""

    @property
    def live(self) -> LiveTables:
        """The live dataset: one row for each session that is stored, and rows appended to it."""
        ...

    @property
    def awaited(self) -> AwaitedTables:
        """The sessions whose verdict is preliminary, and how it becomes final."""
        ...

    @property
    def outbox(self) -> OutboxTables:
        """What sites are still to be told, or were."""
        ...

    @property
    def hosted(self) -> HostedTables:
        """What hosted models were trained on, and their versions."""
        ...

    @property
    def publications(self) -> PublicationTables:
        """What was sent of live datasets to Woodwide, and how far that came."""
        ...

    @property
    def batch(self) -> BatchTables:
        """The sessions that wait for a batch, and what forms batches of them."""
        ...

    @property
    def leases(self) -> LeaseTables:
        """What one process at a time does."""
        ...

    @property
    def holders(self) -> HolderTables:
        """The processes that hold any of this, and which of them died."""
        ...

    @property
    def sites(self) -> SiteTables:
        """The sites whose visitors are verified."""
        ...

    @property
    def challenges(self) -> ChallengeTables:
        """The challenges of visitors, from issue to token."""
        ...

    @property
    def tokens(self) -> TokenTables:
        """What visitors got for their challenges, to be spent once."""
        ...

    @property
    def replays(self) -> ReplayTables:
        """The plays that are known again."""
        ...

    @property
    def signing(self) -> SigningTables:
        """The keys that all processes sign with."""
        ...

    def put(self, record: SessionRecord) -> Future[PutOutcome]:
        """Store `record`; the future resolves when the answer is on disk. Never blocks.

        A future cancelled before its turn stores nothing. Raises `StoreUnavailable` where too much waits already or
        the store is closed; the future raises it where the write failed. Neither acknowledges anything.
        """
        ...

    def hurry(self) -> None:
        """Say that no more records come at the moment: those that wait need not wait for company. Never blocks.

        Only a hint: what is put is stored without it too, a little later.
        """
        ...

    def get(self, scope: str, session_id: str) -> StoredSession | None:
        """The session stored under an id. Raises `StoreUnavailable`."""
        ...

    def erase(self, session_id: str, scope: str | None = None) -> int:
        """Remove what is stored under an id, in `scope` or in all; how many sessions that were.

        The challenge of that id goes too, with its token and its signature. The erasure is remembered (as a hash), so that it also
        holds for a backup restored later. Raises `StoreUnavailable`.
        """
        ...

    def purge(
        self, now: datetime, keep_telemetry: timedelta, keep_verdicts: timedelta, keep_signatures: timedelta = KEEP_SIGNATURES
    ) -> Purged:
        """Remove telemetry, whole sessions, and signatures of plays, received so long before `now`; in small steps between writes.

        A session that was queued for a batch leaves a tombstone, as long again as verdicts are kept or until the id is erased or put again.
        Webhooks that have been delivered or given up for a week go as well, where their session did not go before, and challenges
        that came to nothing, a day after their end. Signatures go with their sessions at the latest.
        Raises `StoreUnavailable`; what was removed by then stays removed.
        """
        ...

    def backup(self, path: Path) -> int:
        """Write a consistent, checked copy of the database to `path` while it is in use; its size in bytes.

        A file already at `path` is replaced at once or not at all. Raises `StoreRefused`, naming it, where the engine's own tool
        does that better, else `StoreError`.
        """
        ...

    def health(self) -> Health:
        """How the store is now; cheap, and writes nothing."""
        ...

    def check(self) -> None:
        """Raise `StoreUnavailable` where the store cannot write now; returns at once where it can."""
        ...

    def close(self) -> None:
        """Write what waits, answer every future, and let go of the files. Closing twice is harmless."""
        ...
