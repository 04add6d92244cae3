"""Serving the application, with connections that can be reset."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from playproof.emulator.app import create_app
from playproof.emulator.gate import RESET
from playproof.emulator.service import Emulated

_AT_ONCE = struct.pack("ii", 1, 0)
"""Linger no time: closing then resets."""


class ResettableProtocol(HttpToolsProtocol):
    """HTTP whose connection the application can reset."""

    def on_headers_complete(self) -> None:
        """Begin a request."""
        self.scope.setdefault("extensions", {})[RESET] = {"reset": self._reset}
        super().on_headers_complete()

    def _reset(self) -> None:
        connection = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()


def config(service: Emulated) -> uvicorn.Config:
    """How `service` is served."""
    return uvicorn.Config(
        create_app(service),
        http=ResettableProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=1,
    )


@contextmanager
def serving(service: Emulated) -> Iterator[str]:
    """`service` on a free port of the loopback address, in a thread; its base URL."""
    running = uvicorn.Server(config(service))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"  # connections wait in the socket's queue until it runs
        thread = threading.Thread(target=running.run, args=([listener],), name="emulator", daemon=True)
        thread.start()
        try:
            yield url
        finally:
            running.should_exit = True
            thread.join()
