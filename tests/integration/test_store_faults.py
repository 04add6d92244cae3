"""What happens when the disk or the database fails in the middle of something."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Never

import pytest

from playproof.errors import StoreError, StoreUnavailable
from playproof.store import Commit, PutOutcome, open_store
from playproof.store.sqlite.database import DATABASE_NAME
from playproof.store.sqlite.driver import Driver, find_driver
from playproof.store.sqlite.store import SqliteStore
from playproof.testing import session_record
from tests.faulting import Faults
from tests.visits import check_visit, persist

SECONDS = 60
REAL = find_driver()
NOISE = random.Random(1).randbytes(5000)
"""Keeps its size when it is compressed."""


FAULTS = Faults()


def fail() -> Never:
    """As SQLite does where the disk cannot be written."""
    error: Exception = REAL.module.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_WRITE"  # type: ignore[attr-defined]
    raise error


class FaultyCursor(REAL.module.Cursor):  # type: ignore[misc, name-defined]
    """A cursor whose statements can fail."""

    def execute(self, *arguments: Any) -> Any:
        return FAULTS.call(partial(super().execute, *arguments), fail)

    def executemany(self, *arguments: Any) -> Any:
        return FAULTS.call(partial(super().executemany, *arguments), fail)


class FaultyConnection(REAL.module.Connection):  # type: ignore[misc, name-defined]
    """A connection whose statements and commits can fail."""

    def cursor(self, *_: Any) -> Any:
        return super().cursor(FaultyCursor)

    def execute(self, *arguments: Any) -> Any:
        return self.cursor().execute(*arguments)

    def commit(self) -> None:
        FAULTS.call(super().commit, fail)


@pytest.fixture
def faulty() -> Iterator[Driver]:
    module = ModuleType("faulty")
    module.__dict__.update(vars(REAL.module))
    module.__dict__["connect"] = partial(REAL.module.connect, factory=FaultyConnection)
    yield Driver(module, REAL.version)
    FAULTS.armed = False


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_whichever_call_fails_nothing_answered_is_lost_and_writing_goes_on(tmp_path: Path, faulty: Driver, after: bool) -> None:
    failures = 0
    with closing(SqliteStore(tmp_path, driver=faulty)) as store:
        for number in range(1, 100):
            records = [session_record(f"{number} {i}") for i in range(3)]
            first = store.put(session_record(f"{number} before"))
            first.result(SECONDS)
            FAULTS.arm(number, after=after)
            answers = [_answer(store, f"{number} {i}") for i in range(3)]
            untouched = FAULTS.calls < number
            FAULTS.armed = False
            failures += answers.count(None)
            for record, answer in zip(records, answers, strict=True):
                if answer is not None:
                    assert store.get("open", record.session_id) is not None
                # Asking again is always safe: the answer is the one verdict that is stored.
                again = store.put(record).result(SECONDS)
                assert again.status in {"stored", "replayed"}
                assert again.verdict == record.verdict
            if untouched:
                break
        else:
            pytest.fail("no run was left untouched")
        assert failures >= 5
        store.check()
    assert _integrity(tmp_path) == "ok"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_whichever_call_of_a_visit_fails_it_can_go_on(tmp_path: Path, faulty: Driver, after: bool) -> None:
    with closing(SqliteStore(tmp_path, driver=faulty)) as store:
        store.replays.prepare()
        for number in range(1, 200):
            FAULTS.arm(number, after=after)
            persist(store, f"c{number}")
            untouched = FAULTS.calls < number
            FAULTS.armed = False
            check_visit(store, f"c{number}")
            if untouched:
                break
        else:
            pytest.fail("no visit was left untouched")
        assert number > 30
        store.check()


def _answer(store: SqliteStore, session_id: str) -> PutOutcome | None:
    try:
        return store.put(session_record(session_id)).result(SECONDS)
    except StoreUnavailable:
        return None


def _integrity(folder: Path) -> str:
    with closing(REAL.module.connect(str(folder / DATABASE_NAME))) as connection:
        (found,) = connection.execute("PRAGMA integrity_check").fetchone()
    return str(found)


def test_erasure_and_retention_fail_as_a_whole_or_not_at_all(tmp_path: Path, faulty: Driver) -> None:
    with closing(SqliteStore(tmp_path, driver=faulty)) as store:
        for number in range(1, 50):
            store.put(session_record("a")).result(SECONDS)
            FAULTS.arm(number, after=False)
            try:
                store.erase("a")
            except StoreUnavailable:
                FAULTS.armed = False
                found = store.get("open", "a")
                assert found is not None
                assert found.telemetry == b"content"
            finally:
                FAULTS.armed = False
            if FAULTS.calls < number:
                assert store.get("open", "a") is None
                break
        else:
            pytest.fail("no run was left untouched")


def test_a_failed_group_is_reported_and_told_by_health_until_it_works_again(tmp_path: Path, faulty: Driver) -> None:
    commits: list[Commit] = []
    with closing(SqliteStore(tmp_path, driver=faulty, on_commit=commits.append)) as store:
        FAULTS.arm(1, after=False)
        with pytest.raises(StoreUnavailable):
            store.put(session_record("a")).result(SECONDS)
        with pytest.raises(StoreUnavailable, match="cannot be read or written"):
            store.check()
        store.put(session_record("b")).result(SECONDS)
        store.check()
    assert [(commit.sessions, commit.error is None) for commit in commits] == [(1, False), (1, True)]


def test_a_data_folder_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with closing(SqliteStore(folder)) as store:
        folder.rename(tmp_path / "elsewhere")
        with pytest.raises(StoreUnavailable, match="cannot be read: No such file"):
            store.check()


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_a_database_without_its_name_acknowledges_nothing(tmp_path: Path, replaced: bool) -> None:
    with closing(SqliteStore(tmp_path / "data")) as store:
        store.put(session_record("before")).result(SECONDS)
        kept = store.path.rename(tmp_path / "moved.sqlite3")
        if replaced:
            store.path.write_bytes(kept.read_bytes())
        with pytest.raises(StoreUnavailable, match="took the place" if replaced else "is gone"):
            store.put(session_record("lost")).result(SECONDS)
        assert store.health().error
        assert store.path.exists() is replaced
        kept.rename(store.path)
        assert _until_stored(store, "after") == "stored"
    with closing(SqliteStore(tmp_path / "data")) as store:
        assert store.get("open", "after") is not None


def _until_stored(store: SqliteStore, session_id: str) -> str:
    """What became of a record once the store has come to itself: a file put back may have to be opened anew."""
    for _ in range(3):
        with contextlib.suppress(StoreUnavailable):
            return store.put(session_record(session_id)).result(SECONDS).status
    raise AssertionError(store.health().error)


def test_a_store_that_failed_finds_out_by_itself_when_writing_works_again(tmp_path: Path, faulty: Driver) -> None:
    with closing(SqliteStore(tmp_path, driver=faulty)) as store:
        FAULTS.arm(1, after=False)
        with pytest.raises(StoreUnavailable):
            store.put(session_record("a")).result(SECONDS)
        for _ in range(SECONDS * 10):
            if store.health().error is None:
                break
            threading.Event().wait(0.1)
        store.check()


def test_too_much_waiting_is_refused_at_once_and_taken_again_later(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path, waiting_bytes=50_000)) as store:
        begun, release = threading.Event(), threading.Event()

        def hold(_: object) -> None:
            begun.set()
            assert release.wait(SECONDS)

        store.put(session_record("first")).add_done_callback(hold)
        assert begun.wait(SECONDS)
        taken = []
        with contextlib.suppress(StoreUnavailable):
            for number in range(100):
                taken.append(store.put(session_record(f"s{number}", content=NOISE)))  # noqa: PERF401
        with pytest.raises(StoreUnavailable, match="too many sessions wait"):
            store.put(session_record("one more", content=NOISE))
        release.set()
        assert 4 <= len(taken) <= 10
        assert {future.result(SECONDS).status for future in taken} == {"stored"}
        assert store.put(session_record("after")).result(SECONDS).status == "stored"


def test_a_database_that_another_process_holds_is_waited_for_only_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playproof.store.sqlite.engine.BUSY_SECONDS", 0.05)
    with closing(open_store(tmp_path)) as store:
        with closing(REAL.module.connect(str(tmp_path / DATABASE_NAME), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable, match="another process held the database"):
                store.put(session_record("a")).result(SECONDS)
        assert store.put(session_record("a")).result(SECONDS).status == "stored"


def test_a_writer_that_dies_answers_everybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    with closing(open_store(tmp_path)) as store:
        begun, release = threading.Event(), threading.Event()

        def hold(_: object) -> None:
            begun.set()
            assert release.wait(SECONDS)

        store.put(session_record("first")).add_done_callback(hold)
        assert begun.wait(SECONDS)

        def fatal(*_: object) -> None:
            raise SystemExit("out of everything")

        monkeypatch.setattr("playproof.store.groups.store", fatal)
        waiting = [store.put(session_record(f"s{number}")) for number in range(200)]
        release.set()
        for future in waiting:
            with pytest.raises(StoreUnavailable):
                future.result(SECONDS)
        with pytest.raises(StoreUnavailable):
            store.put(session_record("late"))
        with pytest.raises(StoreUnavailable, match="the writer stopped"):
            store.check()
    assert "the writer stopped" in caplog.text


def test_damage_met_while_running_is_told_and_is_no_crash(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    kept = (tmp_path / DATABASE_NAME).stat().st_size
    with closing(open_store(tmp_path)) as store:
        for future in [store.put(session_record(f"s{i}", content=bytes(range(256)) * 100)) for i in range(200)]:
            future.result(SECONDS)
    database = tmp_path / DATABASE_NAME
    intact = database.read_bytes()
    # The first pages are the schema's and the tables' roots; what lies below them is overwritten.
    database.write_bytes(intact[:kept] + b"\xa5" * (len(intact) - kept))
    with closing(open_store(tmp_path, create=False)) as store:
        with pytest.raises(StoreError, match="damaged"):
            store.put(session_record("new")).result(SECONDS)
        with pytest.raises(StoreError, match="damaged"):
            store.get("open", "s150")
        with pytest.raises(StoreError, match="damaged"):
            store.check()


def test_damaged_telemetry_is_told(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        store.put(session_record("a", content=b"telemetry" * 100)).result(SECONDS)
        with closing(REAL.module.connect(str(tmp_path / DATABASE_NAME))) as database, database:
            database.execute("UPDATE telemetry SET content = substr(content, 1, 20)")
        with pytest.raises(StoreUnavailable, match="telemetry is damaged"):
            store.get("open", "a")


FULL_DISK = """
import json, resource, sys
from pathlib import Path
from playproof.errors import StoreUnavailable
from playproof.store import open_store
from playproof.testing import session_record

soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
store = open_store(Path(sys.argv[1]))
content = [bytes((i * j * j) % 251 for j in range(3000)) for i in range(200)]

def put(i):
    try:
        return store.put(session_record(f"s{i}", content=content[i])).result(60).status
    except StoreUnavailable as error:
        return str(error)

largest = max(file.stat().st_size for file in Path(sys.argv[1]).iterdir())
resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 100_000, hard))  # bytes, of any one file
full = [put(i) for i in range(200)]
try:
    store.check()
    ready = True
except StoreUnavailable:
    ready = False
there = [store.get("open", f"s{i}") is not None for i in range(200)]
resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))
try:
    open_store(Path(sys.argv[1]) / "new")
except StoreUnavailable as error:
    new = str(error)
try:
    store.backup(Path(sys.argv[1]) / "copy")
except StoreUnavailable as error:
    copy = str(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
roomy = [put(i) for i in range(200)]
store.check()
store.close()
print(json.dumps({"full": full, "ready": ready, "there": there, "roomy": roomy, "new": new, "copy": copy}))
"""


def test_a_full_disk_fails_what_it_cannot_take_and_loses_nothing_answered(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    failed = [status not in {"stored", "replayed"} for status in said["full"]]
    assert any(failed)
    assert not all(failed)
    assert said["ready"] == (not failed[-1])
    assert all(there for there, lost in zip(said["there"], failed, strict=True) if not lost)
    # Room again: what was answered is replayed, everything else can be stored.
    assert set(said["roomy"]) == {"stored", "replayed"}
    assert all(status == "replayed" for status, lost in zip(said["roomy"], failed, strict=True) if not lost)
    assert f"cannot open {tmp_path / 'new'}" in said["new"]
    assert "cannot be read or written" in said["copy"]
    assert not [path for path in tmp_path.iterdir() if "copy" in path.name]
    assert _integrity(tmp_path) == "ok"
