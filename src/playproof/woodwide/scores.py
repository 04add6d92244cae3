"""Hosted scores, out of every form in which they are answered.

Woodwide numbers the rows of a file from 0 on, and its answer names these numbers. Scores are found by them, never by their
place in the answer. Where the numbers are not exactly those of the rows that were sent there is no answer at all: nobody
knows which row is meant, and a row that is missing is not one that passed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Never

import numpy as np

from playproof.errors import HostedError, HostedReason
from playproof.scoring.base import Floats

ID, SCORE, FLAG, IDS = "id", "anomaly_score", "is_anomaly", "anomalous_ids"

_TRUE, _FALSE = ("true", "1", "1.0"), ("false", "0", "0.0")


@dataclass(frozen=True, slots=True)
class Scores:
    """What Woodwide says of the rows of one file or dataset version, in their order."""

    raw: Floats
    """(n,) scores as answered, NaN where a row has none. The provider promises neither range nor direction: what they mean, people's
    scores by the same version of the model tell (`playproof.woodwide.calibration`)."""
    flagged: tuple[bool | None, ...]
    """(n,) whether it calls the row anomalous; None where it does not say."""


def from_columns(columns: Mapping[str, Any], rows: int) -> Scores:
    """The scores of `rows` rows out of lists by column name. Raises `HostedError`."""
    if SCORE not in columns and IDS in columns:
        _refuse(HostedReason.IDS_ONLY, "ids of anomalous rows instead of scores")
    ids, raw = columns.get(ID), columns.get(SCORE)
    if not isinstance(ids, list) or not isinstance(raw, list) or len(ids) != len(raw):
        _refuse(HostedReason.INVALID_RESPONSE, f"no two lists `{ID}` and `{SCORE}` of one length")
    flags = columns.get(FLAG)
    if not isinstance(flags, list) or len(flags) != len(ids):
        flags = [None] * len(ids)
    return _ordered(ids, raw, flags, rows)


def from_rows(found: Sequence[Mapping[str, Any]], rows: int) -> Scores:
    """The scores of `rows` rows out of one mapping a row. Raises `HostedError`."""
    if rows and not found:
        _refuse(HostedReason.EMPTY_RESPONSE, f"no row, where {rows} were sent")
    if any(SCORE not in row and IDS in row for row in found):
        _refuse(HostedReason.IDS_ONLY, "ids of anomalous rows instead of scores")
    if any(ID not in row or SCORE not in row for row in found):
        _refuse(HostedReason.INVALID_RESPONSE, f"rows without `{ID}` or `{SCORE}`")
    return _ordered([row[ID] for row in found], [row[SCORE] for row in found], [row.get(FLAG) for row in found], rows)


def from_csv(content: bytes, rows: int) -> Scores:
    """The scores of `rows` rows out of a CSV file. Raises `HostedError`."""
    damage = ""
    lines: list[list[str]] = []
    try:
        lines = [line for line in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        damage = str(error)
    if damage:
        _refuse(HostedReason.INVALID_RESPONSE, f"not CSV: {damage}")
    if not lines or not any(map(str.strip, lines[0])):
        _refuse(HostedReason.EMPTY_RESPONSE, "a file with nothing in it")
    head, *body = lines
    if SCORE not in head and IDS in head:
        _refuse(HostedReason.IDS_ONLY, "ids of anomalous rows instead of scores")
    if any(len(line) != len(head) for line in body):
        _refuse(HostedReason.INVALID_RESPONSE, "lines of different lengths")
    return from_columns({name: [line[at] for line in body] for at, name in enumerate(head)}, rows)


def _ordered(ids: Sequence[Any], raw: Sequence[Any], flags: Sequence[Any], rows: int) -> Scores:
    numbers = [_whole(value) for value in ids]
    if sorted(number for number in numbers if number is not None) != list(range(rows)) or None in numbers:
        _refuse(HostedReason.ROW_MISMATCH, f"{len(numbers)} rows, not exactly the {rows} that were sent")
    ordered = np.full(rows, np.nan)
    flagged: list[bool | None] = [None] * rows
    for number, value, flag in zip(numbers, raw, flags, strict=True):
        assert number is not None, "only whole numbers got through"
        ordered[number] = _number(value)
        flagged[number] = _truth(flag)
    return Scores(ordered, tuple(flagged))


def _whole(value: Any) -> int | None:
    """A row number, however it is written."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip().removesuffix(".0")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) else None


def _number(value: Any) -> float:
    """A finite score; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return np.nan
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return np.nan
    return number if np.isfinite(number) else np.nan


def _truth(value: Any) -> bool | None:
    text = str(value).strip().lower()
    return True if text in _TRUE else False if text in _FALSE else None


def _refuse(reason: HostedReason, told: str) -> Never:
    raise HostedError(f"result: {told}", reason=reason)
