"""Feature rows as Woodwide sees them, and its scores back at the sessions they belong to.

What leaves are feature values under their catalogue names, nothing else: no session id, no time, no game. Which row is
whose is known here alone, by the publication that was sent.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from playproof.errors import HostedError, HostedReason
from playproof.features import CATALOGUE, NAMES
from playproof.scoring.base import Floats
from playproof.woodwide.files import CSV, PARQUET, File
from playproof.woodwide.scores import Scores

K = TypeVar("K", bound=Hashable)

MODEL_COLUMNS = tuple(feature.name for feature in CATALOGUE if feature.role == "model")
"""What a hosted model is trained on: the features that the embedded one is fed too."""


class Columns:
    """The columns of a file, and where their values stand in a catalogue row."""

    def __init__(self, names: Sequence[str] = MODEL_COLUMNS) -> None:
        """`names` are those a model was trained on.

        Raises `HostedError` where the catalogue has no such feature: Woodwide would take the column for empty, and score.
        """
        strange = [name for name in names if name not in NAMES]
        if strange or len(set(names)) < len(names) or len(names) < 2:
            told = f"columns that are no features: {', '.join(strange)}" if strange else f"{len(names)} columns, or one twice"
            raise HostedError(told, reason=HostedReason.COLUMN_MISMATCH)
        self.names = tuple(names)
        self._places = [NAMES.index(name) for name in names]

    def take(self, rows: Floats) -> Floats:
        """The values (n, columns) out of catalogue rows (n, k); NaN for what is not finite."""
        values = rows[:, self._places]
        return np.where(np.isfinite(values), values, np.nan)


def csv_file(rows: Floats, columns: Columns, name: str = "rows") -> File:
    """Catalogue rows (n, k) as CSV, each number so that it reads back as itself; what is not measurable is an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns.names)
    writer.writerows([None if value != value else value for value in row] for row in columns.take(rows).tolist())
    return File(f"{name}.csv", text.getvalue().encode("ascii"), CSV, len(rows))


def parquet_file(rows: Floats, columns: Columns, name: str = "rows") -> File:
    """Catalogue rows (n, k) as Parquet, every column of 64-bit floats; what is not measurable is null."""
    from arro3.core import Array, DataType, RecordBatch, Table
    from arro3.io import write_parquet

    values = columns.take(rows)
    arrays: dict[str, Any] = {
        column: Array([None if value != value else value for value in values[:, at].tolist()], DataType.float64())
        for at, column in enumerate(columns.names)
    }
    file = io.BytesIO()
    write_parquet(Table.from_batches([RecordBatch.from_pydict(arrays)]), file, compression="zstd(1)")
    return File(f"{name}.parquet", file.getvalue(), PARQUET, len(rows))


class RawScore(NamedTuple):
    """What Woodwide says of one session."""

    raw: float
    flagged: bool | None
    version_id: str
    """Of the model that scored."""


Answer = RawScore | HostedReason
"""A score, or why there is none."""


@dataclass(frozen=True, slots=True)
class Publication(Generic[K]):
    """Whose each row of a file is: a session's key, or None for rows that are there as company."""

    keys: tuple[K | None, ...]

    def __post_init__(self) -> None:
        named = [key for key in self.keys if key is not None]
        if len(set(named)) < len(named):
            raise ValueError("a session stands in a publication once")

    def settle(self, scores: Scores, version_id: str) -> Mapping[K, Answer]:
        """The answer to each session, scored by this version of the model.

        Raises `HostedError` where `scores` are of another number of rows.
        """
        if len(scores.raw) != len(self.keys):
            told = f"result: {len(scores.raw)} rows for {len(self.keys)}"
            raise HostedError(told, reason=HostedReason.ROW_MISMATCH)
        answers: dict[K, Answer] = {}
        for key, raw, flagged in zip(self.keys, scores.raw.tolist(), scores.flagged, strict=True):
            if key is not None:
                answers[key] = RawScore(raw, flagged, version_id) if np.isfinite(raw) else HostedReason.INVALID_SCORE
        return answers
