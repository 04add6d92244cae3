"""Uploaded files into tables: CSV and Parquet, told apart by their content."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from playproof.emulator.parquet import read_parquet
from playproof.emulator.tables import Table, infer_column

PARQUET_MAGIC = b"PAR1"
_LEAST_PARQUET = 12
"""Bytes: its mark twice, and the length of its footer."""


class Unreadable(Exception):
    """The file is no table; the message says why, and becomes the job's."""


def read_table(content: bytes) -> Table:
    """The table in `content`. Raises `Unreadable`."""
    if content.startswith(PARQUET_MAGIC):
        return _read_parquet(content)
    return _read_csv(content)


def _read_parquet(content: bytes) -> Table:
    if len(content) < _LEAST_PARQUET or not content.endswith(PARQUET_MAGIC):
        raise Unreadable("not a readable Parquet file: its end is missing")
    try:
        return read_parquet(content)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - the reader answers some damage with a panic, which is no Exception
        raise Unreadable(f"not a readable Parquet file: {error}") from None


def _read_csv(content: bytes) -> Table:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"neither Parquet nor CSV in UTF-8: {error.reason} at byte {error.start}") from error
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except csv.Error as error:
        raise Unreadable(f"not a readable CSV file: {error}") from error
    if not lines:
        raise Unreadable("the file is empty")
    header, *rows = lines
    names = [name.strip() for name in header]
    _check_header(names)
    for number, row in enumerate(rows, start=2):
        if len(row) != len(names):
            raise Unreadable(f"line {number} has {len(row)} values, the header {len(names)}")
    return Table({name: infer_column([row[at] for row in rows]) for at, name in enumerate(names)}, len(rows))


def _check_header(names: Sequence[str]) -> None:
    if any(not name for name in names):
        raise Unreadable("a column has no name")
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise Unreadable(f"column names occur twice: {', '.join(twice)}")
