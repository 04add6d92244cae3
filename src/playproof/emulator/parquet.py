"""Parquet in and out."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, cast

import numpy as np
from arro3.core import Array, ChunkedArray, DataType, RecordBatch
from arro3.core import Table as Arrow
from arro3.io import read_parquet as read_batches
from arro3.io import write_parquet as write_batches

from playproof.emulator.tables import Column, Table, Values

_BATCH_ROWS = 65536
_ASK: Any = DataType  # in its stub, the `bool` that its questions return is one of its own methods


def read_parquet(content: bytes) -> Table:
    """The table in `content`; numbers, truth, moments and words keep their kind, anything else becomes words."""
    arrow: Arrow = read_batches(io.BytesIO(content), batch_size=_BATCH_ROWS).read_all()
    return Table({name: _column(arrow.column(name)) for name in arrow.column_names}, arrow.num_rows)


def _column(values: ChunkedArray) -> Column:
    kind = values.type
    found = cast("list[Any]", values.to_pylist())
    if _ASK.is_boolean(kind):
        return Column("binary", _floats(found, float))
    if _ASK.is_timestamp(kind) or _ASK.is_date(kind):
        return Column("datetime", _floats(found, _seconds))
    if _ASK.is_numeric(kind):
        return Column("numeric", _floats(found, float))
    return Column("categorical", np.array([None if value is None else str(value) for value in found], dtype=object))


def _floats(values: Sequence[Any], read: Callable[[Any], float]) -> Values:
    numbers = np.array([np.nan if value is None else read(value) for value in values], dtype=np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _seconds(moment: date) -> float:
    whole = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return (whole if whole.tzinfo else whole.replace(tzinfo=UTC)).timestamp()


_TYPES: Mapping[type, DataType] = {bool: DataType.bool(), int: DataType.int64(), float: DataType.float64(), str: DataType.string()}


def write_parquet(columns: Mapping[str, Sequence[Any]], metadata: Mapping[str, str]) -> bytes:
    """A file of `columns`, each of one Python type and None, with `metadata` of the file as a whole."""
    arrays: dict[str, Any] = {name: Array(list(values), _type_of(values)) for name, values in columns.items()}
    file = io.BytesIO()
    write_batches(Arrow.from_batches([RecordBatch.from_pydict(arrays)]), file, compression="zstd(1)", key_value_metadata=dict(metadata))
    return file.getvalue()


def _type_of(values: Sequence[Any]) -> DataType:
    kinds = {type(value) for value in values if value is not None}
    return _TYPES[kinds.pop()] if len(kinds) == 1 else DataType.string() if kinds else DataType.float64()
