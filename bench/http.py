"""Load on `POST /api/v1/score`: requests a second and latency, with every verdict on disk before its answer.

    python -m bench.http [--seconds 10] [--connections 8] [--workers 1] [--form rows]

Starts `playproof serve` on a fresh data folder and, in a process of its own, a client that keeps each connection busy.
200 distinct sessions of 800 movements take turns; none carries an id, so each request is a new session to score and store.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, cast

from bench.machine import machine
from bench.sessions import bodies

WARM_UP_SECONDS = 2.0
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Load:
    """What the client saw: seconds of each answered request, by status."""

    seconds: float
    latencies: dict[int, list[float]]


class Connection(asyncio.Protocol):
    """One connection that sends its next request as soon as the last one is answered."""

    def __init__(self, requests: Iterator[bytes], until: float, latencies: dict[int, list[float]], done: asyncio.Event) -> None:
        self._requests = requests
        self._until = until
        self._latencies = latencies
        self._done = done
        self._buffer = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it
        self._next()

    def _next(self) -> None:
        self._sent = time.perf_counter()
        if self._sent >= self._until:
            self._transport.close()
            return
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        """Collect the answer; when it is whole, note it and go on."""
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        match = re.search(rb"content-length: (\d+)", head)
        assert match is not None, head
        if len(body) < int(match[1]):
            return
        self._latencies.setdefault(int(head[9:12]), []).append(time.perf_counter() - self._sent)
        self._buffer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that this connection is through."""
        self._done.set()


async def _load(host: str, port: int, requests: list[bytes], connections: int, seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    latencies: dict[int, list[float]] = {}
    started = time.perf_counter()
    through = []
    for number in range(connections):
        done = asyncio.Event()
        own = _in_turn(requests, number * len(requests) // connections)
        await loop.create_connection(partial(Connection, own, started + seconds, latencies, done), host, port)
        through.append(done.wait())
    async with asyncio.timeout(seconds + PATIENCE_SECONDS):
        await asyncio.gather(*through)
    return Load(time.perf_counter() - started, latencies)


def _in_turn(requests: list[bytes], start: int) -> Iterator[bytes]:
    while True:
        yield from requests[start:]
        yield from requests[:start]


def _client(host: str, port: int, requests: list[bytes], connections: int, seconds: float, out: multiprocessing.Queue[Load]) -> None:
    import uvloop

    out.put(uvloop.run(_load(host, port, requests, connections, seconds)))


def load(host: str, port: int, requests: list[bytes], connections: int, seconds: float) -> Load:
    """Keep `connections` busy for `seconds` from another process."""
    context = multiprocessing.get_context("spawn")
    out: multiprocessing.Queue[Load] = context.Queue()
    process = context.Process(target=_client, args=(host, port, requests, connections, seconds, out))
    process.start()
    result = out.get(timeout=seconds + 2 * PATIENCE_SECONDS)
    process.join()
    return result


class Served(NamedTuple):
    """A service that runs."""

    host: str
    port: int
    process: int
    """Its id."""


@contextlib.contextmanager
def service(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """A `playproof serve` on a free port, its log thrown away. `environment` comes on top of this process's."""
    command = [sys.executable, "-m", "playproof", "serve", "--port", "0", "--data-dir", str(folder), *arguments]
    given = {**os.environ, **(environment or {})}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=given) as process:
        assert process.stdout is not None
        found = (re.search(r"http://([\d.]+):(\d+)", line) for line in process.stdout)  # at its first start it compiles, and says so
        match = next(filter(None, found), None)
        assert match is not None, "the service did not start"
        try:
            yield Served(match[1], int(match[2]), process.pid)
        finally:
            process.terminate()


def as_requests(bodies: list[bytes], host: str, port: int) -> list[bytes]:
    """Each body as a whole HTTP request."""
    head = "POST /api/v1/score HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
    return [head.format(host, port, len(body)).encode() + body for body in bodies]


def measure(seconds: float, connections: int, workers: int, form: str) -> dict[str, object]:
    """Run the load; the figures."""
    sent = bodies(form)
    with (
        tempfile.TemporaryDirectory(prefix="playproof-bench-") as folder,
        service(Path(folder), "--workers", str(workers)) as (host, port, _),
    ):
        requests = as_requests(sent, host, port)
        load(host, port, requests, connections, WARM_UP_SECONDS)
        result = load(host, port, requests, connections, seconds)
    good = sorted(result.latencies.get(200, []))
    return {
        "requests/s": round(len(good) / result.seconds),
        "p50 ms": round(good[len(good) // 2] * 1000, 2),
        "p99 ms": round(good[len(good) * 99 // 100] * 1000, 2),
        "max ms": round(good[-1] * 1000, 2),
        "answered 200": len(good),
        "answered otherwise": sum(len(found) for status, found in result.latencies.items() if status != 200),
        "body bytes, mean": round(sum(map(len, sent)) / len(sent)),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.http", description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--form", choices=["rows", "columns"], default="rows")
    given = parser.parse_args()
    print(machine())
    print(
        f"POST /api/v1/score, {given.form} form, {given.connections} connections, {given.workers} worker(s), durable writes, "
        f"{given.seconds:g} s after {WARM_UP_SECONDS:g} s; 200 distinct sessions of 800 movements, each request a new session"
    )
    print(json.dumps(measure(given.seconds, given.connections, given.workers, given.form), indent=2))


if __name__ == "__main__":
    main()
