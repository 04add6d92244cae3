"""The store: how many sessions a second reach the disk, alone and beside an event loop that is busy with requests.

    python -m bench.store [--seconds 5]

The busy loop does what a request costs before its verdict is stored (47 KB in, decoded, made canonical), in tasks each of
which waits for its session to be on disk before it takes the next.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import uvloop
import zstandard

from bench.machine import machine
from bench.sessions import bodies
from playproof.store import Commit, PutOutcome, SessionRecord, Store, open_store
from playproof.store.sqlite.driver import find_driver
from playproof.telemetry import canonical, decode
from playproof.testing import session_record
from playproof.web.ferry import Ferry

CONNECTIONS = (8, 64)
IN_FLIGHT = (1, 8, 64)


@dataclass(slots=True)
class Figures:
    """What one measurement saw."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)

    def line(self, name: str) -> str:
        """The figures in words."""
        p50, p99 = np.percentile(self.latencies, [50, 99]) * 1e3
        group = sum(commit.sessions for commit in self.commits) / len(self.commits)
        each = f"{p50:.1f} ms median, {p99:.1f} ms p99"
        return f"{name:<32} {len(self.latencies) / self.seconds:7,.0f} sessions/s  {each}, {group:.1f} a commit"


def record(number: int, content: bytes) -> SessionRecord:
    """A session of its own with this content."""
    return session_record(f"bench-{number:012d}", content=content, verdict=b"x" * 1200)


def alone(in_flight: int, contents: list[bytes], seconds: float, store: Store, figures: Figures) -> None:
    """Keep `in_flight` sessions waiting."""
    waiting: deque[Future[PutOutcome]] = deque()
    started = time.perf_counter()
    number = 0
    while time.perf_counter() < started + seconds:
        future = store.put(record(number, contents[number % len(contents)]))
        future.add_done_callback(partial(_note, figures, time.perf_counter()))
        waiting.append(future)
        number += 1
        if len(waiting) >= in_flight:
            waiting.popleft().result()
    for future in waiting:
        future.result()
    figures.seconds = time.perf_counter() - started


def _note(figures: Figures, put_at: float, _: object) -> None:
    figures.latencies.append(time.perf_counter() - put_at)


async def _connection(store: Store, ferry: Ferry[PutOutcome], requests: list[bytes], end: float, first: int, figures: Figures) -> None:
    client, server = socket.socketpair()
    loop = asyncio.get_running_loop()
    for end_point in (client, server):
        end_point.setblocking(False)
    number = first
    while time.perf_counter() < end:
        started = time.perf_counter()
        body = requests[number % len(requests)]
        sending = asyncio.ensure_future(loop.sock_sendall(client, body))
        parts = bytearray()
        while len(parts) < len(body):
            parts += await loop.sock_recv(server, 65536)
        await sending
        session = decode(bytes(parts))
        content = canonical(session)
        await ferry.landed(store.put(record(number, content)))
        figures.latencies.append(time.perf_counter() - started)
        number += 1
    client.close()
    server.close()


def beside_requests(connections: int, requests: list[bytes], seconds: float, store: Store, figures: Figures) -> None:
    """Tasks of one event loop, each with one request under way."""

    async def serve() -> None:
        ferry: Ferry[PutOutcome] = Ferry(store.hurry, lambda _: None)
        started = time.perf_counter()
        end = started + seconds
        await asyncio.gather(*(_connection(store, ferry, requests, end, task * 10**9, figures) for task in range(connections)))
        figures.seconds = time.perf_counter() - started

    uvloop.run(serve())


def measure(work: Callable[[Store, Figures], None]) -> Figures:
    """`work` on a fresh store."""
    figures = Figures()
    with (
        tempfile.TemporaryDirectory(prefix="playproof-bench-") as folder,
        closing(open_store(Path(folder), on_commit=figures.commits.append)) as store,
    ):
        work(store, figures)
    return figures


def levels(contents: list[bytes]) -> None:
    """What zstd makes of telemetry, by level."""
    size = sum(map(len, contents)) / len(contents)
    for level in (1, 3, 6):
        compressor = zstandard.ZstdCompressor(level=level)
        started = time.perf_counter()
        packed = sum(len(compressor.compress(content)) for content in contents) / len(contents)
        micros = (time.perf_counter() - started) / len(contents) * 1e6
        print(f"zstd level {level}: {size:,.0f} bytes to {packed:,.0f}, {micros:.0f} us a session")


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Speed of the store.")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    seconds = parser.parse_args(arguments).seconds
    requests = bodies("rows")
    contents = [canonical(decode(body)) for body in requests]
    print(f"store, {machine()}, {find_driver()}")
    levels(contents)
    for in_flight in IN_FLIGHT:
        figures = measure(partial(alone, in_flight, contents, seconds))
        print(figures.line(f"alone, {in_flight} waiting"))
    for connections in CONNECTIONS:
        figures = measure(partial(beside_requests, connections, requests, seconds))
        print(figures.line(f"beside {connections} requests at a time"))


if __name__ == "__main__":
    main()
