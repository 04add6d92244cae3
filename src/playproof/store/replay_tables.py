"""The index of plays on whatever engine is below."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection

from playproof.errors import StoreError
from playproof.store import replays
from playproof.store.live_tables import Run
from playproof.store.sieve import Sieve

if TYPE_CHECKING:
    from playproof.challenges.buckets import Ints
    from playproof.challenges.replay import Found
    from playproof.challenges.signature import Signature

_EVERY = 2**62
_CATCH_UP = 200
"""Plays that a lookup notes; where more are new, it asks without a sieve."""


class ReplayTables:
    """Plays that are looked up: a `playproof.challenges.replay.ReplayIndex`. Safe to share between threads and processes.

    Every method raises `StoreUnavailable`. The first lookup has a thread read which buckets there are; until that is done, lookups
    cost more.
    """

    def __init__(self, read: Run) -> None:
        self._read = read
        self._lock = threading.Lock()  # for all below
        self._sieve: Sieve | None = None
        self._seen = 0  # plays up to this number are in the sieve
        self._builder: threading.Thread | None = None
        self._open = True

    def before(self, number: int) -> Earlier:
        """The plays of smaller numbers alone."""
        return Earlier(self, number)

    def rows(self, buckets: Ints, below: int = _EVERY) -> Found:
        """See `ReplayIndex.rows`: one statement for all buckets; of plays whose numbers are smaller than `below`."""
        from playproof.challenges.replay import Found

        def work(connection: Connection) -> tuple[Ints, Ints, Ints]:
            held = self._held(connection, buckets)
            # A bucket may be asked for more than once, and each asking gets its rows.
            wanted, back = np.unique(buckets[held], return_inverse=True)
            return held, wanted[back], replays.rows(connection, wanted, below) if len(wanted) else np.empty((0, 3), np.int64)

        held, asked, table = self._read(work)
        first = np.searchsorted(table[:, 0], asked, "left")
        lengths = np.searchsorted(table[:, 0], asked, "right") - first
        ends = np.cumsum(lengths)
        at = np.arange(lengths.sum()) + np.repeat(first - (ends - lengths), lengths)
        return Found(np.repeat(held, lengths), table[at, 2], table[at, 1])

    def signatures(self, numbers: Sequence[int]) -> Sequence[Signature | None]:
        """See `ReplayIndex.signatures`."""
        from playproof.challenges.signature import Signature

        if not numbers:
            return []
        found = self._read(lambda connection: replays.signatures(connection, numbers))
        return [Signature.unpack(found[number]) if number in found else None for number in numbers]

    def prepare(self) -> None:
        """Read which buckets there are, so that lookups ask for no others."""
        seen, rows = self._read(replays.size)
        sieve = Sieve(rows)
        page = self._read(partial(replays.page, after=None))
        while len(page) and self._open:
            sieve.add(page)
            page = self._read(partial(replays.page, after=int(page[-1])))
        with self._lock:
            self._sieve, self._seen = sieve, seen

    def close(self) -> None:
        """Have the thread end that prepares."""
        with self._lock:
            self._open = False
            builder = self._builder
        if builder is not None:
            builder.join()

    def _held(self, connection: Connection, buckets: Ints) -> Ints:
        """The places of those of `buckets` that may have rows."""
        with self._lock:
            if self._sieve is None or self._sieve.full:
                self._begin_to_prepare()
            if self._sieve is not None:
                newer = replays.newer(connection, self._seen, _CATCH_UP)
                for number, those in newer:
                    self._sieve.add(those)
                    self._seen = number
                if len(newer) < _CATCH_UP:
                    return self._sieve.may_hold(buckets)
            return np.arange(len(buckets))

    def _begin_to_prepare(self) -> None:
        if self._open and (self._builder is None or not self._builder.is_alive()):
            self._builder = threading.Thread(target=self._prepare, name="playproof-replays", daemon=True)
            self._builder.start()

    def _prepare(self) -> None:
        with contextlib.suppress(StoreError):  # the next lookup has another thread try
            self.prepare()


class Earlier:
    """The plays of smaller numbers than one: a `playproof.challenges.replay.ReplayIndex`."""

    def __init__(self, tables: ReplayTables, number: int) -> None:
        self._tables = tables
        self._number = number

    def rows(self, buckets: Ints) -> Found:
        """See `ReplayIndex.rows`."""
        return self._tables.rows(buckets, self._number)

    def signatures(self, numbers: Sequence[int]) -> Sequence[Signature | None]:
        """See `ReplayIndex.signatures`."""
        return self._tables.signatures(numbers)
