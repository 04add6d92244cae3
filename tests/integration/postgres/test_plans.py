"""What finds its rows by an index in SQLite does so in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, event

from playproof.store import Dataset, PublicationRow, open_store
from playproof.store.postgres.address import Address
from playproof.store.postgres.engine import writing_engine
from playproof.testing import session_record
from tests.integration.test_live_plans import ASKED, HELD, PUBLICATION


def tables_read_whole(plan: dict[str, Any]) -> Iterator[str]:
    """The tables of a plan of which every row is looked at."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from tables_read_whole(part)


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_rows_are_found_by_an_index(url: str, ask: Callable[[Connection, Dataset], object]) -> None:
    with closing(open_store(Path(), database_url=url)) as store:
        dataset, _, _ = store.live.ensure("live")
        number = store.put(msgspec.structs.replace(session_record("s"), awaited=HELD)).result(60).number
        store.publications.begin(PUBLICATION, [PublicationRow(1, number)])
    engine = writing_engine(Address.of(url), "full")
    asked: list[tuple[str, Any]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            asked.append((statement, parameters))

    with engine.connect() as connection:
        # So small a table is read whole where that is allowed; where it is not, it is only for want of an index.
        connection.exec_driver_sql("SET enable_seqscan = off")
        ask(connection, msgspec.structs.replace(dataset, window_from=50))
        plans = [connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given).scalar_one() for statement, given in list(asked)]
    assert plans
    assert [table for (explained,) in plans for table in tables_read_whole(explained["Plan"])] == []
