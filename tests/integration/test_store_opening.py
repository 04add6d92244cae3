"""Which data folders the store opens, and what it says of those it does not."""

from __future__ import annotations

import importlib
import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from playproof.errors import StoreRefused
from playproof.store import Live, open_store
from playproof.store.migrations import schema
from playproof.store.sqlite.database import APPLICATION_ID, DATABASE_NAME
from playproof.store.sqlite.driver import SHARABLE_FROM, Driver, find_driver
from playproof.store.sqlite.engine import writing_engine
from playproof.store.sqlite.lock import network_file_system
from playproof.store.sqlite.store import SqliteStore
from playproof.store.tables import metadata
from playproof.testing import FakeClock, session_record
from tests.visits import SCOPE, finish, play

NOBODY = 65534
SECONDS = 60


shared = pytest.mark.skipif(not find_driver().sharable, reason=f"{find_driver()} cannot be shared between processes")


def old_driver() -> Driver:
    """A driver that says its library has the bug."""
    return Driver(find_driver().module, (3, 40, 1))


def test_the_folder_and_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with closing(open_store(folder)) as store:
        store.put(session_record("a")).result(SECONDS)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_connection_is_set_up_for_the_promise(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    with writing_engine(tmp_path / DATABASE_NAME, find_driver(), "full").connect() as connection:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "mmap_size", "temp_store")
        values = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    assert values == ["wal", 2, 1, 1, 0, 2]


def test_normal_durability_is_asked_for(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    with writing_engine(tmp_path / DATABASE_NAME, find_driver(), "normal").connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1


def test_a_missing_database_is_not_made_for_who_only_uses_one(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="no database in"):
        open_store(tmp_path / "data", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"not a database, but long enough to have a header" * 20, b"\x00" * 4096])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(content)
    with pytest.raises(StoreRefused, match=r"playproof\.sqlite3 is damaged"):
        open_store(tmp_path)
    assert (tmp_path / DATABASE_NAME).read_bytes() == content


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE_NAME)) as foreign:
        foreign.execute("CREATE TABLE theirs (a)")
    with pytest.raises(StoreRefused, match="not a PlayProof database"):
        open_store(tmp_path)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / DATABASE_NAME)) as newer, newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreRefused, match="newer PlayProof"):
        open_store(tmp_path)


def test_a_refused_folder_can_be_opened_once_it_is_mended(tmp_path: Path) -> None:
    database = tmp_path / DATABASE_NAME
    database.write_bytes(b"rubbish" * 100)
    with pytest.raises(StoreRefused):
        open_store(tmp_path)
    database.unlink()
    open_store(tmp_path).close()


def test_a_folder_that_is_a_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(StoreRefused, match=f"cannot write to the data folder {folder}.*PLAYPROOF_DATA_DIR"):
            open_store(folder)


def as_somebody_else(program: str, *arguments: str) -> str:
    """The output of `program`, run by a user whom the rights of files bind."""
    # One store is opened before the change: modules that load late may lie where the other user cannot read.
    load = "import os, sys, tempfile, playproof.errors, playproof.store\nfrom pathlib import Path\n"
    load += "with tempfile.TemporaryDirectory() as scratch: playproof.store.open_store(Path(scratch)).close()\n"
    drop = f"if os.getuid() == 0: os.setgid({NOBODY}); os.setuid({NOBODY})\n"
    done = subprocess.run([sys.executable, "-c", load + drop + program, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


OPEN = """
try:
    playproof.store.open_store(Path(sys.argv[1])).close()
    print("opened")
except playproof.errors.StoreRefused as refused:
    print(refused)
"""


@pytest.fixture
def open_tmp_path(tmp_path: Path) -> Iterator[Path]:
    """A temporary folder that another user can reach."""
    outer = [path for path in (tmp_path, *tmp_path.parents) if path.owner() == tmp_path.owner() and path.stat().st_mode & 0o5 != 0o5]
    before = {path: path.stat().st_mode for path in outer}
    for path in outer:
        path.chmod(stat.S_IMODE(before[path]) | 0o5)
    yield tmp_path
    for path, mode in before.items():
        path.chmod(stat.S_IMODE(mode))


def test_a_read_only_folder_is_refused_by_name(open_tmp_path: Path) -> None:
    folder = open_tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o555)
    said = as_somebody_else(OPEN, str(folder))
    assert f"cannot write to the data folder {folder}" in said
    assert "--data-dir" in said


def test_a_read_only_database_is_refused(open_tmp_path: Path) -> None:
    folder = open_tmp_path / "data"
    open_store(folder).close()
    folder.chmod(0o777)
    (folder / "playproof.lock").chmod(0o666)
    (folder / DATABASE_NAME).chmod(0o444)
    assert f"cannot write to the data folder {folder}" in as_somebody_else(OPEN, str(folder))


@shared
def test_two_processes_share_a_folder_where_that_is_safe(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from playproof.store import open_store\n"
    program += "from playproof.testing import session_record\n"
    program += "s = open_store(Path(sys.argv[1])); print(s.put(session_record('a')).result().status); s.close()"
    with closing(open_store(tmp_path)) as store:
        done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
        assert done.stdout == "stored\n"
        assert store.put(session_record("a")).result(SECONDS).status == "replayed"


@shared
def test_an_old_sqlite_has_the_folder_to_itself(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path, driver=old_driver())) as store:
        store.put(session_record("a")).result(SECONDS)
        with pytest.raises(StoreRefused, match=r"has the data folder .* to itself"):
            open_store(tmp_path)
    with (
        closing(open_store(tmp_path)),
        pytest.raises(StoreRefused, match=r"in use by another process, and SQLite 3\.40\.1 .* cannot share it"),
    ):
        SqliteStore(tmp_path, driver=old_driver())


def test_the_threshold_of_sharing_is_the_mended_release() -> None:
    module = find_driver().module
    assert SHARABLE_FROM == (3, 51, 3)
    assert [Driver(module, version).sharable for version in ((3, 51, 2), (3, 51, 3), (3, 52, 0))] == [False, True, True]


def test_the_standard_library_stands_in_where_there_is_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = importlib.import_module

    def without(name: str, package: str | None = None) -> ModuleType:
        if name == "pysqlite3":
            raise ImportError(name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    driver = find_driver()
    assert driver.module is sqlite3
    assert driver.version == sqlite3.sqlite_version_info
    with closing(SqliteStore(tmp_path, driver=driver)) as store:
        assert store.put(session_record("a")).result(SECONDS).status == "stored"
        assert store.erase("a") == 1


@pytest.mark.parametrize(("kind", "found"), [("ext4", None), ("nfs4", "nfs4"), ("fuse.sshfs", "fuse.sshfs"), ("tmpfs", None), ("9p", "9p")])
def test_a_network_file_system_is_recognised(tmp_path: Path, kind: str, found: str | None) -> None:
    folder = tmp_path / "my data"
    folder.mkdir()
    point = str(folder).replace(" ", "\\040")
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 254:0 / / rw,relatime shared:1 - nfs4 /dev/root rw\n"
        f"23 22 0:5 / {tmp_path} rw - ext4 /dev/a rw\n"
        f"24 23 0:6 / {point} rw shared:2 master:1 - {kind} server:/x rw\n"
        f"25 23 0:7 / {tmp_path}/my rw - nfs server:/y rw\n"
    )
    assert network_file_system(folder, mounts) == found


def test_where_mounts_cannot_be_read_a_folder_counts_as_local(tmp_path: Path) -> None:
    assert network_file_system(tmp_path, tmp_path / "absent") is None


def test_a_network_file_system_is_not_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playproof.store.sqlite.store.network_file_system", lambda _: "nfs4")
    with closing(open_store(tmp_path)), pytest.raises(StoreRefused, match=r"network file system \(nfs4\)"):
        open_store(tmp_path)


def test_the_migrations_make_the_tables(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    with writing_engine(tmp_path / DATABASE_NAME, find_driver(), "full").connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": metadata})
        assert compare_metadata(context, metadata) == []
        made = _statements(connection)
    with writing_engine(tmp_path / "direct.sqlite3", find_driver(), "full").begin() as connection:
        metadata.create_all(connection)
        direct = _statements(connection)
    del made["alembic_version"]
    assert {name: sorted(_clauses(sql)) for name, sql in made.items()} == {name: sorted(_clauses(sql)) for name, sql in direct.items()}


def _statements(connection: Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return {row.name: row.sql for row in rows}


def _clauses(sql: str) -> list[str]:
    # A column that came later stands in the line of the one before.
    lines = [line.strip().rstrip(",") for line in re.sub(r", (\w+ [A-Z]+),", r",\n\1,", sql).splitlines()]
    # Alembic names the key of a counted table in a line of its own.
    return [line.replace(" PRIMARY KEY AUTOINCREMENT", "") for line in lines if "pk_session" not in line]


def test_the_known_revisions_are_the_scripts() -> None:
    scripts = ScriptDirectory(str(schema.FOLDER))
    assert tuple(reversed([script.revision for script in scripts.walk_revisions()])) == schema.REVISIONS


def test_an_up_to_date_database_opens_without_alembic(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    program = "import sys; from pathlib import Path; from playproof.store import open_store\n"
    program += "open_store(Path(sys.argv[1])).close(); print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@shared
def test_many_processes_may_open_a_new_folder_at_once(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from playproof.store import open_store; sys.stdin.readline()\n"
    program += "from playproof.testing import session_record\n"
    program += "s = open_store(Path(sys.argv[1])); print(s.put(session_record('a')).result().status); s.close()"
    command = [sys.executable, "-c", program, str(tmp_path / "data")]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    said = sorted(child.communicate(timeout=SECONDS)[0] for child in children)
    assert said == ["replayed\n", "replayed\n", "replayed\n", "stored\n"]


def test_a_migration_cannot_be_run_from_outside(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("alembic")), "upgrade", "head"]
    (tmp_path / "alembic.ini").write_text(f"[alembic]\nscript_location = {schema.FOLDER}\npath_separator = os\n")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ}, check=False)
    assert done.returncode != 0
    assert "run when the store opens" in done.stderr


def older_schema(connection: Connection, revision: str) -> None:
    """Make the tables as they were at a revision."""
    config = Config()
    config.set_main_option("script_location", str(schema.FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")


def test_sessions_of_an_older_schema_become_rows_that_are_not_eligible(tmp_path: Path) -> None:
    record = session_record("a")
    with writing_engine(tmp_path / DATABASE_NAME, find_driver(), "full").begin() as connection:
        older_schema(connection, "0001")
        columns = "scope, id, digest, received_at, game_type, device_type, decision, source, model_version, revision, verdict"
        values = (record.digest, record.received_at, record.verdict)
        statement = f"INSERT INTO session ({columns}) VALUES ('open', 'a', ?, ?, 'targets', 'mouse', 'pass', 'local', 'm1', 1, ?)"
        connection.exec_driver_sql(statement, values)
        connection.exec_driver_sql("INSERT INTO features VALUES (1, '1', ?)", (record.features,))
    with closing(open_store(tmp_path)) as store:
        found = store.get("open", "a")
        assert found is not None
        assert (found.features, found.catalogue_version, found.stratum, found.origin) == (record.features, "1", "targets/mouse", "open")
        dataset = store.live.find(Live().name)
        assert dataset is not None
        assert [(row.session_id, row.eligible, row.decision) for row in store.live.window(dataset)] == [("a", False, "pass")]
        assert store.put(session_record("b")).result(SECONDS).status == "stored"
        assert store.live.counts(dataset).rows == 2


def test_sessions_of_an_older_schema_that_are_queued_leave_tombstones(tmp_path: Path) -> None:
    with writing_engine(tmp_path / DATABASE_NAME, find_driver(), "full").begin() as connection:
        older_schema(connection, "0004")
        columns = "scope, id, digest, received_at, game_type, device_type, decision, source, model_version, revision, verdict"
        for name in ("a", "b"):
            statement = f"INSERT INTO session ({columns}) VALUES ('open', '{name}', ?, 5, 'targets', 'mouse', 'pass', 'local', 'm1', 1, ?)"
            connection.exec_driver_sql(statement, (b"digest", b"{}"))
        columns = "session_seq, state, sharing, enqueued_at, next_at, attempts, epoch"
        connection.exec_driver_sql(f"INSERT INTO batch_entry ({columns}) SELECT seq, 'queued', 0, 5, 5, 0, 0 FROM session WHERE id = 'a'")
    with closing(open_store(tmp_path)) as store:
        assert store.purge(FakeClock().now(), timedelta(days=1), timedelta(days=1)).sessions == 2
        assert [store.batch.gone("open", name) for name in ("a", "b")] == [True, False]


def test_visitors_are_verified_in_a_database_of_an_older_schema(tmp_path: Path) -> None:
    with writing_engine(tmp_path / DATABASE_NAME, find_driver(), "full").begin() as connection:
        older_schema(connection, "0005")
        columns = "scope, id, digest, received_at, game_type, device_type, decision, source, model_version, revision, verdict, queued"
        values = "'open', 'a', ?, 5, 'targets', 'mouse', 'pass', 'local', 'm1', 1, ?, true"
        connection.exec_driver_sql(f"INSERT INTO session ({columns}) VALUES ({values})", (b"digest", b"{}"))
        connection.exec_driver_sql("INSERT INTO tombstone (id, scope, gone_at) VALUES ('b', 'open', 5)")
    with closing(open_store(tmp_path)) as store:
        assert finish(store, "c", play(1)) == 1
        assert store.get(SCOPE, "c") is not None
        assert store.batch.gone("open", "b")
        assert store.erase("a") == 1
