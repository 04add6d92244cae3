"""Backups made under load, and what restoring one does to a data folder."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from playproof.challenges.buckets import rows_of
from playproof.cli import run
from playproof.errors import StoreRefused, StoreUnavailable
from playproof.store import Store, open_store, restore_backup
from playproof.store.sqlite.database import DATABASE_NAME
from playproof.store.sqlite.driver import find_driver
from playproof.testing import FakeClock, session_record
from tests.visits import digest_of, finish, play

SECONDS = 60


def filled(folder: Path, *names: str) -> Path:
    """A data folder with sessions of these ids."""
    with closing(open_store(folder, clock=FakeClock())) as store:
        for name in names:
            store.put(session_record(name)).result(SECONDS)
    return folder


def backed_up(folder: Path, target: Path) -> Path:
    with closing(open_store(folder)) as store:
        store.backup(target)
    return target


def present(folder: Path, *names: str) -> set[str]:
    with closing(open_store(folder)) as store:
        return {name for name in names if store.get("open", name) is not None}


def test_a_backup_under_load_holds_all_that_was_answered_before_it(tmp_path: Path) -> None:
    answered: list[str] = []
    stop, enough = threading.Event(), threading.Event()

    def client(store: Store, number: int) -> None:
        count = 0
        while not stop.is_set():
            name = f"{number} {count}"
            store.put(session_record(name, content=name.encode() * 200)).result(SECONDS)
            answered.append(name)
            count += 1
            if len(answered) > 200:
                enough.set()

    with closing(open_store(tmp_path / "data")) as store:
        clients = [threading.Thread(target=client, args=(store, number)) for number in range(4)]
        for thread in clients:
            thread.start()
        assert enough.wait(SECONDS)
        before = list(answered)
        store.backup(tmp_path / "copy")
        stop.set()
        for thread in clients:
            thread.join(SECONDS)
    restored = restore_backup(tmp_path / "copy", tmp_path / "new")
    assert restored.sessions >= len(before)
    assert present(tmp_path / "new", *before) == set(before)
    with closing(open_store(tmp_path / "new")) as store:
        found = store.get("open", before[0])
        assert found is not None
        assert found.telemetry == before[0].encode() * 200


def test_a_backup_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    filled(tmp_path / "data", "a")
    target = backed_up(tmp_path / "data", tmp_path / "copy")
    filled(tmp_path / "data", "b")
    backed_up(tmp_path / "data", target)
    restore_backup(target, tmp_path / "new")
    assert present(tmp_path / "new", "a", "b") == {"a", "b"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "data", "new"]


def test_a_failed_backup_leaves_the_older_one_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path / "data", "a")
    target = backed_up(tmp_path / "data", tmp_path / "copy")
    before = target.read_bytes()
    monkeypatch.setattr("playproof.store.sqlite.backup.find_damage", lambda *_: "a page is missing")
    with pytest.raises(StoreUnavailable, match="a page is missing"):
        backed_up(tmp_path / "data", target)
    assert target.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "data"]


def test_a_backup_never_overwrites_the_database(tmp_path: Path) -> None:
    folder = filled(tmp_path, "a")
    with pytest.raises(StoreRefused, match="the database itself"):
        backed_up(folder, folder / "." / DATABASE_NAME)
    assert present(folder, "a") == {"a"}


def test_a_backup_never_takes_the_place_of_a_device_or_pipe(tmp_path: Path) -> None:
    filled(tmp_path / "data", "a")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StoreRefused, match="no ordinary file"):
        backed_up(tmp_path / "data", tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


def test_a_backup_into_no_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match=f"cannot write to {tmp_path / 'absent'}"):
        backed_up(filled(tmp_path / "data", "a"), tmp_path / "absent" / "copy")


def test_restoring_into_a_used_folder_needs_force_and_keeps_what_was_there(tmp_path: Path) -> None:
    copy = backed_up(filled(tmp_path / "data", "a"), tmp_path / "copy")
    filled(tmp_path / "data", "later")
    with pytest.raises(StoreRefused, match=r"holds 2 sessions; with --force"):
        restore_backup(copy, tmp_path / "data")
    assert present(tmp_path / "data", "a", "later") == {"a", "later"}
    done = restore_backup(copy, tmp_path / "data", force=True)
    assert (done.sessions, done.erased, done.erasures_known) == (1, 0, True)
    assert present(tmp_path / "data", "a", "later") == {"a"}
    assert done.aside is not None
    done.aside.rename(tmp_path / "data" / DATABASE_NAME)
    assert present(tmp_path / "data", "a", "later") == {"a", "later"}


def test_what_a_killed_restore_left_is_removed_by_the_next(tmp_path: Path) -> None:
    copy = backed_up(filled(tmp_path / "data", "a"), tmp_path / "copy")
    rests = [tmp_path / "data" / f".{DATABASE_NAME}.123.part{suffix}" for suffix in ("", "-wal", "-shm")]
    for rest in rests:
        rest.write_bytes(b"half a database")
    restore_backup(copy, tmp_path / "data", force=True)
    assert not any(rest.exists() for rest in rests)


def test_restoring_into_an_empty_store_needs_no_force(tmp_path: Path) -> None:
    copy = backed_up(filled(tmp_path / "data", "a"), tmp_path / "copy")
    assert restore_backup(copy, filled(tmp_path / "new")).sessions == 1


def test_what_was_erased_after_the_backup_is_erased_again(tmp_path: Path) -> None:
    clock = FakeClock()
    data = tmp_path / "data"
    with closing(open_store(data, clock=clock)) as store:
        for scope in ("one", "two"):
            for name in ("kept", "erased", "erased in one", "used again"):
                store.put(session_record(name, scope=scope)).result(SECONDS)
        store.backup(tmp_path / "early")
        clock.advance(10)
        store.erase("erased")
        store.erase("erased in one", "one")
        store.erase("used again")
        clock.advance(10)
        again = int(clock.now().timestamp() * 1000)
        store.put(session_record("used again", scope="one", received_at=again)).result(SECONDS)
        store.backup(tmp_path / "late")

    done = restore_backup(tmp_path / "early", data, force=True)
    assert (done.sessions, done.erased) == (3, 5)
    assert scopes_of(data, "kept", "erased", "erased in one", "used again") == {"kept": "one two", "erased in one": "two"}

    # Erasures are carried on from restore to restore, but do not reach what came after them.
    assert restore_backup(tmp_path / "late", data, force=True).erased == 0
    assert scopes_of(data, "used again") == {"used again": "one"}
    done = restore_backup(tmp_path / "early", data, force=True)
    assert (done.sessions, done.erased) == (3, 5)


def test_an_erasure_of_what_only_the_backup_has_still_holds(tmp_path: Path) -> None:
    data = filled(tmp_path / "data", "a")
    copy = backed_up(data, tmp_path / "copy")
    (data / DATABASE_NAME).unlink()
    with closing(open_store(data)) as store:
        assert store.erase("a") == 0
    assert restore_backup(copy, data).erased == 1


def test_what_was_erased_of_a_visitor_is_erased_again(tmp_path: Path) -> None:
    data, clock = tmp_path / "data", FakeClock()
    buckets = rows_of(play(1)).bucket
    with closing(open_store(data, clock=clock)) as store:
        numbers = [finish(store, name, play(1)) for name in ("kept", "erased")]
        assert set(store.replays.rows(buckets).number.tolist()) == set(numbers)
        store.backup(tmp_path / "copy")
        store.erase("erased")
    assert restore_backup(tmp_path / "copy", data, force=True).erased == 1
    with closing(open_store(data, clock=clock)) as store:
        assert set(store.replays.rows(buckets).number.tolist()) == {numbers[0]}
        assert [store.tokens.get(digest_of(name)) is None for name in ("kept", "erased")] == [False, True]
        assert [store.challenges.get(name) is None for name in ("kept", "erased")] == [False, True]


def test_what_retention_left_of_an_erased_session_is_erased_again(tmp_path: Path) -> None:
    clock = FakeClock()
    data = tmp_path / "data"
    names = ("kept", "erased", "erased in one")
    keys = [(scope, name) for scope in ("one", "two") for name in names]
    with closing(open_store(data, clock=clock)) as store:
        for scope, name in keys:
            store.put(msgspec.structs.replace(session_record(name, scope=scope), queued=True)).result(SECONDS)
        clock.advance(10)
        store.purge(clock.now(), timedelta(), timedelta(seconds=5))
        store.backup(tmp_path / "copy")
        store.erase("erased")
        store.erase("erased in one", "one")
    assert restore_backup(tmp_path / "copy", data, force=True).erased == 0
    with closing(open_store(data)) as store:
        left = [(scope, name) for scope, name in keys if store.batch.gone(scope, name)]
    assert left == [("one", "kept"), ("two", "kept"), ("two", "erased in one")]


def scopes_of(folder: Path, *names: str) -> dict[str, str]:
    with closing(open_store(folder)) as store:
        found = {name: " ".join(scope for scope in ("one", "two") if store.get(scope, name)) for name in names}
    return {name: scopes for name, scopes in found.items() if scopes}


def test_restoring_under_a_running_store_is_refused(tmp_path: Path) -> None:
    copy = backed_up(filled(tmp_path / "data", "a"), tmp_path / "copy")
    with closing(open_store(tmp_path / "data")) as store:
        with pytest.raises(StoreRefused, match="in use by another process, and a restore needs it alone; stop that first"):
            restore_backup(copy, tmp_path / "data", force=True)
        assert store.put(session_record("b")).result(SECONDS).status == "stored"


def rubbish(backup: Path) -> None:
    backup.write_bytes(b"this is no database, whatever it is called" * 100)


def truncated(backup: Path) -> None:
    backup.write_bytes(backup.read_bytes()[:-8192])


def flipped(backup: Path) -> None:
    content = bytearray(backup.read_bytes())
    for at in range(2 * 4096, len(content), 97):
        content[at] ^= 0xFF
    backup.write_bytes(content)


def empty(backup: Path) -> None:
    backup.write_bytes(b"")


def foreign(backup: Path) -> None:
    backup.unlink()
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("CREATE TABLE theirs (a)")


def another_programs_with_our_tools(backup: Path) -> None:
    foreign(backup)
    with closing(sqlite3.connect(backup)) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num)")
        connection.execute("INSERT INTO alembic_version VALUES ('0001')")


def newer(backup: Path) -> None:
    with closing(sqlite3.connect(backup)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def in_use(backup: Path) -> None:
    backup.with_name(backup.name + "-wal").write_bytes(b"")


def missing(backup: Path) -> None:
    backup.unlink()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (rubbish, "is damaged or no database"),
        (truncated, "is damaged or no database"),
        (flipped, "is damaged or no database"),
        (empty, "is not a PlayProof database"),
        (foreign, "is not a PlayProof database"),
        (another_programs_with_our_tools, "is not a PlayProof database"),
        (newer, "newer PlayProof"),
        (in_use, "in use, not a backup"),
        (missing, "there is no file"),
    ],
)
def test_what_is_no_sound_backup_is_refused_and_changes_nothing(tmp_path: Path, spoil: Callable[[Path], None], said: str) -> None:
    data = filled(tmp_path / "data", *(f"s{number}" for number in range(50)))
    copy = backed_up(data, tmp_path / "copy")
    spoil(copy)
    before = {path.name: path.read_bytes() for path in data.iterdir()}
    with pytest.raises(StoreRefused, match=f"{re.escape(str(copy))}.*{said}|{said}.*{re.escape(str(copy))}"):
        restore_backup(copy, data, force=True)
    assert {path.name: path.read_bytes() for path in data.iterdir()} == before


def test_a_database_that_cannot_be_read_gives_way_only_to_force(tmp_path: Path) -> None:
    data = filled(tmp_path / "data", "a")
    copy = backed_up(data, tmp_path / "copy")
    (data / DATABASE_NAME).write_bytes(b"rubbish" * 1000)
    with pytest.raises(StoreRefused, match=r"cannot be read .* --force accepts that"):
        restore_backup(copy, data)
    done = restore_backup(copy, data, force=True)
    assert (done.sessions, done.erasures_known) == (1, False)
    assert done.aside is not None
    assert done.aside.read_bytes() == b"rubbish" * 1000
    assert present(data, "a") == {"a"}


def test_the_log_of_an_unreadable_database_goes_aside_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = filled(tmp_path / "data", "a")
    copy = backed_up(data, tmp_path / "copy")

    def unreadable(*_: object) -> None:
        raise StoreUnavailable("the disk cannot be read or written")

    monkeypatch.setattr("playproof.store.sqlite.restore.connect", unreadable)
    (data / f"{DATABASE_NAME}-wal").write_bytes(b"a log of the database before")
    done = restore_backup(copy, data, force=True)
    assert done.aside is not None
    assert done.aside.with_name(done.aside.name + "-wal").read_bytes() == b"a log of the database before"
    assert present(data, "a") == {"a"}


@pytest.mark.skipif(not find_driver().sharable, reason=f"{find_driver()} cannot be shared between processes")
def test_the_commands_say_what_they_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, copy = filled(tmp_path / "data", "a", "b"), tmp_path / "copy"
    with closing(open_store(data)):
        assert run(["backup", str(copy), "--data-dir", str(data)]) == 0
        assert re.fullmatch(rf"{copy}: \d+ bytes, checked\n", capsys.readouterr().out)
        assert run(["erase", "a", "x", "--data-dir", str(data)]) == 0
        said = capsys.readouterr()
        assert (said.out, said.err) == ("1 session erased\n", "not found: x\n")
        assert run(["erase", "a", "--data-dir", str(data)]) == 1
        assert capsys.readouterr().out == "0 sessions erased\n"
        assert run(["restore", str(copy), "--data-dir", str(data)]) == 1
        assert "stop that first" in capsys.readouterr().err
    assert run(["restore", str(copy), "--data-dir", str(data)]) == 1
    assert "holds 1 sessions; with --force" in capsys.readouterr().err
    assert run(["restore", str(copy), "--force", "--data-dir", str(data)]) == 0
    said = capsys.readouterr()
    assert "1 sessions restored" in said.out
    assert "1 sessions that were erased after the backup are erased again" in said.out
    assert "before-restore" in said.out
    assert said.err == ""
    assert present(data, "a", "b") == {"b"}


def test_the_command_warns_where_erasures_were_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = filled(tmp_path / "data", "a")
    copy = backed_up(data, tmp_path / "copy")
    (data / DATABASE_NAME).write_bytes(b"rubbish" * 1000)
    assert run(["restore", str(copy), "--force", "--data-dir", str(data)]) == 0
    assert "sessions erased since the backup are back" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["backup", "copy"], ["erase", "a"]])
def test_commands_on_no_database_make_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([*command, "--data-dir", "data"]) == 1
    assert "no database in data" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
