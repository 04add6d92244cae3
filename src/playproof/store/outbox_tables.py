"""What sites are still to be told, on whatever engine is below."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from playproof.clock import Clock, milliseconds
from playproof.store import outbox
from playproof.store.awaiting import Notice
from playproof.store.letters import Letter, Posted, Posts, PostState
from playproof.store.live_tables import Run

PAGE = 200
"""Letters that are listed at a time."""


class OutboxTables:
    """Letters to sites: each is sent by one process at a time, until it is delivered or given up. Safe to share between threads.

    A process holds what it claimed for so many seconds; what it does not settle by then is another's to claim, and is sent
    again. What is written is on disk when a method returns, and every method raises `StoreUnavailable`.
    """

    def __init__(self, write: Run, read: Run, clock: Clock) -> None:
        self._write = write
        self._read = read
        self._clock = clock

    def _now(self) -> int:
        return milliseconds(self._clock.now())

    def add(self, number: int, notice: Notice) -> None:
        """Put in what a site is to be told of the session of that number, apart from any verdict's transaction."""
        now = self._now()
        self._write(lambda connection: outbox.add(connection, number, notice, now))

    def claim(self, holder: str, seconds: float, limit: int) -> list[Letter]:
        """At most `limit` letters that are due and held by nobody, those due the longest first; `holder` now holds them.

        What `holder` holds itself does not come again before its time is over.
        """
        now = self._now()
        due = self.next_at()  # mostly nothing is, and then nobody need be kept from writing
        if due is None or due > now:
            return []
        return self._write(lambda connection: outbox.claim(connection, holder, now, now + int(seconds * 1000), limit))

    def delivered(self, letter: str, holder: str) -> bool:
        """Note that the site has the letter, and whether `holder` still held it."""
        now = self._now()
        return self._write(lambda connection: outbox.settle(connection, letter, holder, outbox.DELIVERED, now, None))

    def failed(self, letter: str, holder: str, next_at: int | None, reason: str) -> bool:
        """Note that an attempt failed, and whether `holder` still held the letter.

        It waits until `next_at`, milliseconds since 1970, UTC; with `None` it is given up.
        """
        state, at = (outbox.GIVEN_UP, self._now()) if next_at is None else (outbox.WAITING, next_at)
        return self._write(lambda connection: outbox.settle(connection, letter, holder, state, at, reason))

    def release(self, holder: str) -> int:
        """Let others claim at once what `holder` holds; how many letters that are."""
        now = self._now()
        return self._write(lambda connection: outbox.release(connection, holder, now))

    def retry(self, letter: str | None = None) -> int:
        """Put letters that were given up back as if they were new, that one or all; how many that were."""
        now = self._now()
        return self._write(lambda connection: outbox.retry(connection, letter, now))

    def next_at(self) -> int | None:
        """When the first letter is due or its hold is over, milliseconds since 1970, UTC; `None` where none waits."""
        return self._read(outbox.next_at)

    def counts(self) -> Posts:
        """How many letters there are; counts them."""
        return self._read(outbox.counts)

    def posted(self, state: PostState | None = None) -> Iterator[Posted]:
        """Where each letter stands, of those in `state` or of all, by their ids: the oldest first."""
        after = ""

        def work(connection: Connection) -> list[Posted]:
            return outbox.page(connection, state, after, PAGE)

        while some := self._read(work):
            yield from some
            after = some[-1].id
