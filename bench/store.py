"""The store: how many sessions a second reach the disk, alone and beside an event loop that is busy with requests.

    python -m bench.store [--seconds 5] [--write]

The busy loop does what a request costs before its verdict is stored (47 KB in, decoded, made canonical), in tasks each of
which waits for its session to be on disk before it takes the next. PostgreSQL is a server of our own on the same machine, on a
Unix socket and with the settings it comes with. With --write the figures go into docs/storage.md.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import uvloop
import zstandard

from bench.document import write_block
from bench.machine import machine
from bench.sessions import bodies
from playproof.store import Commit, PutOutcome, SessionRecord, Store, open_store
from playproof.store.postgres.inspection import inspect
from playproof.store.sqlite.driver import find_driver
from playproof.telemetry import canonical, decode
from playproof.testing import session_record
from playproof.web.ferry import Ferry
from tests.postgres import OwnServer, find_programs, own_server

CONNECTIONS = (8, 64)
IN_FLIGHT = (1, 8, 64)

Place = Callable[[], AbstractContextManager[str | None]]
"""A fresh database: its address, or `None` for a file."""


@dataclass(slots=True)
class Figures:
    """What one measurement saw."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Sessions a second."""
        return len(self.latencies) / self.seconds

    def words(self) -> str:
        """The figures in words."""
        p50, p99 = np.percentile(self.latencies, [50, 99]) * 1e3
        group = sum(commit.sessions for commit in self.commits) / len(self.commits)
        return f"{self.rate:,.0f}/s, {p50:.1f} ms median, {p99:.1f} ms p99, {group:.1f} a commit"


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


def measure(work: Callable[[Store, Figures], None], place: Place) -> Figures:
    """`work` on a fresh store."""
    figures = Figures()
    with (
        tempfile.TemporaryDirectory(prefix="playproof-bench-") as folder,
        place() as url,
        closing(open_store(Path(folder), database_url=url, on_commit=figures.commits.append)) as store,
    ):
        work(store, figures)
    return figures


@contextmanager
def places() -> Iterator[dict[str, Place]]:
    """Where the store can be measured, by the engine's name."""
    found: dict[str, Place] = {str(find_driver()): nullcontext}
    if find_programs() is None:
        yield found
        return
    with own_server() as server:
        yield {**found, f"PostgreSQL {server_version(server)}": server.database}


def server_version(server: OwnServer) -> str:
    """Such as `18.4`."""
    return inspect(server.url()).version


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
    parser.add_argument("--write", action="store_true", help="put the figures into docs/storage.md")
    given = parser.parse_args(arguments)
    requests = bodies("rows")
    contents = [canonical(decode(body)) for body in requests]
    works: dict[str, Callable[[Store, Figures], None]] = {
        **{f"alone, {number} waiting": partial(alone, number, contents, given.seconds) for number in IN_FLIGHT},
        **{f"beside {number} requests at a time": partial(beside_requests, number, requests, given.seconds) for number in CONNECTIONS},
    }
    print(f"store, {machine()}")
    levels(contents)
    with places() as found:
        lines = [f"| sessions | {' | '.join(found)} |" + (" ratio |" if len(found) > 1 else "")]
        lines.append("| --- | " + "--- | " * len(found) + ("---: |" if len(found) > 1 else ""))
        for name, work in works.items():
            each = [measure(work, place) for place in found.values()]
            ratio = [f"{each[1].rate / each[0].rate:.2f}"] if len(each) > 1 else []
            lines.append("| " + " | ".join([name, *(figures.words() for figures in each), *ratio]) + " |")
            print(lines[-1], flush=True)
    if given.write:
        write_block("docs/storage.md", "bench.store", "\n".join([f"`python -m bench.store`, {machine()}:", "", *lines]))


if __name__ == "__main__":
    main()
