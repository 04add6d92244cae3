"""Visitors who play challenges over HTTP in real time, each at their own pace; and those who have played and end at once."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import numpy as np
import uvloop

from bench.challenges_http import Lines, Reply, Seen, arrivals, until
from playproof.challenges import GAMES, Answer, Batch, View
from playproof.testing.players import play_by_mouse
from playproof.testing.visitor import Played, Visitor

MOST_AT_ONCE = 400
SWITCH_SECONDS = 0.0005
"""Whoever computes a movement lets go of the interpreter so soon, so that answers are timed when they come."""
PATIENCE_SECONDS = 60.0
SITEKEY = "pk_shop"


class Refused(Exception):
    """The service did not take it."""


class Browser:
    """What all visitors of one process share."""

    def __init__(self, host: str, port: int, loop: asyncio.AbstractEventLoop) -> None:
        self.seen = Seen()
        self._lines = Lines(host, port)
        self._loop = loop

    def ask(self, what: str, path: str, content: Any, address: str) -> bytes:
        """The answer to a visitor, in whose thread this runs. Raises `Refused`."""
        told = asyncio.run_coroutine_threadsafe(self._lines.ask(path, content, address), self._loop)
        reply: Reply = told.result(PATIENCE_SECONDS)
        self.seen.note(what, reply)
        if reply.status >= 300:
            raise Refused(f"{what}: {reply.status} {reply.body!r}")
        return reply.body


class Playing(Visitor):
    """One of the builders' people, whose time is the wall's."""

    def __init__(self, browser: Browser, number: int, seed: int) -> None:
        self._browser = browser
        self._address = f"198.18.{number // 250}.{number % 250 + 1}"
        game = tuple(GAMES)[number % len(GAMES)]
        super().__init__(game, np.random.default_rng([seed, number]), latency_ms=40.0, step_ms=8.0, width=400.0)

    def begin(self) -> View:
        """Ask for a challenge."""
        asked = {"sitekey": SITEKEY, "game": self.game.name}
        view = msgspec.json.decode(self._browser.ask("begin", "/api/v1/challenges", asked, self._address), type=View)
        self.issued_at = _now()
        self.name = view.id
        self.state = None  # type: ignore[assignment]  # nobody but the server knows it
        return view

    def deliver(self, batch: Batch, arrived: int) -> Answer:
        """Send a batch when it is time to; what it reveals is not shown before the answer is here."""
        _sleep_until(arrived)
        told = self._browser.ask("batch", f"/api/v1/challenges/{self.name}/events", batch, self._address)
        self._answered = max(self._answered, float(_now() - self.issued_at))
        return msgspec.json.decode(told, type=Answer)

    def end(self, now: int) -> Played:
        """Finish."""
        _sleep_until(now)
        self._browser.ask("finish", f"/api/v1/challenges/{self.name}/finish", {"receipt": self.receipt}, self._address)
        self._browser.seen.visitors.append(self.name)
        return Played(self.state, self.sent, None)  # type: ignore[arg-type]


def visit(host: str, port: int, rate: float, seconds: float, seed: int) -> Seen:
    """Have `rate` visitors a second come for so many seconds, and wait for the last."""
    sys.setswitchinterval(SWITCH_SECONDS)
    return uvloop.run(_visit(host, port, rate, seconds, seed))


async def _visit(host: str, port: int, rate: float, seconds: float, seed: int) -> Seen:
    loop = asyncio.get_running_loop()
    browser = Browser(host, port, loop)
    started = time.perf_counter()

    async def one(threads: ThreadPoolExecutor, number: int, due: float) -> None:
        await until(started + due)
        await loop.run_in_executor(threads, _play, browser, number, seed)

    with ThreadPoolExecutor(MOST_AT_ONCE) as threads:
        comes = arrivals(rate, seconds, np.random.default_rng(seed))
        await asyncio.gather(*(one(threads, number, due) for number, due in enumerate(comes)))
    return browser.seen


def _play(browser: Browser, number: int, seed: int) -> None:
    try:
        play_by_mouse(Playing(browser, number, seed))
    except (Refused, ConnectionError, TimeoutError) as error:
        browser.seen.refused[f"given up: {type(error).__name__}"] += 1


def rush(host: str, port: int, ends: Sequence[tuple[str, str]], rate: float, seed: int) -> Seen:
    """Finish challenges of which id and latest receipt are given, `rate` a second, whatever becomes of those before."""
    return uvloop.run(_rush(host, port, ends, rate, seed))


async def _rush(host: str, port: int, ends: Sequence[tuple[str, str]], rate: float, seed: int) -> Seen:
    lines, seen = Lines(host, port), Seen()
    started = time.perf_counter()

    async def one(name: str, receipt: str, due: float) -> None:
        await until(due)
        path = f"/api/v1/challenges/{name}/finish"
        reply = await lines.ask(path, {"receipt": receipt}, "198.18.0.1", due)
        seen.note("finish", reply)
        if reply.status == 200:
            seen.visitors.append(name)

    comes = arrivals(rate, len(ends) / rate, np.random.default_rng(seed))
    async with asyncio.timeout(len(ends) / rate + PATIENCE_SECONDS):
        await asyncio.gather(*(one(*end, started + due) for end, due in zip(ends, comes, strict=True)))
    return seen


def _sleep_until(now: int) -> None:
    time.sleep(max(0.0, now / 1000.0 - time.time()))


def _now() -> int:
    return round(time.time() * 1000.0)
