"""The batch queue on whatever engine is below."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import Connection

from playproof.clock import Clock, milliseconds
from playproof.store import backlog, batch, forming, tombstones
from playproof.store.live_tables import Run
from playproof.store.queued import HOLDER, Backlog, Done, Entry, Exhumed, Forming, Gate, Grave, Later, Place
from playproof.store.retention import STEP

PAGE = 200
"""Sessions that are listed at a time."""


class BatchTables:
    """Which sessions are scored together, by whom, and what became of them. Safe to share between threads and processes.

    A process holds what it claimed for so many seconds; what it does not renew is another's to claim, and then counts no more
    from the first. What is written is on disk when a method returns, and every method raises `StoreUnavailable`.
    """

    def __init__(self, write: Run, read: Run, storable: Callable[[str], bool], clock: Clock) -> None:
        self._write = write
        self._read = read
        self._storable = storable
        self._clock = clock
        self._idle = True  # the latest claim found no batch, as nearly every one does

    def _now(self) -> int:
        return milliseconds(self._clock.now())

    def claim(self, holder: str, seconds: float, rule: Forming) -> list[Entry]:
        """The next batch by `rule`, the longest due first, which `holder` now holds for so many seconds; empty where there is none.

        Sessions that failed together come back in smaller batches, for which `rule.least` does not count.
        """
        now = self._now()

        # Where there is none, nobody need be kept from writing; while the queue is worked off there mostly is one.
        if self._idle and not self._read(lambda connection: forming.worthwhile(connection, rule, now)):
            return []

        def work(connection: Connection) -> list[Entry]:
            forming.lock_gate(connection)
            forming.take_back(connection, now)
            return forming.claim(connection, forming.chosen(connection, rule, now), holder, now + int(seconds * 1000))

        claimed = self._write(work)
        self._idle = not claimed
        return claimed

    def claim_overdue(self, holder: str, seconds: float, most: int, before: int) -> list[Entry]:
        """At most `most` sessions that are due and were queued before a time, milliseconds since 1970, which `holder` now holds."""
        now = self._now()

        def work(connection: Connection) -> list[Entry]:
            forming.lock_gate(connection)
            forming.take_back(connection, now)
            return forming.claim(connection, forming.overdue(connection, most, before, now), holder, now + int(seconds * 1000))

        return self._write(work)

    def hasten(self) -> int:
        """Have all that is queued be due now; how many sessions were not."""
        now = self._now()
        return self._write(lambda connection: forming.hasten(connection, now))

    def renew(self, holder: str, seconds: float) -> int:
        """Hold for so many seconds from now what `holder` holds and nobody took over; how many sessions those are."""
        until = self._now() + int(seconds * 1000)
        return self._write(lambda connection: batch.renew(connection, holder, until))

    def release(self, holder: str) -> int:
        """Queue again, where they were, the sessions that `holder` holds; how many those are."""
        return self._write(lambda connection: batch.release(connection, holder))

    def settle(self, done: Sequence[Done], later: Sequence[Later] = ()) -> list[bool]:
        """Make verdicts final, and queue the others again, in one transaction; of each of `done`, whether this call did it.

        False where somebody else has claimed the session since, or it is gone: nothing of that is stored then.
        """
        now = self._now()
        return self._write(lambda connection: batch.settle(connection, done, later, now)) if done or later else []

    def gate(self) -> Gate:
        """What every process obeys."""
        return self._read(batch.gate)

    def switch(self, on: bool, *, default: bool) -> bool:
        """Have batches be formed on schedule, or not, in all processes; whether that changes anything.

        `default` is what holds as long as nobody has said anything.
        """
        now = self._now()
        return self._write(lambda connection: batch.switch(connection, on, default, now))

    def pause(self, until: int, reason: str) -> None:
        """Note that the hosted model failed: nobody asks it before a time, milliseconds since 1970, UTC."""
        self._write(lambda connection: batch.pause(connection, until, reason))

    def resume(self) -> None:
        """Note that the hosted model answers."""
        self._write(batch.resume)

    def tick(self, due_at: int, holder: str) -> bool:
        """Whether `holder` is the one who does what is due at a time, milliseconds since 1970, UTC."""
        return self._write(lambda connection: batch.tick(connection, due_at, holder))

    def last_tick(self) -> int | None:
        """When the scheduler looked last, milliseconds since 1970, UTC."""
        return self._read(batch.last_tick)

    def purge(self, before: int) -> int:
        """Remove entries settled, and ticks, before a time, in small steps; how many entries that were."""
        total = 0
        while True:
            removed = self._write(lambda connection: batch.purge(connection, before, STEP))
            total += removed
            if removed < STEP:
                return total

    def waiting(self, most: int) -> int:
        """How many sessions are queued or claimed; counts no further than `most`."""
        return self._read(lambda connection: backlog.waiting(connection, most))

    def backlog(self) -> Backlog:
        """How many entries there are; counts them."""
        return self._read(backlog.backlog)

    def place(self, scope: str, session_id: str) -> Place | None:
        """Where a session stands; `None` where it is not in the queue, nor was lately."""
        if not self._storable(session_id):
            return None
        return self._read(lambda connection: backlog.place(connection, scope, session_id))

    def gone(self, scope: str, session_id: str) -> bool:
        """Whether a session was queued under an id, and retention has removed it no longer ago than verdicts are kept."""
        return self._storable(session_id) and self._read(lambda connection: tombstones.stands(connection, scope, session_id))

    def graves(self, session_id: str, scope: str | None = None) -> list[Grave]:
        """The sessions under an id that were given up, in `scope` or in all."""
        if not self._storable(session_id):
            return []
        return self._read(lambda connection: backlog.graves(connection, session_id, scope))

    def buried(self, after: int = 0) -> Iterator[Grave]:
        """The sessions that were given up, in order of arrival, after the one of a number."""

        def work(connection: Connection) -> list[Grave]:
            return backlog.buried(connection, after, PAGE)

        while some := self._read(work):
            yield from some
            after = some[-1].number

    def exhume(self, items: Sequence[Exhumed]) -> int:
        """Queue again what was given up, with these preliminary verdicts; how many still were."""
        now = self._now()
        return self._write(lambda connection: backlog.exhume(connection, items, HOLDER, now))

    def forget(self) -> int:
        """Remove the entries that were given up, so that they can no longer be exhumed; how many those were."""
        return self._write(backlog.forget)
