"""Tables in memory: named columns of equal length, numbers or words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

Kind = Literal["numeric", "categorical", "datetime", "binary"]
Values = np.ndarray[tuple[int], np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Column:
    """Values of one kind.

    Words (`categorical`) are an object array of `str` and None. Everything else is float64 with NaN for what is missing:
    numbers as they are, moments as seconds since 1970 in UTC, truth as 1 and 0.
    """

    kind: Kind
    values: Values

    def shown(self, row: int) -> Any:
        """The value in `row` as JSON has it."""
        value = self.values[row]
        if self.kind == "categorical":
            return value
        if np.isnan(value):
            return None
        if self.kind == "binary":
            return bool(value)
        if self.kind == "datetime":
            return datetime.fromtimestamp(float(value), UTC).isoformat()
        return float(value)


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name, in the order of the file."""

    columns: Mapping[str, Column]
    rows: int

    def schema(self) -> dict[str, Any]:
        """Names and kinds."""
        return {"columns": [{"name": name, "type": column.kind} for name, column in self.columns.items()]}

    def row(self, index: int) -> dict[str, Any]:
        """One row as JSON has it, its index first as ``id``."""
        return {"id": index, **{name: column.shown(index) for name, column in self.columns.items() if name != "id"}}

    def headers(self) -> list[str]:
        """Names of the values of `row`."""
        return ["id", *(name for name in self.columns if name != "id")]


_MISSING = frozenset({"", "na", "nan", "n/a", "null", "none"})
_TRUTH = {"true": 1.0, "false": 0.0}


def _number(text: str) -> float:
    if "_" in text:
        raise ValueError  # it parts the thousands in Python alone
    return float(text)


def _moment(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _finite(numbers: Sequence[float]) -> Values:
    values = np.array(numbers, dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def infer_column(texts: Sequence[str]) -> Column:
    """A column of a text file: numbers, truth, moments where every value is one; else words."""
    try:
        return Column("numeric", _finite([_number(text) for text in texts]))  # most columns, so the others wait
    except ValueError:
        pass
    present = [None if text.strip().lower() in _MISSING else text.strip() for text in texts]
    if not any(text is not None for text in present):
        return Column("numeric", np.full(len(texts), np.nan))
    kinds: tuple[tuple[Kind, Any], ...] = (("numeric", _number), ("binary", lambda text: _TRUTH[text.lower()]), ("datetime", _moment))
    for kind, read in kinds:
        try:
            return Column(kind, _finite([np.nan if text is None else read(text) for text in present]))
        except (ValueError, KeyError):
            continue
    return Column("categorical", np.array(present, dtype=object))
