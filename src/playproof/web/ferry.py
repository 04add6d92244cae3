"""Between the event loop and the store's writer: records are announced in crowds, and answers come back in crowds."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")

QUIET_TURNS = 2
"""Turns of the event loop without a new record after which none is on its way: a request that is read in one turn begins in the next."""


class Ferry(Generic[T]):
    """Carries what another thread finishes to the event loop.

    Each call from one thread into another wakes it up and takes the interpreter lock from whoever has it, so there is one call for as
    many as are finished, and one in the other direction when the loop has nothing more to hand over.
    """

    def __init__(self, hurry: Callable[[], None], waiting: Callable[[int], None]) -> None:
        """`hurry` is called when no more is on its way, `waiting` with how many more wait than at its last call."""
        self._hurry = hurry
        self._waiting = waiting
        self._port: _Port[T] | None = None

    async def landed(self, outcome: Future[T]) -> T:
        """The result of `outcome`, which is cancelled when the caller is. Raises what it raises."""
        loop = asyncio.get_running_loop()
        port = self._port
        if port is None or port.loop is not loop:
            port = self._port = _Port(loop, self._hurry, self._waiting)
        waiter = port.expect(outcome)
        try:
            await waiter
        except asyncio.CancelledError:
            outcome.cancel()
            raise
        return outcome.result()


class _Port(Generic[T]):
    """Where one event loop takes what is finished."""

    def __init__(self, loop: asyncio.AbstractEventLoop, hurry: Callable[[], None], waiting: Callable[[int], None]) -> None:
        self.loop = loop
        self._hurry = hurry
        self._waiting = waiting
        self._landed: deque[asyncio.Future[None]] = deque()
        self._called = False  # `_deliver` is about to run
        self._watching = False  # `_watch` is about to run
        self._new = 0  # since `waiting` was told
        self._fresh = False  # something came since the last turn

    def expect(self, outcome: Future[T]) -> asyncio.Future[None]:
        """A future of the loop that is done when `outcome` is."""
        waiter: asyncio.Future[None] = self.loop.create_future()
        self._new += 1
        self._fresh = True
        if not self._watching:
            self._watching = True
            self.loop.call_soon(self._watch, QUIET_TURNS)
        outcome.add_done_callback(partial(self._land, waiter))
        return waiter

    def _watch(self, turns: int) -> None:
        if self._fresh:
            self._fresh = False
            turns = QUIET_TURNS
        if turns:
            self.loop.call_soon(self._watch, turns - 1)
            return
        self._watching = False
        self._tell_waiting(landed=0)
        self._hurry()

    def _land(self, waiter: asyncio.Future[None], _: Future[T]) -> None:
        """In the thread that finished it."""
        self._landed.append(waiter)
        if not self._called and not self.loop.is_closed():
            self._called = True
            self.loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._called = False  # what lands from now on may be too late for this run
        landed = 0
        while self._landed:
            waiter = self._landed.popleft()
            landed += 1
            if not waiter.done():
                waiter.set_result(None)
        self._tell_waiting(landed)

    def _tell_waiting(self, landed: int) -> None:
        self._waiting(self._new - landed)
        self._new = 0
