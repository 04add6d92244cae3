"""Turns: of several processes that could carry something on, one does so at a time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from playproof.errors import StoreUnavailable
from playproof.store import Store
from playproof.woodwide.caller import Sleep

T = TypeVar("T")

HOLD_SECONDS = 60.0
"""How long a process has its turn unless it says so again; so long what a dead one did has to wait."""
RENEW_SECONDS = 20.0
LOOK_SECONDS = 1.0
"""How often those whose turn it is not look how far the other has come."""

_log = logging.getLogger(__name__)
_numbers = itertools.count(1)  # several turns of one process are as many holders


class Turns:
    """Takes turns by leases in the store. `holder` names this process as no other is named."""

    def __init__(self, store: Store, holder: str, sleep: Sleep = asyncio.sleep) -> None:
        self._leases = store.leases
        self._holder = holder
        self._sleep = sleep

    async def until(self, name: str, found: Callable[[], Awaitable[T | None]], step: Callable[[], Awaitable[object]]) -> T:
        """What `found` finds, after a `step` of this process when it is its turn at `name`, or of another. Raises what they raise."""
        while True:
            thing = await found()
            if thing is not None:
                return thing
            async with self.take(name) as ours:
                if ours and await found() is None:
                    await step()
            if not ours:
                await self._sleep(LOOK_SECONDS)

    @contextlib.asynccontextmanager
    async def take(self, name: str) -> AsyncIterator[bool]:
        """Whether it is this process's turn at `name`, for as long as the context lasts. Raises `StoreUnavailable`."""
        holder = f"{self._holder}/{next(_numbers)}"
        if not await asyncio.to_thread(self._leases.take, name, holder, HOLD_SECONDS):
            yield False
            return
        renewing = asyncio.create_task(self._renew(name, holder))
        try:
            yield True
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            with contextlib.suppress(StoreUnavailable):  # it runs out by itself
                await asyncio.to_thread(self._leases.give_up, name, holder)

    async def _renew(self, name: str, holder: str) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await asyncio.to_thread(self._leases.take, name, holder, HOLD_SECONDS)
            except StoreUnavailable as error:
                _log.warning("turn_not_renewed", extra={"turn": name, "error": str(error)})
