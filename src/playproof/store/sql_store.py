"""What a store does the same on every engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial

import msgspec
from sqlalchemy import Connection

from playproof.clock import Clock, milliseconds
from playproof.errors import StoreUnavailable
from playproof.store import challenges, funnel, rates, replays, retention, sessions, tombstones
from playproof.store import live as live_rows
from playproof.store.awaited_tables import AwaitedTables
from playproof.store.base import KEEP_SIGNATURES, Health, Purged, PutOutcome, SessionRecord, StoredSession
from playproof.store.batch_tables import BatchTables
from playproof.store.challenge_tables import ChallengeTables
from playproof.store.compression import decompress
from playproof.store.holders import HolderTables, Presence
from playproof.store.hosted_tables import HostedTables
from playproof.store.leases import LeaseTables
from playproof.store.live_tables import LiveTables
from playproof.store.outbox_tables import OutboxTables
from playproof.store.publication_tables import PublicationTables
from playproof.store.reader import Reader
from playproof.store.replay_tables import ReplayTables
from playproof.store.signing_tables import SigningTables
from playproof.store.site_tables import SiteTables
from playproof.store.token_tables import TokenTables
from playproof.store.writer import Writer


class SqlStore(ABC):
    """See `playproof.store.base.Store`; an engine adds how it is opened, backed up, and how it is."""

    def __init__(self, writer: Writer, reader: Reader, clock: Clock, presence: Presence | None = None) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self.live = LiveTables(writer.run, reader.run, clock)
        self.awaited = AwaitedTables(writer.run, reader.run, clock)
        self.batch = BatchTables(writer.run, reader.run, self.storable, clock)
        self.outbox = OutboxTables(writer.run, reader.run, clock)
        self.hosted = HostedTables(writer.run, reader.run, self.storable)
        self.leases = LeaseTables(writer.run, clock)
        self.publications = PublicationTables(writer.run, reader.run, clock)
        self.holders = HolderTables(writer.run, presence, clock)
        self.sites = SiteTables(writer.run, reader.run, self.storable)
        self.challenges = ChallengeTables(writer, reader.run, self.storable, clock)
        self.tokens = TokenTables(writer, reader.run)
        self.replays = ReplayTables(reader.run)
        self.signing = SigningTables(writer, reader.run)

    @abstractmethod
    def health(self) -> Health:
        """See `Store.health`."""

    def storable(self, text: str) -> bool:
        """Whether an id can have been stored: no text with half of a surrogate pair can."""
        try:
            text.encode()
        except UnicodeEncodeError:
            return False
        return True

    def put(self, record: SessionRecord) -> Future[PutOutcome]:
        """See `Store.put`."""
        return self._writer.put(record)

    def hurry(self) -> None:
        """See `Store.hurry`."""
        self._writer.hurry()

    def get(self, scope: str, session_id: str) -> StoredSession | None:
        """See `Store.get`."""
        self._reader.require_open()
        if not self.storable(session_id):
            return None
        found = self._reader.run(lambda connection: sessions.get(connection, scope, session_id))
        if found is None:
            return None
        stored, frame = found
        return stored if frame is None else msgspec.structs.replace(stored, telemetry=decompress(frame))

    def erase(self, session_id: str, scope: str | None = None) -> int:
        """See `Store.erase`."""
        now = milliseconds(self._clock.now())
        if not self.storable(session_id):
            return 0

        def work(connection: Connection) -> int:
            retention.remember_erasure(connection, session_id, scope, now)
            challenges.erase(connection, session_id, scope)
            removed = sessions.erase(connection, session_id, scope) + live_rows.erase(connection, session_id, scope)
            # Behind the sessions: retention in another process may have left one of a session that was waited for here.
            tombstones.erase(connection, session_id, scope)
            return removed

        return self._writer.run(work, removes=True)

    def purge(
        self, now: datetime, keep_telemetry: timedelta, keep_verdicts: timedelta, keep_signatures: timedelta = KEEP_SIGNATURES
    ) -> Purged:
        """See `Store.purge`."""
        purge_sessions = partial(retention.purge_sessions, now=milliseconds(now))
        purged = Purged(
            telemetry=self._purge(retention.purge_telemetry, now - keep_telemetry),
            sessions=self._purge(purge_sessions, now - keep_verdicts) + self._purge(retention.purge_imported, now - keep_verdicts),
            letters=self._purge(retention.purge_letters, now - retention.KEEP_LETTERS),
            publications=self._purge(retention.purge_publications, now - keep_verdicts),
            tombstones=self._purge(retention.purge_tombstones, now - keep_verdicts),
            challenges=self._purge(partial(challenges.purge, step=retention.STEP), now - retention.KEEP_UNFINISHED),
            signatures=self._purge(partial(replays.purge, step=retention.STEP), now - keep_signatures),
        )
        self._purge(partial(funnel.purge, step=retention.STEP), now - keep_verdicts)
        self._purge(partial(rates.purge, step=retention.STEP), now)
        return purged

    def _purge(self, step: Callable[[Connection, int], int], before: datetime) -> int:
        limit = milliseconds(before)
        total = 0
        while True:
            # One step a transaction: records that wait get their turn in between.
            removed = self._writer.run(lambda connection: step(connection, limit), removes=True)
            total += removed
            if removed < retention.STEP:
                return total

    def check(self) -> None:
        """See `Store.check`."""
        error = self.health().error
        if error is not None:
            raise StoreUnavailable(error)

    def close(self) -> None:
        """See `Store.close`."""
        self._writer.close()
        self.replays.close()
        self._reader.close()
