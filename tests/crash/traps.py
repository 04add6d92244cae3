"""Exact places of a service's work with an emulator of this process, where it can be killed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from playproof.clock import SystemClock
from playproof.emulator.gate import Gate

T = TypeVar("T")

CLOCK = SystemClock()
PATIENCE = 180


def until(found: Callable[[], T], what: str) -> T:
    """What `found` returns, once that is true."""
    deadline = CLOCK.monotonic() + PATIENCE
    while not (thing := found()):
        assert CLOCK.monotonic() < deadline, f"{what}: not after {PATIENCE} s"
        threading.Event().wait(0.01)
    return thing


class Trap:
    """Holds every call of a route at an emulator of this process, before it has an effect or before it is answered.

    Once it is sprung, what is held goes on; at the end of its context it never will.
    """

    def __init__(self, route: str, when: str) -> None:
        self.route, self.when = route, when
        self.reached = threading.Event()
        self._opened = threading.Event()
        self._over = threading.Event()

    def open(self) -> None:
        """Let go of what is held, and hold nothing any more."""
        self._opened.set()

    @contextmanager
    def set(self) -> Iterator[Trap]:
        """In force as long as the context lasts."""
        through = Gate._through

        async def trapped(gate: Gate, faults: Any, scope: Any, call: Any) -> None:
            if call.name != self.route or self._opened.is_set():
                await through(gate, faults, scope, call)
            elif self.when == "before":
                if await self._held():
                    await through(gate, faults, scope, call)
            else:
                answer: list[Any] = []
                send = call._send

                async def keep(message: Any) -> None:
                    answer.append(message)

                call._send = keep
                await through(gate, faults, scope, call)
                if await self._held():
                    for message in answer:
                        await send(message)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Gate, "_through", trapped)
            try:
                yield self
            finally:
                self._over.set()

    async def _held(self) -> bool:
        """Whether to go on."""
        self.reached.set()
        while not (self._opened.is_set() or self._over.is_set()):  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.005)
        return self._opened.is_set()


@dataclass(frozen=True)
class Point:
    """Where a service is killed."""

    route: str
    when: str = "before"
    faults: tuple[tuple[str, str], ...] = ()
    """Kinds and routes of the emulator's faults that lead there."""
    then: str = ""
    """`answered`: the call is answered, and its verdicts cannot be written. `final`: they are written, and no webhook is answered."""
    forgotten: int = 0
    """Versions made there that nobody looks at, because nobody knows of them."""

    def __str__(self) -> str:
        within = "".join(f" with {kind} {route}" for kind, route in self.faults)
        return f"{self.when} {self.route}{within}" + (f", {self.then}" if self.then else "")
