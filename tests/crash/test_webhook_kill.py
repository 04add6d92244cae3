"""Processes that deliver webhooks: one that is killed between sending and noting it, and two over one store."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from playproof.store import Notice, Posts, open_store
from playproof.store.sqlite.driver import find_driver
from playproof.testing import session_record
from playproof.webhooks.delivery import HOLD_SECONDS
from tests.receiving import SECRET, receiving

pytestmark = pytest.mark.skipif(not find_driver().sharable, reason=f"{find_driver()} cannot be shared between processes")

PATIENCE = 180
LETTERS = 60
AHEAD_SECONDS = 3600.0
"""So that a hold is not over while a slow machine starts the next process."""

# Delivers until it has been told to stop, or stays for ever with a letter that it has sent and not noted. `late` is by how many
# seconds its clock is ahead.
PROGRAM = """
import asyncio, json, os, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from playproof.clock import SystemClock
from playproof.ids import process_name
from playproof.observe.metrics import Metrics
from playproof.settings import Secret, Settings
from playproof.store import open_store
from playproof.webhooks.delivery import Delivery
from playproof.webhooks.runtime import sender_of

given = json.loads(sys.argv[1])

class Ahead(SystemClock):
    def now(self):
        return super().now() + timedelta(seconds=given["late"])

async def sleep(seconds):
    if seconds > 1.0:
        print("looked", flush=True)
    await asyncio.sleep(seconds)

clock = Ahead()
store = open_store(Path(given["folder"]), clock=clock)
settings = Settings(webhook_url=given["url"], webhook_secret=(Secret(given["secret"]),), webhook_private=True)
delivery = Delivery(
    store.outbox,
    sender_of(settings, clock),
    holder=process_name(os.urandom),
    metrics=Metrics(),
    clock=clock,
    random=os.urandom,
    sleep=sleep,
    grace=60.0,
)

if given["stay"]:
    def delivered(letter, holder):
        print(letter, flush=True)
        sys.stdin.read()
    store.outbox.delivered = delivered

async def work():
    async with delivery:
        await asyncio.to_thread(sys.stdin.readline)

asyncio.run(work())
store.close()
"""


def started(folder: Path, url: str, *, stay: bool = False, late: float = 0.0) -> subprocess.Popen[str]:
    given = {"folder": str(folder), "url": url, "secret": SECRET, "stay": stay, "late": late}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, json.dumps(given)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def stop(process: subprocess.Popen[str]) -> None:
    process.communicate("stop\n", timeout=PATIENCE)
    assert process.returncode == 0


def post(folder: Path, count: int) -> list[str]:
    """Put letters in; their ids."""
    with closing(open_store(folder)) as store:
        for number in range(count):
            session = store.put(session_record(f"session {number}")).result(PATIENCE).number
            store.outbox.add(session, Notice(f"msg_{number:03}", b"{}"))
    return [f"msg_{number:03}" for number in range(count)]


def counts(folder: Path) -> Posts:
    with closing(open_store(folder)) as store:
        return store.outbox.counts()


def test_what_a_killed_process_had_sent_but_not_noted_is_sent_again_with_the_same_id(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (name,) = post(folder, 1)
    with receiving() as receiver:
        with started(folder, receiver.url(), stay=True, late=AHEAD_SECONDS) as first:
            assert name in (said(first), said(first))
            assert receiver.next().id == name
            first.kill()
        assert counts(folder) == Posts(waiting=1, delivered=0, given_up=0)

        # Before the hold is over, nobody sends it.
        with started(folder, receiver.url()) as early:
            assert said(early) == "looked"
            stop(early)
        assert receiver.arrivals.empty()

        with started(folder, receiver.url(), late=AHEAD_SECONDS + HOLD_SECONDS) as second:
            assert receiver.next().id == name
            stop(second)
    assert receiver.arrivals.empty()
    assert counts(folder) == Posts(waiting=0, delivered=1, given_up=0)


def test_two_processes_over_one_store_send_every_letter_once(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    names = post(folder, LETTERS)
    with receiving() as receiver, started(folder, receiver.url()) as one, started(folder, receiver.url()) as two:
        arrived = Counter(receiver.next().id for _ in names)
        stop(one)
        stop(two)
    assert arrived == Counter(names)
    assert receiver.arrivals.empty()
    assert counts(folder) == Posts(waiting=0, delivered=LETTERS, given_up=0)
