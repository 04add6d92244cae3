"""Whatever the service asks of the live dataset finds its rows by an index, so that it costs the same however long the dataset is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, event

from playproof.store import Dataset, open_store
from playproof.store import live as rows
from playproof.store.rows import ImportedRow
from playproof.store.sqlite.database import DATABASE_NAME
from playproof.store.sqlite.driver import Driver, find_driver
from playproof.store.sqlite.engine import writing_engine

ROW = ImportedRow(scope="s", session_id="a", received_at=0, catalogue_version="1", vector=b"", origin="o", stratum="targets/mouse")

ASKED: dict[str, Callable[[Connection, Dataset], object]] = {
    "window": lambda connection, dataset: rows.window_page(connection, dataset, 0, 10),
    "eligible": rows.eligible_origins,
    "page": lambda connection, dataset: rows.page(connection, dataset, 5, 10),
    "cleanup": lambda connection, dataset: rows.cleanup(connection, dataset.name, 10),
    "references": lambda connection, dataset: rows.references(connection, dataset.id),
    "by number": lambda connection, dataset: rows.by_number(connection, [1, 2]),
    "settle": lambda connection, dataset: rows.settle(connection, [1, 2]),
    "append": lambda connection, dataset: rows.append(connection, dataset.id, [ROW]),
    "erase": lambda connection, dataset: rows.erase(connection, "a", None),
}


@pytest.mark.parametrize("driver", [find_driver(), Driver(sqlite3, sqlite3.sqlite_version_info)], ids=["ours", "standard library's"])
@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_rows_are_found_by_an_index(tmp_path: Path, ask: Callable[[Connection, Dataset], object], driver: Driver) -> None:
    with closing(open_store(tmp_path)) as store:
        dataset, _, _ = store.live.ensure("live")
    engine = writing_engine(tmp_path / DATABASE_NAME, driver, "full")
    asked: list[tuple[str, Any]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            asked.append((statement, parameters))

    with engine.connect() as connection:
        ask(connection, msgspec.structs.replace(dataset, window_from=50))
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).fetchall() for statement, given in list(asked)]
    assert plans
    found = [row.detail for plan in plans for row in plan]
    assert [step for step in found if step.startswith("SCAN")] == []
