"""Clients of a service for measurements of challenges: connections that time each answer, and when who comes."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any, NamedTuple, cast

import msgspec
import numpy as np

ORIGIN = "https://shop.example"

_LENGTH = re.compile(rb"content-length: (\d+)")


class Reply(NamedTuple):
    """An answer."""

    status: int
    body: bytes
    seconds: float
    """From the request, or from when it was due, to the whole answer."""


@dataclass
class Seen:
    """What a client saw."""

    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Of each good answer, by what was asked."""
    refused: Counter[str] = field(default_factory=Counter)
    """Other answers, by what was asked and their status."""
    visitors: list[str] = field(default_factory=list)
    """Challenges that were ended with a token."""

    def note(self, what: str, reply: Reply) -> None:
        """Count an answer."""
        if reply.status < 300:
            self.seconds[what].append(reply.seconds)
        else:
            self.refused[f"{what} {reply.status}"] += 1

    def words(self, *whats: str) -> str:
        """How many answers there were, and how soon."""
        took = [each for what in whats for each in self.seconds[what]]
        if not took:
            return "none"
        p50, p95, p99 = np.percentile(took, [50, 95, 99]) * 1e3
        return f"{len(took):,}: {p50:.0f} ms median, {p95:.0f} ms p95, {p99:.0f} ms p99"


class Line(asyncio.Protocol):
    """A connection that carries one request at a time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it
        self._buffer = b""
        self._reply: asyncio.Future[tuple[int, bytes, float]] | None = None

    async def ask(self, request: bytes, due: float | None = None) -> Reply:
        """The answer to a request, timed from `due` where that is given (`time.perf_counter`)."""
        reply = self._reply = asyncio.get_running_loop().create_future()
        sent = time.perf_counter() if due is None else due
        self.transport.write(request)
        status, body, done = await reply
        return Reply(status, body, done - sent)

    def data_received(self, data: bytes) -> None:
        """Collect the answer."""
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head) if end else None
        if length is None or len(body) < int(length[1]):
            return
        self._buffer = b""
        assert self._reply is not None
        self._reply.set_result((int(head[9:12]), body, time.perf_counter()))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(exc or ConnectionResetError("the service hung up"))


class Lines:
    """Connections to a service, as many as are needed at once."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._free: list[Line] = []

    async def ask(self, path: str, content: Any, address: str, due: float | None = None) -> Reply:
        """The answer to a POST of `content` by a visitor at `address`."""
        request = post(path, msgspec.json.encode(content), address)
        line = None
        while self._free and (line is None or line.transport.is_closing()):  # the service lets go of those that say nothing
            line = self._free.pop()
        if line is None or line.transport.is_closing():
            line = await self.another()
        reply = await line.ask(request, due)
        self._free.append(line)
        return reply

    async def another(self) -> Line:
        """A new connection."""
        _, line = await asyncio.get_running_loop().create_connection(Line, self._host, self._port)
        return line


def post(path: str, body: bytes, address: str, length: int | None = None) -> bytes:
    """A request as a proxy passes it on; `length` is declared where it is not that of `body`."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: {ORIGIN}\r\nX-Forwarded-For: {address}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n"
    return head.encode() + body


def arrivals(rate: float, seconds: float, rng: np.random.Generator) -> list[float]:
    """When visitors come who know nothing of each other, `rate` a second: seconds from the beginning, rising."""
    times: list[float] = np.sort(rng.uniform(0.0, seconds, round(rate * seconds))).tolist()
    return times


async def until(due: float) -> None:
    """Wait for a time of `time.perf_counter`."""
    await asyncio.sleep(max(0.0, due - time.perf_counter()))


@contextmanager
def client() -> Iterator[ProcessPoolExecutor]:
    """A process that does what is submitted to it, and has started."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(_import_all).result()
        yield pool


def _import_all() -> None:
    import bench.challenges_flood
    import bench.challenges_visits  # noqa: F401
