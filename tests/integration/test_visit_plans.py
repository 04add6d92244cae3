"""What is asked for at every step of a visitor, and what retention asks for, is found by an index, however much there is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, Engine, event, insert

from playproof.challenges.buckets import rows_of
from playproof.store import Store, challenges, funnel, open_store, rates, recent, replays, sessions, sites, tokens
from playproof.store.postgres.address import Address
from playproof.store.postgres.engine import reading_engine, writing_engine
from playproof.store.sqlite.database import DATABASE_NAME
from playproof.store.sqlite.driver import Driver, find_driver
from playproof.store.sqlite.engine import writing_engine as sqlite_engine
from playproof.store.tables import session
from playproof.store.visits import abandoned, challenge, challenge_batch, rate, replay_row, replay_signature, token
from playproof.testing import session_record
from playproof.testing.records import RECEIVED_AT
from tests.postgres import Server
from tests.visits import LIFE, finish, issued, play, token_of

COUNT = 4000
"""Enough for PostgreSQL to prefer an index."""

Ask = Callable[[Connection], object]

ASKED: dict[str, Ask] = {
    "get": lambda connection: challenges.get(connection, "c7"),
    "batches": lambda connection: challenges.batches(connection, "c7"),
    "advance": lambda connection: connection.execute(challenges.ADVANCE, {"name": "c7", "at": 1, "new": b"", "now": 5}),
    "close": lambda connection: connection.execute(challenges.CLOSE, {"name": "c7", "at": 1, "new": b"", "how": b"", "now": 5, "play": 1}),
    "standing": lambda connection: connection.execute(challenges.STANDING, {"names": ["c7", "c8"]}),
    "closed": lambda connection: connection.execute(challenges.CLOSED, {"names": ["c7", "c8"]}),
    "conclude": lambda connection: connection.execute(challenges.CONCLUDE, {"name": "c7", "now": 5, "of_session": 5}),
    "drop": lambda connection: connection.execute(challenges.DROP, {"name": "c7"}),
    "open": lambda connection: challenges.open_count(connection, RECEIVED_AT + LIFE + COUNT - 5),
    "erase": lambda connection: challenges.erase(connection, "c7", None),
    "leave with": lambda connection: challenges.leave_with(connection, [1, 2]),
    "purge": lambda connection: challenges.purge(connection, RECEIVED_AT + 10, 10),
    "funnel": lambda connection: funnel.rows(connection, RECEIVED_AT + 5, RECEIVED_AT + 9, "site_1"),
    "purge the funnel": lambda connection: funnel.purge(connection, 10, 10),
    "recent": lambda connection: recent.rows(connection, (RECEIVED_AT + 50, "c"), 10, None),
    "rates": lambda connection: connection.exec_driver_sql(rates.counts(2, connection.dialect), (b"k7", 5, 7, b"k8", 5, 8)),
    "purge rates": lambda connection: rates.purge(connection, 10, 10),
    "token": lambda connection: tokens.get(connection, b"t7"),
    "asked for": lambda connection: connection.execute(tokens.ASKED, {"of": b"t7"}),
    "spend": lambda connection: connection.execute(tokens.SPEND, {"of": b"t7", "now": 5, "question": None, "told": b""}),
    "by key": lambda connection: sites.by_key(connection, "pk"),
    "by secret": lambda connection: sites.by_secret(connection, b"d", 5),
    "counts": lambda connection: connection.execute(replays.COUNTS, {"buckets": [5, 6, 7]}),
    "oldest rows": lambda connection: connection.execute(replays.OLDEST, {"of": 7, "step": 3}),
    "signatures": lambda connection: connection.execute(replays.SIGNATURES, {"numbers": [1, 2, 3]}),
    "newer": lambda connection: connection.execute(replays.NEWER, {"than": COUNT - 3, "most": 10}),
    "page": lambda connection: replays.page(connection, 5),
    "forget": lambda connection: replays.remove(connection, [1]),
    "purge signatures": lambda connection: replays.purge(connection, 10, 10),
}
SMALL = ("site", "site_secret", "abandoned", "found", "anon_1", "anon_2", "w", "json_each")
"""Tables of a few rows, and what was found already."""


def fill(connection: Connection) -> None:
    """Have `COUNT` challenges be there, one in two with a token, and as many plays and windows."""
    many = range(COUNT)
    fields = {column.name: None for column in challenge.c}
    made = [{**fields, **msgspec.structs.asdict(issued(f"c{n}", now=RECEIVED_AT + n)), "sequence": 1} for n in many]
    connection.execute(insert(challenge), made)
    connection.execute(insert(challenge_batch), [{"challenge": f"c{n}", "sequence": 1, "content": b"b"} for n in many])
    spendable = [{**msgspec.structs.asdict(token_of(f"c{n}")), "digest": b"t%d" % n} for n in many if n % 2]
    connection.execute(insert(token), spendable)
    connection.execute(insert(replay_signature), [{"signature": play(1).pack(), "received_at": n} for n in many])
    connection.execute(insert(replay_row), [{"bucket": n // 2, "number": n + 1, "detail": 1} for n in many])
    connection.execute(insert(rate), [{"key": b"k%d" % n, "window_ms": 5, "ends_at": n, "count": 1} for n in many])
    row = dict(zip(sessions.SESSION_COLUMNS, sessions.session_row(session_record("s")), strict=True))
    connection.execute(insert(session), [{**row, "id": f"s{n}"} for n in many])
    counts = {"site": "s", "game": "g", "way": "w", "issued": 1, "started": 1}
    connection.execute(insert(abandoned), [{"hour": n, **counts} for n in many])


def filled(store: Store) -> None:
    store.sites._write(fill)
    finish(store, "finished", play(2))


def explained(engine: Engine, ask: Ask, explain: str) -> list[str]:
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
    folder = tmp_path_factory.mktemp("visits")
    with closing(open_store(folder)) as store:
        filled(store)
    return folder


@pytest.mark.parametrize("driver", [find_driver(), Driver(sqlite3, sqlite3.sqlite_version_info)], ids=["ours", "standard library's"])
@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_rows_are_found_by_an_index_in_sqlite(folder: Path, ask: Ask, driver: Driver) -> None:
    plan = explained(sqlite_engine(folder / DATABASE_NAME, driver, "full"), ask, "EXPLAIN QUERY PLAN")
    assert plan
    assert [step for step in plan if step.startswith("SCAN") and step.split(" ")[1] not in SMALL] == []


@pytest.fixture(scope="module")
def url(postgres: Server) -> Iterator[str]:
    with postgres.database() as url:
        with closing(open_store(Path(), database_url=url)) as store:
            filled(store)
        with writing_engine(Address.of(url), "full").connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
        yield url


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_rows_are_found_by_an_index_in_postgres(url: str, ask: Ask) -> None:
    plan = explained(writing_engine(Address.of(url), "full"), ask, "EXPLAIN")
    assert plan
    assert [step for step in plan if "Seq Scan" in step and not any(f"on {table} " in step for table in SMALL)] == []


@pytest.mark.parametrize("driver", [find_driver(), Driver(sqlite3, sqlite3.sqlite_version_info)], ids=["ours", "standard library's"])
def test_plays_are_looked_up_in_one_statement_in_sqlite(folder: Path, driver: Driver) -> None:
    buckets = msgspec.json.encode(rows_of(play(2)).bucket.tolist())
    with sqlite_engine(folder / DATABASE_NAME, driver, "full").connect() as connection:
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {replays.ROWS_SQLITE}", (buckets, 2**62))]
    assert any(step.startswith("SEARCH replay_row USING PRIMARY KEY (bucket=?") for step in plan)
    assert not any(step.startswith("SCAN replay_row") for step in plan)


def test_plays_are_looked_up_in_one_statement_in_postgres(url: str) -> None:
    buckets = rows_of(play(2)).bucket.tolist()
    engine = reading_engine(Address.of(url))
    with engine.connect() as connection:
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN {replays.ROWS_POSTGRES}", (buckets, 2**62))]
    engine.dispose()
    assert any("pk_replay_row" in step for step in plan)
    assert not any("Seq Scan" in step for step in plan)
