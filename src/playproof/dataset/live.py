"""The live dataset as programs use it: find or make, append, keep the window short, read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from playproof.dataset.company import Company, choose
from playproof.errors import DatasetNotFound
from playproof.features import CATALOGUE_VERSION, NAMES
from playproof.scoring.base import Floats
from playproof.store import Counts, Dataset, ImportedRow, Live, LiveRow, Replaced, Store

MAX_ROWS = Live().max_rows
"""Rows of the window past which it is cut, unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class DatasetRef:
    """A dataset that is there."""

    id: int
    name: str
    created: bool
    """Made by this call."""
    initial: int = 0
    """Rows it began with in this call."""


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a dataset."""

    dataset: Dataset
    counts: Counts
    replaced: tuple[Replaced, ...]
    """What stood for it at Woodwide before."""


class LiveDataset:
    """The datasets of a store, by name. Safe to share between threads and processes; every method raises `StoreUnavailable`."""

    def __init__(self, store: Store) -> None:
        self._tables = store.live

    def ensure_persistent_dataset(self, name: str, initial: Sequence[ImportedRow] | None = None) -> DatasetRef:
        """The dataset of that name, made where there is none: once, however many processes ask at once.

        `initial` are the rows it begins with, such as a training corpus; a dataset that has such rows keeps those it has. It
        begins with all of them or, where the process dies, with none.
        """
        dataset, created, begun = self._tables.ensure(name, initial or ())
        return DatasetRef(dataset.id, dataset.name, created, begun)

    def append_to_dataset(self, name: str, rows: Sequence[ImportedRow], *, max_rows: int = MAX_ROWS) -> int:
        """Append the rows that are new by scope and session id; how many that were, all on disk.

        The dataset is made where it is missing. What it costs depends on `rows` alone, not on what is there. Appended rows
        are never eligible: only the service knows what it served. A window longer than `max_rows` is cut.
        """
        appended = self._tables.append(name, rows)
        self.cleanup_dataset(name, max_rows)
        return appended

    def cleanup_dataset(self, name: str, max_rows: int) -> int:
        """Keep the last `max_rows` rows in the publication window; how many left it.

        A row still awaiting its result stays in it. Rows that left stay in the store until retention takes them. Nothing is
        written where the window is short enough, so this may be called as often as one likes.
        """
        if max_rows < 1:
            raise ValueError(f"a window has 1 row or more, not {max_rows}")
        if not self._tables.too_long(name, max_rows):
            return 0
        return self._tables.cleanup(name, max_rows)

    def window(self, name: str, *, eligible: bool = False) -> list[LiveRow]:
        """The rows in the publication window, in order of arrival; with `eligible` those alone. Raises `DatasetNotFound`."""
        return self._tables.window(self.find(name), eligible=eligible)

    def company(self, name: str, size: int) -> Company:
        """Who keeps new rows company now, at most `size` rows; see `choose`. Raises `DatasetNotFound`."""
        dataset = self.find(name)
        return choose(self._tables.references(dataset), self._tables.eligible_origins(dataset), size)

    def company_rows(self, name: str, size: int) -> tuple[tuple[int, ...], Floats]:
        """The numbers of the rows that keep new ones company now, and their features (n, k), reference first.

        Rows of another catalogue version cannot stand beside new ones and are left out. Raises `DatasetNotFound`.
        """
        chosen = self.company(name, size)
        rows = [row for row in self._tables.by_number((*chosen.reference, *chosen.newest)) if row.catalogue_version == CATALOGUE_VERSION]
        return tuple(row.seq for row in rows), features_of(rows)

    def pages(self, name: str, *, windowed: bool = False) -> Iterator[list[LiveRow]]:
        """All rows in order of arrival, some hundred at a time; with `windowed` those in the window. Raises `DatasetNotFound`."""
        return self._tables.pages(self.find(name), windowed=windowed)

    def status(self, name: str) -> Status:
        """What is known of a dataset; counts its rows. Raises `DatasetNotFound`."""
        dataset = self.find(name)
        return Status(dataset, self._tables.counts(dataset), tuple(self._tables.replaced(dataset)))

    def find(self, name: str) -> Dataset:
        """The dataset of that name. Raises `DatasetNotFound`."""
        found = self._tables.find(name)
        if found is None:
            raise DatasetNotFound(f"there is no dataset {name!r}; `playproof dataset ensure` makes it")
        return found


def features_of(rows: Sequence[LiveRow]) -> Floats:
    """The features (n, k) of rows of the present catalogue version."""
    if not rows:
        return np.empty((0, len(NAMES)))
    return np.frombuffer(b"".join(row.vector for row in rows), dtype="<f8").reshape(len(rows), -1)
