"""What visitors' challenges cost the store: so many at a time as a busy site has, and as many as it takes.

    python -m bench.challenges_store [--seconds 20] [--nice 0] [--write]

A visitor begins a challenge that two rates count, sends 16 batches of events, for each of which the challenge is read and its state
replaced, ends it with a signature, has a session of 8 KB of telemetry stored with a token, and the site's backend spends that. Ten visitors
begin in a second and send a batch every 100 ms; then 64 at a time do all that without a pause. PostgreSQL is a server of our own on the
same machine, on a Unix socket and with the settings it comes with. With --write the figures go into docs/storage.md.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import itertools
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import uvloop

from bench.document import write_block
from bench.machine import machine, niceness
from bench.store import Place, places
from playproof.challenges.buckets import rows_of
from playproof.challenges.signature import Signature
from playproof.store import ChallengeRecord, Rate, Store, TokenRecord, open_store
from playproof.testing import session_record
from playproof.web.ferry import Ferry

T = TypeVar("T")

BATCHES = 16
PAUSE = 0.1
BEGIN = 10
"""Visitors in a second."""
CROWD = 64
STATE = os.urandom(1500)
EVENTS = os.urandom(2000)
TELEMETRY = os.urandom(8192)
ADDRESSES = 1000
STROKES = 17
SITE = "site_bench"

STEPS = ("issue", "advance", "close", "conclude", "spend")


class Visitors:
    """Everybody who plays, and how long each step took, in seconds."""

    def __init__(self, store: Store) -> None:
        self.took: defaultdict[str, list[float]] = defaultdict(list)
        self._store = store
        self._ferry: Ferry[Any] = Ferry(store.hurry, lambda _: None)
        self._numbers = itertools.count()
        self._rng = np.random.default_rng(1)

    async def visit(self, pause: float) -> None:
        """One from the first step to the last."""
        number = next(self._numbers)
        name, store = f"ch_{number:012d}", self._store.challenges
        begun = self._now()
        record = ChallengeRecord(
            id=name, site=SITE, way="game", game="osu", state=STATE, hostname="shop.example", address=b"a" * 16, issued_at=begun,
            expires_at=begun + 120_000,
        )  # fmt: skip
        limits = [Rate(b"%016d" % (number % ADDRESSES), 60_000, 10**9), Rate(b"site", 60_000, 10**9)]
        await self._timed("issue", lambda: store.issue(record, limits))
        for _ in range(BATCHES):
            await asyncio.sleep(pause)
            assert await self._advanced(name)
        signature = self._play()
        packed, rows = signature.pack(), rows_of(signature)
        assert await self._timed("close", lambda: store.close(name, BATCHES, STATE, b"closing", packed, rows, self._now()))
        session = session_record(name, scope=f"site:{SITE}", content=TELEMETRY, verdict=b"x" * 1500, received_at=self._now())
        token = TokenRecord(
            digest=hashlib.sha256(name.encode()).digest(), challenge=name, site=SITE, scope=session.scope, session_id=name,
            hostname="shop.example", issued_at=begun, expires_at=begun + 300_000, way="game", game="osu", device="mouse",
        )  # fmt: skip
        await self._timed("conclude", lambda: store.conclude(name, session, token, self._now()))
        spent = await self._timed("spend", lambda: self._store.tokens.spend(token.digest, SITE, self._now(), None, lambda *_: b"{}"))
        assert spent.outcome == "spent"

    async def _advanced(self, name: str) -> bool:
        """Whether a batch was accepted, as by a replica that knows nothing of the challenge and looks in a thread of its own."""
        started = time.perf_counter()
        stored = await asyncio.to_thread(self._store.challenges.get, name)
        assert stored is not None
        taken = await self._ferry.landed(self._store.challenges.advance(name, stored.sequence + 1, STATE, EVENTS, self._now()))
        self.took["advance"].append(time.perf_counter() - started)
        return bool(taken)

    async def _timed(self, step: str, ask: Callable[[], Future[T]]) -> T:
        started = time.perf_counter()
        result: T = await self._ferry.landed(ask())
        self.took[step].append(time.perf_counter() - started)
        return result

    def _play(self) -> Signature:
        codes = self._rng.integers(-90, 90, (STROKES, 12)).astype(np.int8)
        return Signature(codes, np.sort(self._rng.integers(0, 8000, STROKES)).astype(np.uint16))

    def _now(self) -> int:
        return int(time.time() * 1000)


async def steady(visitors: Visitors, seconds: float) -> None:
    """Ten begin in each second."""
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(seconds * BEGIN)):
            await asyncio.sleep(max(0.0, started + number / BEGIN - time.perf_counter()))
            group.create_task(visitors.visit(PAUSE))


async def crowded(visitors: Visitors, seconds: float) -> None:
    """As fast as it goes."""
    end = time.perf_counter() + seconds

    async def again() -> None:
        while time.perf_counter() < end:
            await visitors.visit(0.0)

    await asyncio.gather(*(again() for _ in range(CROWD)))


def measure(work: Callable[[Visitors, float], Coroutine[Any, Any, None]], place: Place, seconds: float) -> tuple[Visitors, float]:
    """Who visited a fresh store, and in how many seconds."""
    with (
        tempfile.TemporaryDirectory(prefix="playproof-bench-") as folder,
        place() as url,
        closing(open_store(Path(folder), database_url=url)) as store,
    ):
        visitors = Visitors(store)
        uvloop.run(visitors.visit(0.0))  # compiles what is compiled
        visitors.took.clear()
        started = time.perf_counter()
        uvloop.run(work(visitors, seconds))
        return visitors, time.perf_counter() - started


def words(took: list[float], seconds: float) -> str:
    """The figures in words."""
    p50, p99 = np.percentile(took, [50, 99]) * 1e3
    return f"{len(took) / seconds:,.0f}/s, {p50:.1f} ms median, {p99:.1f} ms p99"


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Speed of the store under challenges.")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--nice", type=int, default=0, help="niceness of what is timed")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/storage.md")
    given = parser.parse_args(arguments)
    nice = f" --nice {given.nice}" if given.nice else ""
    head = f"`python -m bench.challenges_store{nice}`, {machine()}; {os.getloadavg()[0]:.1f} processes at work when it began:"
    print(head)
    with niceness(given.nice), places() as found:
        lines = [f"| step | {' | '.join(found)} |", "| --- |" + " --- |" * len(found)]
        for name, work in ((f"{BEGIN} visitors a second", steady), (f"{CROWD} visitors at a time", crowded)):
            each = [measure(work, place, given.seconds) for place in found.values()]
            for step in STEPS:
                lines.append(f"| {name}: {step} | " + " | ".join(words(one.took[step], seconds) for one, seconds in each) + " |")
                print(lines[-1], flush=True)
    if given.write:
        write_block("docs/storage.md", "bench.challenges_store", "\n".join([head, "", *lines]))


if __name__ == "__main__":
    main()
