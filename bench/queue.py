"""The batch queue: how fast sessions are queued and worked off, and what a claim costs when a million wait.

    python -m bench.queue [--store sqlite postgres] [--seconds 5] [--sessions 5000] [--length 1000000] [--page FILE]

Sessions are queued durably by 64 callers, tasks of one event loop as in the service and threads as in a program, each with a feature row
and 8 KB of telemetry that does not get smaller. They are worked off by one process with the embedded model. PostgreSQL is a
server of our own with its ordinary settings.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import psycopg
import uvloop

from bench.machine import machine
from bench.page import put
from bench.sessions import bodies
from playproof.batch.queue import SessionQueue
from playproof.batch.runtime import Batch
from playproof.clock import SystemClock
from playproof.features import NAMES
from playproof.observe.metrics import Metrics
from playproof.service import Service, build_judge, live_of
from playproof.settings import Settings
from playproof.store import Forming, PutOutcome, SessionRecord, Store, open_store
from playproof.telemetry import decode
from playproof.testing import session_record
from playproof.testing.queues import lengthen
from playproof.web.ferry import Ferry
from tests.postgres import own_server

CALLERS = 64
TELEMETRY_BYTES = 8192
VERDICT_BYTES = 1500
ASSESSMENT = b"x" * 250
CLAIMS = 200
CLOCK = SystemClock()
SETTINGS = Settings()
QUEUED_BAR = {"sqlite": "3,000/s, p99 under 50 ms", "postgres": "2,000/s, p99 under 50 ms"}

Open = partial[Store]


@contextlib.contextmanager
def place(engine: str) -> Iterator[Open]:
    """Where a store is opened, empty."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="playproof-bench-")))
        url = stack.enter_context(stack.enter_context(own_server()).database()) if engine == "postgres" else None
        yield partial(open_store, folder, clock=CLOCK, live=live_of(SETTINGS), database_url=url)


def records(count: int = 200) -> list[SessionRecord]:
    """Scored sessions, as they are given to the store."""
    features = os.urandom(8 * len(NAMES))
    made = [session_record("", content=os.urandom(TELEMETRY_BYTES), verdict=b"x" * VERDICT_BYTES) for _ in range(count)]
    return [msgspec.structs.replace(record, features=features) for record in made]


def by_tasks(store: Store, seconds: float) -> list[float]:
    """Seconds each session took to be queued, by callers on one event loop."""
    queue, made = SessionQueue(store, most=10**9, clock=CLOCK), records()
    took: list[float] = []

    async def caller(ferry: Ferry[PutOutcome], name: int, end: float) -> None:
        number = 0
        while (begun := time.perf_counter()) < end:
            record = msgspec.structs.replace(made[number % len(made)], session_id=f"t{name}-{number}")
            await ferry.landed(queue.enqueue(record, ASSESSMENT))
            took.append(time.perf_counter() - begun)
            number += 1

    async def all_callers() -> None:
        ferry: Ferry[PutOutcome] = Ferry(store.hurry, lambda _: None)
        end = time.perf_counter() + seconds
        await asyncio.gather(*(caller(ferry, name, end) for name in range(CALLERS)))

    uvloop.run(all_callers())
    return took


def by_threads(store: Store, seconds: float) -> list[float]:
    """Seconds each session took to be queued, by callers that are threads."""
    queue, made = SessionQueue(store, most=10**9, clock=CLOCK), records()
    took: list[float] = []
    end = time.perf_counter() + seconds

    def caller(name: int) -> None:
        number = 0
        while (begun := time.perf_counter()) < end:
            record = msgspec.structs.replace(made[number % len(made)], session_id=f"h{name}-{number}")
            queue.enqueue(record, ASSESSMENT).result()
            took.append(time.perf_counter() - begun)
            number += 1

    threads = [threading.Thread(target=caller, args=(name,)) for name in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def queued(engine: str, measure: Callable[[Store, float], list[float]], seconds: float) -> str:
    """How fast callers queue sessions."""
    with place(engine) as opened, closing(opened()) as store:
        measure(store, 1.0)
    with place(engine) as opened, closing(opened()) as store:
        took = measure(store, seconds)
    p50, p99 = np.percentile(took, [50, 99]) * 1e3
    return f"{len(took) / seconds:,.0f}/s, {p50:.0f} ms median, {p99:.0f} ms p99"


def drained(engine: str, sessions: int) -> str:
    """How fast one process works the queue off."""
    judge = build_judge(SETTINGS, clock=CLOCK)
    plays = [decode(body) for body in bodies("columns")]
    with place(engine) as opened, closing(opened()) as store:
        service = Service(judge, store, clock=CLOCK, queue=SessionQueue(store, most=10**9, clock=CLOCK))
        submitted = [service.submit(replace(plays[number % len(plays)], id=f"s{number}"), use_batch=True) for number in range(sessions)]
        for submission in submitted:
            submission.outcome.result()
        batch = Batch(SETTINGS, judge, store, Metrics(), CLOCK, holder="bench")
        started, cpu = time.perf_counter(), time.process_time()
        done = uvloop.run(batch.scheduler.process())
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    assert done.final == sessions
    return f"{sessions / seconds:,.0f}/s, {1e6 * cpu / sessions:.0f} µs of the process's own time each"


def claimed(engine: str, length: int) -> str:
    """What a claim takes in a long queue."""
    with place(engine) as opened, closing(opened()) as store:
        SessionQueue(store, most=10, clock=CLOCK).enqueue(session_record("s1", received_at=0), b"{}").result()
        lengthen(store, length)
        if url := opened.keywords["database_url"]:
            with psycopg.connect(url, autocommit=True) as connection:  # what the server does in its own time after so many rows at once
                connection.execute("VACUUM ANALYZE")
                connection.execute("CHECKPOINT")
        rule = Forming(SETTINGS.batch_min, int(SETTINGS.batch_wait * 1000), SETTINGS.batch_max)
        took = []
        for _ in range(CLAIMS):
            begun = time.perf_counter()
            entries = store.batch.claim("bench", 3600.0, rule)
            took.append(time.perf_counter() - begun)
            assert len(entries) == rule.most
    p50, p99 = np.percentile(took, [50, 99]) * 1e3
    return f"{p50:.1f} ms median, {p99:.1f} ms p99"


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Speed of the batch queue.")
    parser.add_argument("--store", nargs="+", choices=list(QUEUED_BAR), default=list(QUEUED_BAR))
    parser.add_argument("--seconds", type=float, default=5.0, help="for which sessions are queued")
    parser.add_argument("--sessions", type=int, default=5000, help="that are worked off")
    parser.add_argument("--length", type=int, default=1_000_000, help="of the queue that is claimed from")
    parser.add_argument("--page", type=Path, help="a page to put the table into")
    given = parser.parse_args(arguments)
    lines = [
        f"{machine()}; {os.getloadavg()[0]:.1f} processes at work when it began.",
        "",
        "| what | store | figure | bar |",
        "| --- | --- | ---: | ---: |",
    ]
    print(*lines, sep="\n")
    for engine in given.store:
        for what, bar, figure in (
            (f"queued by {CALLERS} callers of one event loop", QUEUED_BAR[engine], partial(queued, engine, by_tasks, given.seconds)),
            (f"queued by {CALLERS} threads", QUEUED_BAR[engine], partial(queued, engine, by_threads, given.seconds)),
            ("worked off by one process, embedded model", "1,500/s", partial(drained, engine, given.sessions)),
            (f"a claim where {given.length:,} wait", "median under 5 ms", partial(claimed, engine, given.length)),
        ):
            lines.append(f"| {what} | {engine} | {figure()} | {bar} |")
            print(lines[-1], flush=True)
    if given.page:
        put(given.page, "bench.queue", "\n".join(lines))


if __name__ == "__main__":
    main()
