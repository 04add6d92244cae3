"""A process that takes no sessions: it works at what the store holds for it, until a signal."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from playproof.observe.logging import configure
from playproof.settings import Settings
from playproof.web.app import log_writer
from playproof.web.protocol import ProblemProtocol
from playproof.web.retention import retention_of
from playproof.web.routes import operate
from playproof.web.routing import routed
from playproof.web.running import running
from playproof.web.services import Services

ROUTES = (operate.health, operate.ready, operate.metrics)
"""What whoever watches a worker may ask it."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_GRACE_SECONDS = 1

_log = logging.getLogger("playproof.worker")


class _Watched(uvicorn.Server):
    """A server that leaves signals to the process it is part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


def run(settings: Settings, services: Services, listener: socket.socket | None, ready: Callable[[], None]) -> None:
    """Work until a signal, answering on `listener` where there is one; calls `ready` once the work has begun.

    The first SIGTERM or SIGINT ends it as soon as all that it holds is free for others, a second one at once. Closes the store.
    Raises `StoreError` or `SettingsError` where the work cannot begin.
    """
    configure(log_writer(settings), settings.log_level)
    gc.collect()
    gc.freeze()
    asyncio.run(_work(settings, services, listener, ready))


async def _work(settings: Settings, services: Services, listener: socket.socket | None, ready: Callable[[], None]) -> None:
    stopping = first_signal()
    server = None if listener is None else _Watched(_config(services))
    async with running(services, retention_of(settings)):
        answering = None if server is None or listener is None else asyncio.create_task(server.serve([listener]), name="watched")
        ready()
        await stopping.wait()
        _log.info("worker stops")
        if server is not None and answering is not None:
            server.should_exit = True
            await answering


def first_signal() -> asyncio.Event:
    """An event that the first SIGTERM or SIGINT sets; a second one does what it does to any process. To be called in a running loop."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop(number: signal.Signals) -> None:
        again = stopping.is_set()
        stopping.set()
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)
        if again:
            signal.raise_signal(number)

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop, number)
    return stopping


def _config(services: Services) -> uvicorn.Config:
    return uvicorn.Config(
        routed(ROUTES, services, None),
        http=ProblemProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
