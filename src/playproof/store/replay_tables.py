"""The index of plays on whatever engine is below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from playproof.store import replays
from playproof.store.live_tables import Run

if TYPE_CHECKING:
    from playproof.challenges.buckets import Ints
    from playproof.challenges.replay import Found
    from playproof.challenges.signature import Signature

_EVERY = 2**62


class ReplayTables:
    """Plays that are looked up: a `playproof.challenges.replay.ReplayIndex`. Safe to share between threads and processes.

    Every method raises `StoreUnavailable`.
    """

    def __init__(self, read: Run, number: int = _EVERY) -> None:
        """Plays of smaller numbers than `number`."""
        self._read = read
        self._number = number

    def before(self, number: int) -> ReplayTables:
        """The plays of smaller numbers alone."""
        return ReplayTables(self._read, number)

    def rows(self, buckets: Ints) -> Found:
        """See `ReplayIndex.rows`: one statement, whatever their number."""
        return self._read(lambda connection: replays.rows(connection, buckets, self._number))

    def signatures(self, numbers: Sequence[int]) -> Sequence[Signature | None]:
        """See `ReplayIndex.signatures`."""
        from playproof.challenges.signature import Signature

        found = self._read(lambda connection: replays.signatures(connection, numbers))
        return [Signature.unpack(found[number]) if number in found else None for number in numbers]
