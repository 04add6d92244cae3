"""Pages of a job's result rows: input and result side by side, searched, filtered and sorted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from playproof.emulator.results import Result
from playproof.emulator.tables import Table

MOST_ROWS = 500

Row = dict[str, Any]


class Query(NamedTuple):
    """Which rows are wanted."""

    limit: int = 50
    offset: int = 0
    columns: Sequence[str] = ()
    search: str | None = None
    filter_column: str | None = None
    filter_value: str | None = None
    sort_by: str | None = None
    descending: bool = False


def joined(result: Result, table: Table | None) -> list[Row]:
    """The rows of a result, with the input columns where the input is there."""
    answered = result.columns()
    rows = [dict(zip(answered, values, strict=True)) for values in zip(*answered.values(), strict=True)]
    if table is None or result.anomaly_format == "ids_only":
        return rows
    return [{**row, **(_input(table, row["id"]))} for row in rows]


def _input(table: Table, index: int) -> Row:
    if index >= table.rows:
        return dict.fromkeys(name for name in table.columns if name != "id")
    shown = table.row(index)
    del shown["id"]
    return shown


def select(rows: Sequence[Row], query: Query, *, notice: str | None) -> dict[str, Any]:
    """The page of `rows` that `query` asks for; names of columns that are not there are ignored."""
    known = frozenset(rows[0]) if rows else frozenset()
    found: Iterable[Row] = rows
    if query.search:
        wanted = query.search.lower()
        found = [row for row in found if any(wanted in _text(value).lower() for value in row.values())]
    if query.filter_column in known and query.filter_value is not None:
        found = [row for row in found if _text(row[query.filter_column]) == query.filter_value]
    found = list(found)
    if query.sort_by in known:
        by = query.sort_by
        present = sorted((row for row in found if row[by] is not None), key=lambda row: row[by], reverse=query.descending)
        found = [*present, *(row for row in found if row[by] is None)]
    limit = max(1, min(query.limit, MOST_ROWS))
    shown = found[query.offset : query.offset + limit]
    columns = [name for name in query.columns if name in known]
    if columns:
        shown = [{name: row[name] for name in columns} for row in shown]
    return {
        "rows": shown,
        "offset": query.offset,
        "limit": limit,
        "total": len(rows),
        "total_filtered": len(found),
        "notice": notice,
    }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
