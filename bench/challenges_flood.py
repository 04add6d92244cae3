"""Those who mean a service ill, from one address: challenges without end, bodies that are too large, bodies that do not come."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable

import msgspec
import uvloop

from bench.challenges_http import Lines, post

ADDRESS = "203.0.113.7"
BEGINNING, LARGE, SLOW = 500, 8, 200
"""Connections of each kind."""
LARGE_BYTES = 3 * 1024**2
SLOW_BYTES = 1_000
BYTE_SECONDS = 1.0
NICE = 5
"""A flood comes from elsewhere: here it leaves the service the processor that it would have."""

_BEGIN = msgspec.json.encode({"sitekey": "pk_shop", "game": "osu"})

Flood = Callable[["Attack"], Awaitable[None]]


class Attack:
    """A flood that is under way."""

    def __init__(self, host: str, port: int, names: list[str], seconds: float) -> None:
        self.host, self.port, self.names = host, port, names
        self.end = time.perf_counter() + seconds
        self.answers: Counter[str] = Counter()

    @property
    def over(self) -> bool:
        """It has lasted long enough."""
        return time.perf_counter() >= self.end


async def begin(attack: Attack) -> None:
    """Ask for challenges without a pause."""
    line = await Lines(attack.host, attack.port).another()
    request = post("/api/v1/challenges", _BEGIN, ADDRESS)
    while not attack.over:
        reply = await line.ask(request)
        attack.answers[f"challenges {reply.status}"] += 1
    line.transport.close()


async def send_much(attack: Attack) -> None:
    """Send bodies of 3 MiB without a pause: every other with its length, and every other in chunks."""
    body = b" " * LARGE_BYTES
    chunk = b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    number = 0
    while not attack.over:
        number += 1
        path = f"/api/v1/challenges/{attack.names[number % len(attack.names)]}/events" if number % 3 else "/api/v1/challenges"
        head = post(path, b"", ADDRESS, LARGE_BYTES)
        if number % 2:
            head = head.replace(b"Content-Length: %d" % LARGE_BYTES, b"Transfer-Encoding: chunked")
        attack.answers[f"3 MiB {await _exchange(attack, head, chunk if number % 2 else body)}"] += 1


async def send_slowly(attack: Attack) -> None:
    """Send a byte a second."""
    while not attack.over:
        reader, writer = await asyncio.open_connection(attack.host, attack.port)
        writer.write(post("/api/v1/challenges", b"{", ADDRESS, SLOW_BYTES))
        answer = asyncio.ensure_future(reader.read(64))
        while not answer.done() and not attack.over:
            await asyncio.wait({answer}, timeout=BYTE_SECONDS)
            writer.write(b" ")
        if answer.done() and answer.exception() is None:
            attack.answers[f"slow {answer.result()[9:12].decode() or 'hung up'}"] += 1
        answer.cancel()
        writer.close()


async def _exchange(attack: Attack, head: bytes, body: bytes) -> str:
    """The status that is answered to a large body, all of which is sent if it can be."""
    reader, writer = await asyncio.open_connection(attack.host, attack.port)
    try:
        writer.write(head)
        writer.write(body)
        async with asyncio.timeout(30.0):
            status = (await reader.read(64))[9:12].decode()
            await writer.drain()
    except (ConnectionError, TimeoutError) as error:
        return type(error).__name__
    finally:
        writer.close()
    return status or "hung up"


KINDS: dict[str, list[tuple[Flood, int]]] = {
    f"{BEGINNING} connections that ask for challenges without a pause": [(begin, BEGINNING)],
    f"{LARGE} connections that send 3 MiB bodies without a pause": [(send_much, LARGE)],
    f"{SLOW} bodies of which a byte comes in a second": [(send_slowly, SLOW)],
    "all of that at once": [(begin, BEGINNING), (send_much, LARGE), (send_slowly, SLOW)],
}


def flood(host: str, port: int, kind: str, names: list[str], seconds: float) -> Counter[str]:
    """Flood a service for so long; `names` are open challenges. What was answered, how often."""
    if os.nice(0) < NICE:
        os.nice(NICE)
    return uvloop.run(_flood(Attack(host, port, names, seconds), KINDS[kind]))


async def _flood(attack: Attack, floods: list[tuple[Flood, int]]) -> Counter[str]:
    await asyncio.gather(*(each(attack) for each, connections in floods for _ in range(connections)))
    return attack.answers
