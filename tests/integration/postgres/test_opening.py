"""Which databases the store opens, and what it says of those it does not."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from playproof.errors import StoreError, StoreRefused, StoreUnavailable
from playproof.store import Live, open_store
from playproof.store.migrations import schema
from playproof.store.postgres.address import Address
from playproof.store.postgres.database import MARK
from playproof.store.postgres.engine import reading_engine, writing_engine
from playproof.store.postgres.store import PostgresStore
from playproof.store.tables import metadata
from playproof.testing import FakeClock, session_record
from tests.postgres import Server
from tests.visits import SCOPE, finish, play

SECONDS = 60
SHOWN = ("synchronous_commit", "default_transaction_isolation", "default_transaction_read_only", "application_name")


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def shown(connection: Connection) -> list[str]:
    return [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in SHOWN]


def test_the_connections_are_set_up_for_the_promise(url: str) -> None:
    address = Address.of(url)
    for durability, commits in (("full", "on"), ("normal", "off")):
        with writing_engine(address, durability).connect() as connection:
            assert shown(connection) == [commits, "read committed", "off", "playproof"]
            assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "5s"
    engine = reading_engine(address)
    with engine.connect() as connection:
        assert shown(connection)[2] == "on"
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar_one() == "1min"
    engine.dispose()


def test_the_users_of_the_address_choose_their_own_name(url: str) -> None:
    with writing_engine(Address.of(url + "&application_name=mine"), "full").connect() as connection:
        assert shown(connection)[3] == "mine"


def test_the_migrations_make_the_tables(postgres: Server, empty_url: str) -> None:
    open_store(Path(), database_url=empty_url).close()
    with writing_engine(Address.of(empty_url), "full").connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": metadata})
        assert compare_metadata(context, metadata) == []
        made = catalogue(connection)
    with postgres.database("template0") as direct, writing_engine(Address.of(direct), "full").begin() as connection:
        metadata.create_all(connection)
        assert catalogue(connection) == made


def catalogue(connection: Connection) -> list[tuple[object, ...]]:
    """Every column, constraint and index, in the database's own words."""
    columns = "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
    constraints = "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    indexes = "SELECT tablename, indexname, indexdef FROM pg_indexes"
    queries = (
        f"{columns} WHERE table_schema = 'public' ORDER BY 1, 2",
        f"{constraints} WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
        f"{indexes} WHERE schemaname = 'public' ORDER BY 1, 2",
    )
    rows = [tuple(row) for query in queries for row in connection.exec_driver_sql(query)]
    return [row for row in rows if row[0] != "alembic_version"]


def older_schema(connection: Connection, revision: str) -> None:
    """Make the tables as they were at a revision."""
    config = Config()
    config.set_main_option("script_location", str(schema.FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{MARK}'")


def test_sessions_of_an_older_schema_become_rows_that_are_not_eligible(empty_url: str) -> None:
    record = session_record("a")
    with writing_engine(Address.of(empty_url), "full").begin() as connection:
        older_schema(connection, "0001")
        columns = "scope, id, digest, received_at, game_type, device_type, decision, source, model_version, revision, verdict"
        values = (record.digest, record.received_at, record.verdict)
        statement = f"INSERT INTO session ({columns}) VALUES ('open', 'a', $1, $2, 'targets', 'mouse', 'pass', 'local', 'm1', 1, $3)"
        connection.exec_driver_sql(statement, values)
        connection.exec_driver_sql("INSERT INTO features VALUES (1, '1', $1)", (record.features,))
    with closing(open_store(Path(), database_url=empty_url)) as store:
        found = store.get("open", "a")
        assert found is not None
        assert (found.features, found.catalogue_version, found.stratum, found.origin) == (record.features, "1", "targets/mouse", "open")
        dataset = store.live.find(Live().name)
        assert dataset is not None
        assert [(row.session_id, row.eligible, row.decision) for row in store.live.window(dataset)] == [("a", False, "pass")]
        assert store.put(session_record("b")).result(SECONDS).status == "stored"
        assert store.live.counts(dataset).rows == 2


def test_sessions_of_an_older_schema_that_are_queued_leave_tombstones(empty_url: str) -> None:
    with writing_engine(Address.of(empty_url), "full").begin() as connection:
        older_schema(connection, "0004")
        columns = "scope, id, digest, received_at, game_type, device_type, decision, source, model_version, revision, verdict"
        for name in ("a", "b"):
            statement = (
                f"INSERT INTO session ({columns}) VALUES ('open', '{name}', $1, 5, 'targets', 'mouse', 'pass', 'local', 'm1', 1, $2)"
            )
            connection.exec_driver_sql(statement, (b"digest", b"{}"))
        columns = "session_seq, state, sharing, enqueued_at, next_at, attempts, epoch"
        connection.exec_driver_sql(f"INSERT INTO batch_entry ({columns}) SELECT seq, 'queued', 0, 5, 5, 0, 0 FROM session WHERE id = 'a'")
    with closing(open_store(Path(), database_url=empty_url)) as store:
        assert store.purge(FakeClock().now(), timedelta(days=1), timedelta(days=1)).sessions == 2
        assert [store.batch.gone("open", name) for name in ("a", "b")] == [True, False]


def test_visitors_are_verified_in_a_database_of_an_older_schema(empty_url: str) -> None:
    with writing_engine(Address.of(empty_url), "full").begin() as connection:
        older_schema(connection, "0005")
        columns = "scope, id, digest, received_at, game_type, device_type, decision, source, model_version, revision, verdict, queued"
        values = "'open', 'a', $1, 5, 'targets', 'mouse', 'pass', 'local', 'm1', 1, $2, true"
        connection.exec_driver_sql(f"INSERT INTO session ({columns}) VALUES ({values})", (b"digest", b"{}"))
        connection.exec_driver_sql("INSERT INTO tombstone (id, scope, gone_at) VALUES ('b', 'open', 5)")
    with closing(open_store(Path(), database_url=empty_url)) as store:
        assert finish(store, "c", play(1)) == 1
        assert store.get(SCOPE, "c") is not None
        assert store.batch.gone("open", "b")
        assert store.erase("a") == 1


def test_many_may_open_a_new_database_at_once(empty_url: str) -> None:
    start = threading.Barrier(6)
    statuses: list[str] = []

    def opening(number: int) -> None:
        start.wait(SECONDS)
        with closing(open_store(Path(), database_url=empty_url)) as store:
            statuses.append(store.put(session_record("a")).result(SECONDS).status)

    threads = [threading.Thread(target=opening, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert sorted(statuses) == ["replayed"] * 5 + ["stored"]


def test_an_up_to_date_database_opens_without_alembic(url: str) -> None:
    program = "import sys; from pathlib import Path; from playproof.store import open_store\n"
    program += "open_store(Path(), database_url=sys.argv[1]).close(); print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_missing_schema_is_not_made_for_who_only_uses_one(empty_url: str) -> None:
    with pytest.raises(StoreRefused, match="no tables of PlayProof"):
        open_store(Path(), database_url=empty_url, create=False)
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_another_programs_database_is_refused(empty_url: str) -> None:
    run(empty_url, "CREATE TABLE theirs (a int)")
    with pytest.raises(StoreRefused, match="another program's tables; give PlayProof a database, or a schema, of its own"):
        open_store(Path(), database_url=empty_url)
    run(empty_url, "CREATE SCHEMA ours")
    open_store(Path(), database_url=empty_url + "&options=-csearch_path%3Dours").close()
    with psycopg.connect(empty_url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert tables.fetchone() == (1,)


def test_another_programs_database_with_our_tools_is_refused(empty_url: str) -> None:
    run(empty_url, "CREATE TABLE alembic_version (version_num text)", f"INSERT INTO alembic_version VALUES ('{schema.HEAD}')")
    with pytest.raises(StoreRefused, match="another program's tables"):
        open_store(Path(), database_url=empty_url)


def test_a_newer_schema_is_refused(own_url: str) -> None:
    run(own_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreRefused, match="newer PlayProof"):
        open_store(Path(), database_url=own_url)


def test_an_encoding_that_cannot_hold_every_text_is_refused(postgres: Server) -> None:
    with (
        postgres.database("template0", encoding="LATIN1") as url,
        pytest.raises(StoreRefused, match="has the encoding LATIN1; make one with ENCODING 'UTF8'"),
    ):
        open_store(Path(), database_url=url)


def test_a_user_who_may_not_make_tables_is_told(empty_url: str) -> None:
    with pytest.raises(StoreRefused, match=r"no schema has been selected to create in.*PLAYPROOF_DATABASE_URL"):
        open_store(Path(), database_url=empty_url + "&options=-csearch_path%3Dabsent")


def test_a_database_that_is_not_there_is_refused(postgres: Server) -> None:
    with pytest.raises(StoreRefused, match='database "absent" does not exist'):
        open_store(Path(), database_url=postgres.url("absent"))


def test_a_server_that_is_not_there_may_come_yet(tmp_path: Path) -> None:
    url = f"postgresql://somebody:a-long-password@/play?host={tmp_path}"
    with pytest.raises(StoreUnavailable, match="cannot be reached") as told:
        open_store(Path(), database_url=url)
    assert "a-long-password" not in str(told.value)
    assert f"'play' at {tmp_path}" in str(told.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:a-long-password@host:port/x y",
        "postgresql://u:a-long-password@h/d?no_such_option=1",
        "postgresql://u:a-long-password@[::1/d",
    ],
)
def test_an_address_that_will_not_do_is_not_quoted(url: str) -> None:
    with pytest.raises(StoreError) as told:
        open_store(Path(), database_url=url)
    assert "PLAYPROOF_DATABASE_URL" in str(told.value)
    assert "a-long-password" not in str(told.value)
    assert told.value.__cause__ is None


def test_the_place_is_named_without_what_is_secret() -> None:
    address = Address.of("postgres://somebody:a-long-password@db.example:5433/play?sslmode=require")
    assert str(address) == repr(address) == "the PostgreSQL database 'play' at db.example:5433"


def test_a_refused_database_can_be_opened_once_it_is_mended(empty_url: str) -> None:
    run(empty_url, "CREATE TABLE theirs (a int)")
    with pytest.raises(StoreRefused):
        PostgresStore(empty_url)
    run(empty_url, "DROP TABLE theirs")
    PostgresStore(empty_url).close()
