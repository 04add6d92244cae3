"""Processes that make the persistent dataset at once, and one that is killed between making it and noting it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from playproof.dataset import LiveDataset
from playproof.store import open_store
from playproof.store.sqlite.driver import find_driver

pytestmark = pytest.mark.skipif(not find_driver().sharable, reason=f"{find_driver()} cannot be shared between processes")

TIMES = 100
PATIENCE = 300

# A provider in a folder: each dataset is a file, whose name says the dataset's, and making the same twice makes two.
PROGRAM = """
import asyncio, os, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from playproof.dataset import LiveDataset
from playproof.dataset.remote import ensure_remote
from playproof.store import open_store
from playproof.testing import FakeClock

folder = Path(sys.argv[1])

class Provider:
    async def find(self, name):
        found = sorted((folder / "remote").glob(f"{name}.*"))
        return found[0].name if found else None

    async def create(self, name):
        made = folder / "remote" / f"{name}.{os.getpid()}"
        made.touch()
        if sys.argv[2] == "stay":
            print("made", flush=True)
            await asyncio.sleep(3600)
        return made.name

# By the clock of one that comes late, the lease of the dead is over.
hours = timedelta(hours=sys.argv[2] == "late")
store = open_store(folder / "data", clock=FakeClock(datetime.now(UTC) + hours))
for line in sys.stdin:
    name = line.strip()
    ref = LiveDataset(store).ensure_persistent_dataset(name)
    remote = asyncio.run(ensure_remote(store, name, Provider(), holder=str(os.getpid())))
    print(ref.id, int(ref.created), remote, flush=True)
store.close()
"""


def process(folder: Path, how: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )


def test_two_processes_at_once_make_one_dataset_a_hundred_times(tmp_path: Path) -> None:
    (tmp_path / "remote").mkdir()
    pair = [process(tmp_path, "go") for _ in range(2)]
    for number in range(TIMES):
        for one in pair:
            assert one.stdin is not None
            one.stdin.write(f"d{number}\n")
        answers = []
        for one in pair:
            assert one.stdout is not None
            answers.append(one.stdout.readline().split())
        (first, made, remote), (second, made_too, remote_too) = answers
        assert (first, remote) == (second, remote_too)
        assert sorted((made, made_too)) == ["0", "1"]
    for one in pair:
        assert one.communicate(timeout=PATIENCE)[0] == ""
        assert one.returncode == 0
    assert len(list((tmp_path / "remote").iterdir())) == TIMES
    with closing(open_store(tmp_path / "data")) as store:
        assert len({LiveDataset(store).find(f"d{number}").id for number in range(TIMES)}) == TIMES


def test_a_process_killed_before_it_noted_what_it_made_leaves_it_to_the_next(tmp_path: Path) -> None:
    (tmp_path / "remote").mkdir()
    dead = process(tmp_path, "stay")
    assert dead.stdin is not None
    assert dead.stdout is not None
    dead.stdin.write("live\n")
    assert dead.stdout.readline() == "made\n"
    dead.kill()
    dead.wait(PATIENCE)
    for pipe in (dead.stdin, dead.stdout):
        pipe.close()
    (made,) = (tmp_path / "remote").iterdir()

    with closing(open_store(tmp_path / "data")) as store:
        found = LiveDataset(store).find("live")
    assert found.remote_id is None
    next_one = process(tmp_path, "late")
    out, _ = next_one.communicate("live\n", timeout=PATIENCE)
    assert out.split() == [str(found.id), "0", made.name]
    assert list((tmp_path / "remote").iterdir()) == [made]
