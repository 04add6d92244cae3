"""That what leaves the store is gone from its files, and how the statements find what they look for."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Executable, select
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from playproof.store import SessionRecord, Store, open_store, retention, sessions
from playproof.store.sqlite.database import DATABASE_NAME
from playproof.store.sqlite.driver import Driver, find_driver
from playproof.store.sqlite.engine import reading_engine, writing_engine
from playproof.store.tables import metadata
from playproof.testing import FakeClock, session_record

SECONDS = 60

ID = "an id that nothing else contains"
NOISE = os.urandom(20_000)  # keeps its bytes under compression
VERDICT = b'{"sessionId": "%s"}' % ID.encode()


def telling(received_at: int = 0) -> SessionRecord:
    return session_record(ID, content=NOISE, verdict=VERDICT, received_at=received_at)


def traces(folder: Path) -> set[str]:
    """Which parts of the record lie anywhere in the files of a folder."""
    content = b"".join(path.read_bytes() for path in folder.iterdir())
    parts = {"id": ID.encode(), "verdict": VERDICT, "features": telling().features, "telemetry": NOISE[5000:5032]}
    return {name for name, part in parts.items() if part in content}


def erased(store: Store) -> None:
    assert store.erase(ID) == 1


def purged(store: Store) -> None:
    assert store.purge(FakeClock().now(), timedelta(days=7), timedelta(days=90)).sessions == 1


@pytest.mark.parametrize("removed", [erased, purged])
def test_nothing_of_a_removed_session_stays_in_the_files(tmp_path: Path, removed: Callable[[Store], None]) -> None:
    with closing(open_store(tmp_path)) as store:
        for number in range(20):
            store.put(session_record(f"{number}")).result(SECONDS)
        store.put(telling()).result(SECONDS)
        store.put(session_record("last")).result(SECONDS)
        assert traces(tmp_path) == {"id", "verdict", "features", "telemetry"}
        removed(store)
        assert traces(tmp_path) == set()


def test_what_a_reader_still_needs_is_removed_when_it_is_done(tmp_path: Path) -> None:
    clock = FakeClock()
    with closing(open_store(tmp_path, clock=clock)) as store:
        store.put(telling()).result(SECONDS)
        reading = reading_engine(tmp_path / DATABASE_NAME, find_driver())
        with reading.connect() as reader:
            reader.exec_driver_sql("BEGIN")
            assert reader.exec_driver_sql("SELECT count(*) FROM session").scalar() == 1
            erased(store)
            assert traces(tmp_path) != set()
            reader.exec_driver_sql("COMMIT")
        clock.advance(60)
        store.put(session_record("next")).result(SECONDS)
        store.erase("unknown")  # answered after the round in which the log was due
        assert traces(tmp_path) == set()
        reading.dispose()


def test_a_packed_copy_holds_nothing_that_was_removed(tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "data")) as store:
        store.put(telling()).result(SECONDS)
        erased(store)
        copies = tmp_path / "copies"
        copies.mkdir()
        store.backup(copies / "copy")
    assert traces(copies) == set()


def test_erasing_empties_every_table_that_knows_a_session(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        store.put(telling()).result(SECONDS)
        store.erase(ID)
    known = [table for table in metadata.sorted_tables if "seq" in table.c]
    assert {table.name for table in known} == {"session", "live_row", "imported_row", "telemetry"}
    with writing_engine(tmp_path / DATABASE_NAME, find_driver(), "full").connect() as connection:
        assert [connection.execute(select(table)).all() for table in known] == [[], [], [], []]


def test_a_number_is_never_used_again(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        for name in ("a", "b"):
            store.put(session_record(name)).result(SECONDS)
        store.erase("b")
        store.put(session_record("c")).result(SECONDS)
    with writing_engine(tmp_path / DATABASE_NAME, find_driver(), "full").connect() as connection:
        rows = connection.exec_driver_sql("SELECT seq, id FROM session ORDER BY seq")
        assert [tuple(row) for row in rows] == [(1, "a"), (3, "c")]


def plan(connection: Connection, statement: str) -> str:
    count = statement.count("?")
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple([0] * count))
    return "\n".join(row.detail for row in rows)


def text_of(statement: Executable) -> str:
    return str(statement.compile(dialect=dialect()))  # type: ignore[attr-defined]


PLANS = [
    ("known", sessions.known_ids(3, dialect()), {"sqlite_autoindex_session_1 (id=?)", "sqlite_autoindex_tombstone_1 (id=?)"}),
    ("get", text_of(sessions.GET), {"sqlite_autoindex_session_1 (id=? AND scope=?)", "sqlite_autoindex_live_row_1 (session_seq=?)"}),
    ("erase everywhere", text_of(sessions.ERASE_EVERYWHERE), {"sqlite_autoindex_session_1 (id=?)"}),
    ("erase in scope", text_of(sessions.ERASE_IN_SCOPE), {"sqlite_autoindex_session_1 (id=? AND scope=?)"}),
    ("purge telemetry", text_of(retention.PURGE_TELEMETRY), {"ix_telemetry_received_at (received_at<?)"}),
    ("purge sessions", text_of(retention.OLD_SESSIONS), {"ix_session_received_at (received_at<?)"}),
    ("purge tombstones", text_of(retention.OLD_TOMBSTONES), {"ix_tombstone_gone_at (gone_at<?)"}),
]


DRIVERS = [find_driver(), Driver(sqlite3, sqlite3.sqlite_version_info)]


@pytest.mark.parametrize("driver", DRIVERS, ids=["ours", "standard library's"])
@pytest.mark.parametrize(("statement", "uses"), [row[1:] for row in PLANS], ids=[row[0] for row in PLANS])
def test_statements_find_rows_by_an_index(tmp_path: Path, statement: str, uses: set[str], driver: Driver) -> None:
    open_store(tmp_path).close()
    with writing_engine(tmp_path / DATABASE_NAME, driver, "full").connect() as connection:
        found = plan(connection, statement)
    assert "SCAN session" not in found
    assert "SCAN telemetry" not in found
    assert "SCAN tombstone" not in found
    assert "SCAN live_row" not in found
    for part in uses:
        assert part in found, found
