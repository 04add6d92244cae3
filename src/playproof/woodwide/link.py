"""The connection to Woodwide that all parts of a server process share."""

from __future__ import annotations

import asyncio
import contextlib

from playproof.clock import Clock
from playproof.observe.metrics import Metrics
from playproof.woodwide.client import Woodwide, connect
from playproof.woodwide.connection import Connection
from playproof.woodwide.report import call_observer


class Link:
    """Woodwide, connected when it is first needed, and again where that failed."""

    def __init__(self, connection: Connection | None, metrics: Metrics, clock: Clock) -> None:
        self._connection = connection
        self._metrics = metrics
        self._clock = clock
        self._open = contextlib.AsyncExitStack()
        self._lock = asyncio.Lock()
        self._woodwide: Woodwide | None = None

    async def woodwide(self) -> Woodwide:
        """Woodwide, connected. Raises `HostedError`."""
        async with self._lock:
            if self._woodwide is None:
                observer = call_observer(self._metrics)
                self._woodwide = await self._open.enter_async_context(connect(self._connection, listener=observer, clock=self._clock))
            return self._woodwide

    async def close(self) -> None:
        """Let go of the connections."""
        await self._open.aclose()
