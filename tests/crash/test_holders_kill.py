"""A process dies that holds sessions, letters and leases: whoever shares its folder knows at once, and takes them over."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from playproof.errors import StoreUnavailable
from playproof.store import Store, open_store
from playproof.store.sqlite.driver import find_driver

pytestmark = pytest.mark.skipif(not find_driver().sharable, reason=f"{find_driver()} cannot be shared between processes")

PATIENCE = 180
LONG = 3600.0

# Holds one of everything under the name that it is given, until its input ends.
PROGRAM = """
import sys
from pathlib import Path
import msgspec
from playproof.clock import SystemClock, milliseconds
from playproof.store import Awaiting, Final, Live, Notice, open_store
from playproof.testing import session_record

folder, name = sys.argv[1:]
store = open_store(Path(folder), live=Live("live"))
store.holders.announce(name)
until = milliseconds(SystemClock().now()) + 3_600_000
for session in ("first", "second"):
    held = Awaiting(assessment=b"{}", next_at=0, holder=name, held_until=until)
    number = store.put(msgspec.structs.replace(session_record(f"{name}-{session}"), awaited=held)).result(60).number
done = Final(
    number=number, verdict=b"{}", decision="pass", anomaly_score=None, raw_score=None, source="woodwide", model_version="1",
    eligible=True, notice=Notice(f"msg-{name}", b"{}"),
)
assert store.awaited.finalise([done]) == [True]
assert [letter.id for letter in store.outbox.claim(name, 3600.0, 1)] == [f"msg-{name}"]
assert store.leases.take(f"lease of {name}", name, 3600.0)
assert store.leases.take(f"turn of {name}", f"{name}/1", 3600.0)
print("holding", flush=True)
sys.stdin.read()
store.close()
"""


@contextmanager
def holding(folder: Path, name: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", PROGRAM, str(folder), name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "holding\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(tmp_path / "data")) as opened:
        opened.holders.announce("me")
        yield opened


def claimed(store: Store) -> tuple[list[str], list[str]]:
    sessions, letters = store.awaited.claim("me", LONG, 10), store.outbox.claim("me", LONG, 10)
    return [session.session_id for session in sessions], [letter.id for letter in letters]


def test_what_the_dead_held_is_free_and_what_the_living_hold_is_not(tmp_path: Path, store: Store) -> None:
    with holding(tmp_path / "data", "dead") as dead, holding(tmp_path / "data", "dead-alive"):
        assert store.holders.relieve() == 0
        assert claimed(store) == ([], [])
        dead.kill()
        dead.wait(PATIENCE)
        assert store.holders.relieve() == 1
        assert claimed(store) == (["dead-first"], ["msg-dead"])
        for kind in ("lease", "turn"):
            assert store.leases.take(f"{kind} of dead", "me", LONG)
            assert not store.leases.take(f"{kind} of dead-alive", "me", LONG)
        assert store.holders.relieve() == 0


def test_who_stopped_leaves_nothing_to_relieve(tmp_path: Path, store: Store) -> None:
    with holding(tmp_path / "data", "other") as other:
        other.communicate(timeout=PATIENCE)
    assert other.returncode == 0
    assert [path.name for path in (tmp_path / "data" / "processes").iterdir()] == ["me"]
    assert store.holders.relieve() == 0


def test_what_cannot_be_asked_is_taken_to_live(tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "data" / "processes"
    (folder / "somebody.unlocked").touch()
    (folder / "a folder").mkdir()
    assert store.holders.relieve() == 0
    (folder / "me").unlink()
    (folder / "somebody.unlocked").unlink()
    (folder / "a folder").rmdir()
    folder.rmdir()
    assert store.holders.relieve() == 0


def test_a_store_that_takes_nothing_leaves_the_dead_to_the_next_time(tmp_path: Path, store: Store) -> None:
    with holding(tmp_path / "data", "dead") as dead:
        dead.kill()
        dead.wait(PATIENCE)
    with closing(open_store(tmp_path / "data")) as other:
        other.close()
        with pytest.raises(StoreUnavailable, match="closed"):
            other.holders.relieve()
    assert store.holders.relieve() == 1
