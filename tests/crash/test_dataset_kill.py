"""Processes that make the persistent dataset at once, and one that is killed between making it and noting it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from playproof.dataset import LiveDataset
from playproof.emulator.datasets import Datasets
from playproof.store import open_store
from playproof.store.sqlite.driver import find_driver
from tests.emulating import API_KEY, Running, running_emulator
from tests.hosting import COLUMNS, Site, trained

pytestmark = pytest.mark.skipif(not find_driver().sharable, reason=f"{find_driver()} cannot be shared between processes")

TIMES = 100
PATIENCE = 300

# Publishes one session of its own for each name that it reads, and says how that went.
PROGRAM = """
import asyncio, json, os, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
import msgspec, numpy as np
from playproof.features import CATALOGUE_VERSION, NAMES
from playproof.settings import ApiKey, Secret
from playproof.store import Awaiting, Live, open_store
from playproof.testing import FakeClock, session_record
from playproof.woodwide import Connection, connect
from playproof.woodwide.flights import Passenger
from playproof.woodwide.ledger import StoredLedger
from playproof.woodwide.mapping import Columns
from playproof.woodwide.model import HostedModel
from playproof.woodwide.publishing import Publishing

given = json.loads(sys.argv[1])
model = HostedModel(given["model"], given["version"], Columns(given["columns"]))
connection = Connection(base_url=given["url"], keys=(ApiKey("key", Secret(given["key"])),))
row = np.ones(len(NAMES))
held = Awaiting(assessment=b"{}", next_at=0, holder="p", held_until=0)
# By the clock of one that comes late, the lease of the dead is over.
clock = FakeClock(datetime.now(UTC) + timedelta(hours=given["how"] == "late"))

class Ledger(StoredLedger):
    async def announced(self, plan, upload):
        if given["how"] == "stay":
            print("made", flush=True)
            await asyncio.sleep(3600)
        await super().announced(plan, upload)

async def elsewhere(passengers):
    return {passenger.key: "elsewhere" for passenger in passengers}

async def work(name):
    store = open_store(Path(given["folder"]), live=Live(name), clock=clock)
    record = msgspec.structs.replace(
        session_record(f"{os.getpid()}"), features=row.astype("<f8").tobytes(), catalogue_version=CATALOGUE_VERSION, awaited=held,
        scope=name,
    )
    number = store.put(record).result(60).number
    ledger = Ledger(store, name, max_rows=10, holder=str(os.getpid()))
    async with connect(connection) as woodwide:
        answers = await Publishing(woodwide, model, ledger, elsewhere, patience=60.0)([Passenger(number, row)])
        published = answers[number] != "elsewhere"
        # Whoever waited for the other is next.
        await ledger.release()
        while answers[number] == "elsewhere":
            await asyncio.sleep(0.01)
            answers = await Publishing(woodwide, model, ledger, elsewhere, patience=60.0)([Passenger(number, row)])
        await ledger.release()
    remote = store.live.find(name).remote_id
    store.close()
    return f"{int(published)} {remote} {answers[number].raw}"

for line in sys.stdin:
    print(asyncio.run(work(line.strip())), flush=True)
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[tuple[Running, dict[str, object]]]:
    """A provider that lets two datasets have one name, and what a process has to know of it."""
    with running_emulator() as running, pytest.MonkeyPatch.context() as patch:
        _, training = Site(running).run(trained)
        patch.setattr(Datasets, "_living", lambda _: [])
        yield (
            running,
            {
                "model": training.model_id,
                "version": training.version_id,
                "columns": COLUMNS.names,
                "url": running.url,
                "key": API_KEY,
            },
        )


def process(folder: Path, how: str, given: dict[str, object]) -> subprocess.Popen[str]:
    told = json.dumps({**given, "folder": str(folder / "data"), "how": how})
    return subprocess.Popen([sys.executable, "-c", PROGRAM, told], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)


def made(running: Running, name: str) -> list[str]:
    found, _ = running.service.do(lambda: running.service.datasets.find(name, 200, None, archived=False))
    return [dataset.id for dataset in found if dataset.name == name]


def test_two_processes_at_once_make_one_dataset_a_hundred_times(tmp_path: Path, provider: tuple[Running, dict[str, object]]) -> None:
    running, given = provider
    pair = [process(tmp_path, "go", given) for _ in range(2)]
    at_once = 0
    for number in range(TIMES):
        for one in pair:
            assert one.stdin is not None
            one.stdin.write(f"d{number}\n")
        answers = []
        for one in pair:
            assert one.stdout is not None
            answers.append(one.stdout.readline().split())
        (first, remote, score), (second, remote_too, score_too) = answers
        assert made(running, f"d{number}") == [remote]
        assert (remote, score) == (remote_too, score_too)
        assert "1" in (first, second)
        at_once += (first, second) != ("1", "1")
    for one in pair:
        assert one.communicate(timeout=PATIENCE)[0] == ""
        assert one.returncode == 0
    assert at_once, "they never met"


def test_a_process_killed_before_it_noted_what_it_made_leaves_it_to_the_next(
    tmp_path: Path, provider: tuple[Running, dict[str, object]]
) -> None:
    running, given = provider
    dead = process(tmp_path, "stay", given)
    assert dead.stdin is not None
    assert dead.stdout is not None
    dead.stdin.write("live\n")
    assert dead.stdout.readline() == "made\n"
    dead.kill()
    dead.wait(PATIENCE)
    for pipe in (dead.stdin, dead.stdout):
        pipe.close()
    (remote,) = made(running, "live")
    with closing(open_store(tmp_path / "data")) as store:
        assert LiveDataset(store).find("live").remote_id is None

    next_one = process(tmp_path, "late", given)
    out, _ = next_one.communicate("live\n", timeout=PATIENCE)
    assert out.split()[:2] == ["1", remote]
    assert made(running, "live") == [remote]
