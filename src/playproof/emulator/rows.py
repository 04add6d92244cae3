"""Pages of a job's result rows: input and result side by side, searched, filtered and sorted."""

from __future__ import annotations

from collections.abc import Sequence
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
    return _join(_bare(result), result, table)


def _bare(result: Result) -> list[Row]:
    answered = result.columns()
    return [dict(zip(answered, values, strict=True)) for values in zip(*answered.values(), strict=True)]


def _join(rows: list[Row], result: Result, table: Table | None) -> list[Row]:
    if table is None or result.anomaly_format == "ids_only":
        return rows
    return [{**row, **(_input(table, row["id"]))} for row in rows]


def _input(table: Table, index: int) -> Row:
    if index >= table.rows:
        return dict.fromkeys(name for name in table.columns if name != "id")
    shown = table.row(index)
    del shown["id"]
    return shown


def page(result: Result | None, table: Table | None, query: Query) -> dict[str, Any]:
    """The page that `query` asks for; names of columns that are not there are ignored."""
    limit = max(1, min(query.limit, MOST_ROWS))
    bare = _bare(result) if result is not None else []
    total = len(bare)
    part = slice(query.offset, query.offset + limit)
    if result is None or not (query.search or query.filter_column or query.sort_by):
        found = total
        shown = _join(bare[part], result, table) if result is not None else []
    else:
        chosen = _choose(_join(bare, result, table), query)
        found = len(chosen)
        shown = chosen[part]
    columns = [name for name in query.columns if shown and name in shown[0]]
    if columns:
        shown = [{name: row[name] for name in columns} for row in shown]
    notice = "only predictions are left: the input is gone" if result is not None and table is None else None
    return {"rows": shown, "offset": query.offset, "limit": limit, "total": total, "total_filtered": found, "notice": notice}


def _choose(rows: list[Row], query: Query) -> list[Row]:
    known = frozenset(rows[0]) if rows else frozenset()
    if query.search:
        wanted = query.search.lower()
        rows = [row for row in rows if any(wanted in _text(value).lower() for value in row.values())]
    if query.filter_column in known and query.filter_value is not None:
        rows = [row for row in rows if _text(row[query.filter_column]) == query.filter_value]
    if query.sort_by in known:
        by = query.sort_by
        present = sorted((row for row in rows if row[by] is not None), key=lambda row: row[by], reverse=query.descending)
        rows = [*present, *(row for row in rows if row[by] is None)]
    return rows


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
