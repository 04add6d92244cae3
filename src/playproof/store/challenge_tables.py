"""Challenges on whatever engine is below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from playproof.clock import Clock, milliseconds
from playproof.store import challenges, funnel, rates, recent, replays
from playproof.store.base import PutOutcome, SessionRecord
from playproof.store.challenge import ChallengeRecord, FunnelRow, Recent, StoredChallenge
from playproof.store.live_tables import Run
from playproof.store.rate import Rate
from playproof.store.token import TokenRecord
from playproof.store.work import packed
from playproof.store.writer import Writer

if TYPE_CHECKING:
    from playproof.challenges.buckets import Rows


class ChallengeTables:
    """Challenges from issue to token. Safe to share between threads and processes.

    Methods that return a future never block; it resolves when what it says is on disk. Times are ms since 1970. Every method, or its
    future, raises `StoreUnavailable`.
    """

    def __init__(self, writer: Writer, read: Run, storable: Callable[[str], bool], clock: Clock) -> None:
        self._writer = writer
        self._read = read
        self._storable = storable
        self._clock = clock

    def issue(self, record: ChallengeRecord, limits: Sequence[Rate] = ()) -> Future[Rate | None]:
        """Store a new challenge and count it towards each of `limits`, or do neither where one is reached: the future has that one."""
        return self._writer.join(challenges.issue, (record, limits), size=len(record.state), keys=[limit.key for limit in limits])

    def count(self, limits: Sequence[Rate]) -> Future[Rate | None]:
        """Count once more towards each of `limits`, unless one is reached: the future has that one, and nothing is counted."""
        now = milliseconds(self._clock.now())
        return self._writer.join(_count, (limits, now), keys=[limit.key for limit in limits])

    def get(self, name: str) -> StoredChallenge | None:
        """The challenge of an id."""
        return self._read(lambda connection: challenges.get(connection, name)) if self._storable(name) else None

    def batches(self, name: str) -> list[bytes]:
        """What was accepted of a challenge, in order; empty once its token is stored."""
        return self._read(lambda connection: challenges.batches(connection, name))

    def advance(self, name: str, sequence: int, state: bytes, batch: bytes, now: int) -> Future[bool]:
        """Replace the state of a challenge and keep `batch`, its batch number `sequence` (from 1), if it is open and that is the next."""
        step = challenges.Advance(name, sequence, state, batch, now)
        return self._writer.join(challenges.advance, step, size=len(state) + len(batch), keys=[name.encode()])

    def close(
        self, name: str, sequence: int, state: bytes, closing: bytes, signature: bytes | None, rows: Rows | None, now: int
    ) -> Future[int | None]:
        """Close a challenge of which `sequence` batches were accepted, and keep its play to be known again.

        The future has the play's number, greater than those of all plays that others could find before, or 0 where no `signature` is
        given; `None` where somebody else closed the challenge, or it is gone, or went on meanwhile.
        """
        keys = [name.encode()] if signature is None else [name.encode(), replays.KEY]
        end = challenges.Close(name, sequence, state, closing, signature, rows, now)
        return self._writer.join(challenges.close, end, size=len(state) + len(closing), keys=keys)

    def conclude(self, name: str, record: SessionRecord, token: TokenRecord, now: int) -> Future[PutOutcome]:
        """Store the session and the token of a closed challenge, and drop its batches. Said twice, the first stands.

        Where the challenge is gone meanwhile nothing is stored, and the outcome is a `conflict` without a verdict.
        """
        bare, frame, size = packed(record)
        end = challenges.Conclusion(name, bare, frame, token, now)
        return self._writer.join(self._conclude, end, size=size, keys=[name.encode()])

    def _conclude(self, connection: Connection, ends: Sequence[challenges.Conclusion]) -> list[PutOutcome]:
        return challenges.conclude(connection, self._writer.store, ends)

    def open_count(self, now: int) -> int:
        """How many challenges may still be played at `now`."""
        return self._read(lambda connection: challenges.open_count(connection, now))

    def recent(self, most: int, *, before: tuple[int, str] | None = None, site: str | None = None) -> list[Recent]:
        """At most `most` challenges of one site or all, the newest first: issued before the one of this time and id, where it is given."""
        start = (2**63 - 1, "") if before is None else before
        return self._read(lambda connection: recent.rows(connection, start, most, site))

    def funnel(self, since: int, until: int, site: str | None = None) -> list[FunnelRow]:
        """How far the challenges came that were issued from `since` and before `until`, by game, way and device, of one site or all.

        Those that came to nothing count to the hour once they are removed, a day after their end: exact are whole hours.
        """
        return self._read(lambda connection: funnel.rows(connection, since, until, site))


def _count(connection: Connection, asked: Sequence[tuple[Sequence[Rate], int]]) -> list[Rate | None]:
    return [rates.count(connection, limits, now) for limits, now in asked]
