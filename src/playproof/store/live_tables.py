"""The live dataset on whatever engine is below."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from playproof.clock import Clock, milliseconds
from playproof.store import live
from playproof.store.rows import Counts, Dataset, ImportedRow, LiveRow, Replaced

STEP = 500
"""Rows a transaction appends, and a page holds: some milliseconds of the writer's time, some hundred kilobytes."""

R = TypeVar("R")


class Run(Protocol):
    """Runs work on a connection, in a transaction of its own. Raises `StoreUnavailable`."""

    def __call__(self, work: Callable[[Connection], R], /) -> R:
        """What `work` returns, once it is on disk; it may be run again where nothing of its first run was committed."""
        ...


class LiveTables:
    """Datasets and their rows. Safe to share between threads; what is written is on disk when a method returns.

    Every method raises `StoreUnavailable`.
    """

    def __init__(self, write: Run, read: Run, clock: Clock) -> None:
        self._write = write
        self._read = read
        self._clock = clock

    def _now(self) -> int:
        return milliseconds(self._clock.now())

    def find(self, name: str) -> Dataset | None:
        """The dataset of that name."""
        return self._read(lambda connection: live.find(connection, name))

    def ensure(self, name: str, initial: Sequence[ImportedRow] = ()) -> tuple[Dataset, bool, int]:
        """The dataset of that name, whether it was made now, and how many rows of `initial` it began with now.

        Where it has initial rows already, or got others meanwhile, it keeps those.
        """
        now = self._now()

        def work(connection: Connection) -> tuple[Dataset, bool, int]:
            dataset, made = live.ensure(connection, name, now)
            live.lock(connection, dataset.id)
            wanted = bool(initial) and not live.references(connection, dataset.id)
            return dataset, made, live.append(connection, dataset.id, initial, reference=True) if wanted else 0

        if not initial:  # mostly it is there, and then nothing need be written
            found = self.find(name)
            if found is not None:
                return found, False, 0
        return self._write(work)

    def append(self, name: str, rows: Sequence[ImportedRow]) -> int:
        """Append what is new among `rows` by scope and id; how many that were. Steps that are done stay done."""
        now = self._now()
        appended = 0
        for start in range(0, len(rows), STEP):
            some = rows[start : start + STEP]

            def work(connection: Connection, some: Sequence[ImportedRow] = some) -> int:
                return live.append(connection, live.ensure(connection, name, now)[0].id, some)

            appended += self._write(work)
        return appended

    def too_long(self, name: str, max_rows: int) -> bool:
        """Whether the window is longer than `max_rows`, rows awaiting their result from before it not counted."""

        def work(connection: Connection) -> bool:
            dataset = live.find(connection, name)
            return dataset is not None and live.last_outside(connection, dataset, max_rows) is not None

        return self._read(work)

    def cleanup(self, name: str, max_rows: int) -> int:
        """Keep the last `max_rows` rows in the window, and those still awaiting their result; how many left it."""
        return self._write(lambda connection: live.cleanup(connection, name, max_rows))

    def window(self, dataset: Dataset, *, eligible: bool = False) -> list[LiveRow]:
        """The rows in the window, in order of arrival; with `eligible` those alone."""
        return [row for rows in self.pages(dataset, windowed=True, eligible=eligible) for row in rows]

    def eligible_origins(self, dataset: Dataset) -> list[tuple[int, str]]:
        """Number and origin of the eligible rows in the window, the newest first."""
        return self._read(lambda connection: live.eligible_origins(connection, dataset))

    def references(self, dataset: Dataset) -> list[int]:
        """The numbers of the rows the dataset began with, in order."""
        return self._read(lambda connection: live.references(connection, dataset.id))

    def by_number(self, numbers: Sequence[int]) -> list[LiveRow]:
        """The rows with these numbers, in the order asked for; those that are gone are left out."""
        return self._read(lambda connection: live.by_number(connection, numbers))

    def pages(self, dataset: Dataset, *, windowed: bool = False, eligible: bool = False) -> Iterator[list[LiveRow]]:
        """All rows in order of arrival, a page at a time; with `windowed` those in the window, and of those the eligible ones."""
        after = 0

        def work(connection: Connection) -> list[LiveRow]:
            if windowed:
                return live.window_page(connection, dataset, after, STEP, eligible=eligible)
            return live.page(connection, dataset, after, STEP)

        while some := self._read(work):
            yield some
            after = some[-1].seq

    def counts(self, dataset: Dataset) -> Counts:
        """How many rows the dataset has; reads them all."""
        return self._read(lambda connection: live.counts(connection, dataset))

    def replaced(self, dataset: Dataset) -> list[Replaced]:
        """What stood for the dataset before, the oldest first."""
        return self._read(lambda connection: live.replaced(connection, dataset.id))
