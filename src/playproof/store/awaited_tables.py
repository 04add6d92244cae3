"""Sessions whose hosted score is still to come, on whatever engine is below."""

from __future__ import annotations

from collections.abc import Sequence

from playproof.clock import Clock, milliseconds
from playproof.store import awaited
from playproof.store.awaiting import Awaited, Depth, Final, Postponed
from playproof.store.live_tables import Run


class AwaitedTables:
    """Who asks for which hosted score, and verdicts that become final once. Safe to share between threads and processes.

    A process holds what it asks for, for so many seconds at a time; what it does not renew is another's to claim. Nothing is
    final by being held: whoever is first with `finalise` decides. What is written is on disk when a method returns, and every
    method raises `StoreUnavailable`.
    """

    def __init__(self, write: Run, read: Run, clock: Clock) -> None:
        self._write = write
        self._read = read
        self._clock = clock

    def _now(self) -> int:
        return milliseconds(self._clock.now())

    def finalise(self, finals: Sequence[Final]) -> list[bool]:
        """Make verdicts final in one transaction; whether this call did it, for each.

        False where it was final already or its session is gone: nothing of that `Final` is stored then, nor its notice.
        """
        now = self._now()
        return self._write(lambda connection: awaited.finalise(connection, finals, now)) if finals else []

    def claim(self, holder: str, seconds: float, limit: int) -> list[Awaited]:
        """At most `limit` sessions that are due and held by nobody, which `holder` now holds for so many seconds.

        Those due the longest come first. What `holder` holds itself does not come again before its time is over.
        """
        now = self._now()
        if not self._read(lambda connection: awaited.due(connection, now, 1)):  # mostly so, and then nobody need be kept from writing
            return []
        return self._write(lambda connection: awaited.claim(connection, holder, now, now + int(seconds * 1000), limit))

    def renew(self, holder: str, numbers: Sequence[int], seconds: float) -> int:
        """Hold for so many seconds from now what `holder` holds of these sessions and nobody took over; how many those are."""
        until = self._now() + int(seconds * 1000)
        return self._write(lambda connection: awaited.renew(connection, holder, numbers, until)) if numbers else 0

    def release(self, holder: str) -> None:
        """Let others claim at once what `holder` holds and is due."""
        self._write(lambda connection: awaited.release(connection, holder))

    def postpone(self, items: Sequence[Postponed], holder: str) -> None:
        """Let go of sessions for a while; those that `holder` does not hold any more, or that are final, stay as they are."""
        if items:
            self._write(lambda connection: awaited.postpone(connection, items, holder))

    def tell(self, number: int) -> bool:
        """Note that the preliminary verdict of a session is answered to somebody who does not wait; whether it still is preliminary."""
        return self._write(lambda connection: awaited.tell(connection, number))

    def hasten(self) -> int:
        """Have all that nobody holds be due now, as when the provider answers again; how many were not."""
        now = self._now()
        return self._write(lambda connection: awaited.hasten(connection, now))

    def next_at(self) -> int | None:
        """When the first that nobody holds is due, milliseconds since 1970, UTC; `None` where there is none."""
        now = self._now()
        return self._read(lambda connection: awaited.next_at(connection, now))

    def depth(self) -> Depth:
        """How many sessions await their hosted score; counts them."""
        return self._read(awaited.depth)
