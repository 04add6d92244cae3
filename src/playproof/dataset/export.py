"""The rows of a dataset as a file, some hundred in memory at a time."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from playproof.clock import iso
from playproof.dataset.live import features_of
from playproof.features import CATALOGUE_VERSION, NAMES
from playproof.store import LiveRow

if TYPE_CHECKING:
    from arro3.core import RecordBatch

TEXTS = ("scope", "session_id", "received_at", "catalogue_version", "scorer", "decision", "origin", "stratum", "label")
FLAGS = ("eligible", "awaiting", "reference")
COLUMNS = ("seq", *TEXTS, *FLAGS, *NAMES)
"""The columns of an export: the row's own, then its features by catalogue name."""

_ROW_GROUP = 5_000


class Tally:
    """What an export wrote."""

    def __init__(self) -> None:
        self.written = 0
        self.skipped = 0
        """Rows of another catalogue version: their values have no name here."""

    def current(self, pages: Iterable[list[LiveRow]]) -> Iterator[list[LiveRow]]:
        """The rows of `pages` that have the present catalogue version, counted."""
        for rows in pages:
            kept = [row for row in rows if row.catalogue_version == CATALOGUE_VERSION]
            self.written += len(kept)
            self.skipped += len(rows) - len(kept)
            if kept:
                yield kept


def write_csv(pages: Iterable[list[LiveRow]], file: IO[str]) -> Tally:
    """Write rows as CSV with a head; a feature that was not measurable is an empty cell."""
    tally = Tally()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for rows in tally.current(pages):
        for row, values in zip(rows, features_of(rows).tolist(), strict=True):
            own = [int(getattr(row, name)) for name in FLAGS]
            writer.writerow(
                [row.seq, *(_text(row, name) for name in TEXTS), *own, *(None if value != value else value for value in values)]
            )
    return tally


def write_parquet(pages: Iterable[list[LiveRow]], file: Path | IO[bytes]) -> Tally:
    """Write rows as Parquet; a feature that was not measurable is null."""
    from arro3.core import RecordBatchReader
    from arro3.io import write_parquet as write

    tally = Tally()
    reader = RecordBatchReader.from_batches(_batch([]).schema, (_batch(rows) for rows in tally.current(pages)))
    write(reader, file, compression="zstd(1)", max_row_group_size=_ROW_GROUP)
    return tally


def _batch(rows: list[LiveRow]) -> RecordBatch:
    from arro3.core import Array, DataType, RecordBatch

    values = features_of(rows)
    columns: dict[str, Any] = {"seq": Array([row.seq for row in rows], DataType.int64())}
    columns |= {name: Array([_text(row, name) for row in rows], DataType.string()) for name in TEXTS}
    columns |= {name: Array([getattr(row, name) for row in rows], DataType.bool()) for name in FLAGS}
    for at, name in enumerate(NAMES):
        columns[name] = Array([None if value != value else value for value in values[:, at].tolist()], DataType.float64())
    return RecordBatch.from_pydict(columns)


def _text(row: LiveRow, name: str) -> str | None:
    if name == "received_at":
        return iso(datetime.fromtimestamp(row.received_at / 1000, UTC))
    text: str | None = getattr(row, name)
    return text
