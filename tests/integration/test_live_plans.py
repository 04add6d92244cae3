"""Whatever the service asks of the live dataset, of what is awaited and of letters to sites finds its rows by an index.

So it costs the same however long the dataset is, and however many sessions wait.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, event

from playproof.store import (
    Awaiting,
    Dataset,
    Final,
    Notice,
    Postponed,
    PublicationRecord,
    PublicationRow,
    awaited,
    leases,
    open_store,
    outbox,
    publications,
    retention,
)
from playproof.store import live as rows
from playproof.store.rows import ImportedRow
from playproof.store.sqlite.database import DATABASE_NAME
from playproof.store.sqlite.driver import Driver, find_driver
from playproof.store.sqlite.engine import writing_engine
from playproof.testing import session_record

HELD = Awaiting(assessment=b"{}", next_at=0, holder="p", held_until=0)
FINAL = Final(
    number=1,
    verdict=b"{}",
    decision="pass",
    anomaly_score=None,
    raw_score=None,
    source="woodwide",
    model_version="m",
    eligible=True,
    notice=Notice("n", b"{}"),
)
POSTPONED = Postponed(number=1, next_at=5, reason="timeout", attempted=True, verdict=b"{}")
PUBLICATION = PublicationRecord(
    id="one",
    dataset=1,
    generation=1,
    target_id=None,
    target_name="live",
    model_id="m",
    model_version_id="v",
    columns=("a", "b"),
)
ROW = ImportedRow(scope="s", session_id="a", received_at=0, catalogue_version="1", vector=b"", origin="o", stratum="targets/mouse")


def claim_letter(connection: Connection) -> object:
    outbox.add(connection, 1, Notice("n", b"{}"), 1)
    return outbox.claim(connection, "p", 5, 10, 8)


ASKED: dict[str, Callable[[Connection, Dataset], object]] = {
    "window": lambda connection, dataset: rows.window_page(connection, dataset, 0, 10),
    "eligible": rows.eligible_origins,
    "page": lambda connection, dataset: rows.page(connection, dataset, 5, 10),
    "cleanup": lambda connection, dataset: rows.cleanup(connection, dataset.name, 10),
    "references": lambda connection, dataset: rows.references(connection, dataset.id),
    "by number": lambda connection, dataset: rows.by_number(connection, [1, 2]),
    "append": lambda connection, dataset: rows.append(connection, dataset.id, [ROW]),
    "erase": lambda connection, dataset: rows.erase(connection, "a", None),
    "finalise": lambda connection, _: awaited.finalise(connection, [FINAL], 5),
    "claim": lambda connection, _: awaited.claim(connection, "p", 5, 10, 10),
    "renew": lambda connection, _: awaited.renew(connection, "p", [1, 2], 10),
    "release": lambda connection, _: awaited.release(connection, "p"),
    "postpone": lambda connection, _: awaited.postpone(connection, [POSTPONED], "p"),
    "hasten": lambda connection, _: awaited.hasten(connection, 5),
    "next at": lambda connection, _: awaited.next_at(connection, 5),
    "announced": lambda connection, _: publications.announced(connection, "one", "d", "d", "v", "j"),
    "begun": lambda connection, _: publications.begun(connection, "one", "j"),
    "close": lambda connection, _: publications.close(connection, "one", "settled"),
    "unawaited": lambda connection, dataset: publications.settle_unawaited(connection, dataset.id),
    "older": lambda connection, dataset: publications.close_older(connection, dataset.id, 5, "job_timeout"),
    "unfinished": lambda connection, dataset: publications.unfinished(connection, dataset.id),
    "published rows": lambda connection, _: publications.rows(connection, "one"),
    "vectors": lambda connection, _: publications.vectors(connection, "one", "1"),
    "rows of sessions": lambda connection, _: publications.rows_of_sessions(connection, [1, 2]),
    "purge publications": lambda connection, _: retention.purge_publications(connection, 5),
    "lease": lambda connection, _: leases.take(connection, "lease", "p", 1, 5),
    "claim letters": lambda connection, _: claim_letter(connection),
    "settle letter": lambda connection, _: outbox.settle(connection, "n", "p", outbox.GIVEN_UP, 5, "status 410"),
    "release letters": lambda connection, _: outbox.release(connection, "p", 5),
    "next letter": lambda connection, _: outbox.next_at(connection),
    "retry letters": lambda connection, _: outbox.retry(connection, None, 5),
    "list letters": lambda connection, _: outbox.page(connection, None, "a", 10),
    "purge letters": lambda connection, _: retention.purge_letters(connection, 5),
}

WALK = "SCAN awaited USING INDEX ix_awaited_next_at"
"""In order of when they are due, to the first that is free."""


@pytest.mark.parametrize("driver", [find_driver(), Driver(sqlite3, sqlite3.sqlite_version_info)], ids=["ours", "standard library's"])
@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_rows_are_found_by_an_index(tmp_path: Path, ask: Callable[[Connection, Dataset], object], driver: Driver) -> None:
    with closing(open_store(tmp_path)) as store:
        dataset, _, _ = store.live.ensure("live")
        number = store.put(msgspec.structs.replace(session_record("s"), awaited=HELD)).result(60).number
        store.publications.begin(PUBLICATION, [PublicationRow(1, number)])
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
    assert [step for step in found if step.startswith("SCAN") and step != WALK] == []
