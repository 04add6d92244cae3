"""Whatever the queue is asked for while it is worked at finds its entries by an index, however long it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from playproof.batch.queue import SessionQueue
from playproof.clock import SystemClock
from playproof.store import Done, Final, Forming, Later, Notice, backlog, batch, forming, open_store, retention, sessions, tombstones
from playproof.store.postgres.address import Address
from playproof.store.postgres.engine import writing_engine as postgres_engine
from playproof.store.sqlite.database import DATABASE_NAME
from playproof.store.sqlite.driver import Driver, find_driver
from playproof.store.sqlite.engine import writing_engine as sqlite_engine
from playproof.testing import session_record
from playproof.testing.queues import lengthen
from tests.postgres import Server

LENGTH = 20_000
"""Enough for PostgreSQL to prefer an index."""
RULE = Forming(10, 300_000, 50)
LATE = 2**52

FINAL = Final(
    number=1, verdict=b"{}", decision="pass", anomaly_score=None, raw_score=None, source="local", model_version="m", eligible=True,
    notice=Notice("n", b"{}"),
)  # fmt: skip
BACK = Later(number=2, epoch=0, next_at=5, reason="timeout")

ASKED: dict[str, Callable[[Connection], object]] = {
    "worthwhile": lambda connection: forming.worthwhile(connection, RULE, LATE),
    "chosen": lambda connection: forming.chosen(connection, RULE, LATE),
    "claim": lambda connection: forming.claim(connection, list(range(1, 51)), "p", 5),
    "take back": lambda connection: forming.take_back(connection, LATE),
    "renew": lambda connection: batch.renew(connection, "p", 5),
    "release": lambda connection: batch.release(connection, "p"),
    "settle": lambda connection: batch.settle(connection, [Done(epoch=0, final=FINAL)], [BACK], 5),
    "bury": lambda connection: batch.settle(connection, [Done(epoch=0, final=FINAL, buried=True)], [], 5),
    "purge": lambda connection: batch.purge(connection, 5, 10),
    "place": lambda connection: backlog.place(connection, "open", "s17"),
    "buried": lambda connection: backlog.buried(connection, 0, 10),
    "purge sessions": lambda connection: retention.purge_sessions(connection, LATE, 5),
    "purge tombstones": lambda connection: retention.purge_tombstones(connection, 10),
    "gone": lambda connection: tombstones.stands(connection, "open", "t17"),
    "put": lambda connection: connection.execute(sessions.KNOWN, {"ids": ["s17", "t17"], "left": ["s17", "t17"]}),
    "put again": lambda connection: tombstones.remove(connection, [("open", "t17"), ("open", "t18")]),
    "erase": lambda connection: tombstones.erase(connection, "t17", None),
}
GATE = ("batch_gate", "batch_tick")
"""Tables of a row, or of a day's ticks."""
EMPTY = ("on challenge ",)
"""What is empty here; `test_visit_plans` looks at it filled."""


def fill(store: Any) -> None:
    SessionQueue(store, most=10, clock=SystemClock()).enqueue(session_record("s1"), b"{}").result(60)
    lengthen(store, LENGTH)
    store.batch._write(bury)


def bury(connection: Connection) -> None:
    for start in range(0, LENGTH, 100):
        tombstones.leave(connection, [("open", f"t{number}") for number in range(start, start + 100)], start)


def explained(engine: Engine, ask: Callable[[Connection], object], explain: str) -> list[str]:
    """The steps of the plans of every statement that `ask` runs."""
    asked: list[tuple[str, Any]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(_: object, __: object, statement: str, parameters: Any, ___: object, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            asked.append((statement, parameters[0] if many else parameters))

    with engine.connect() as connection:
        ask(connection)
        return [str(row[-1]) for statement, given in list(asked) for row in connection.exec_driver_sql(f"{explain} {statement}", given)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("queue")
    with closing(open_store(folder)) as store:
        fill(store)
    return folder


@pytest.mark.parametrize("driver", [find_driver(), Driver(sqlite3, sqlite3.sqlite_version_info)], ids=["ours", "standard library's"])
@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_entries_are_found_by_an_index_in_sqlite(folder: Path, ask: Callable[[Connection], object], driver: Driver) -> None:
    plan = explained(sqlite_engine(folder / DATABASE_NAME, driver, "full"), ask, "EXPLAIN QUERY PLAN")
    assert plan
    assert [step for step in plan if step.startswith("SCAN") and not step.endswith((*GATE, "CONSTANT ROW"))] == []


@pytest.fixture(scope="module")
def url(postgres: Server) -> Any:
    with postgres.database() as url:
        with closing(open_store(Path(), database_url=url)) as store:
            fill(store)
        with postgres_engine(Address.of(url), "full").connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
        yield url


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_entries_are_found_by_an_index_in_postgres(url: str, ask: Callable[[Connection], object]) -> None:
    plan = explained(postgres_engine(Address.of(url), "full"), ask, "EXPLAIN")
    assert plan
    assert [step for step in plan if "Seq Scan" in step and not any(table in step for table in (*GATE, *EMPTY))] == []


def test_a_claim_reads_no_further_than_its_batch(url: str) -> None:
    (plan,) = [explained(postgres_engine(Address.of(url), "full"), ASKED["chosen"], "EXPLAIN")]
    assert any("ix_batch_entry_state_sharing_next_at_session_seq" in step for step in plan)
    assert not any("Sort" in step for step in plan)
