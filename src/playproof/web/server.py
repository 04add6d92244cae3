"""Server processes: one, or several that share a socket."""

from __future__ import annotations

import logging
import math
import multiprocessing.connection
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from litestar.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess

from playproof.errors import PlayproofError, SettingsError
from playproof.observe.metrics import MULTIPROCESS_VARIABLE
from playproof.settings import Settings
from playproof.web.app import application
from playproof.web.protocol import ProblemProtocol
from playproof.web.services import Services

BACKLOG = 2048

_log = logging.getLogger("playproof.web")


class Server(uvicorn.Server):
    """A server that a first signal stops with all answers given, and a second one at once."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal; the process then leaves by itself, with exit code 0."""
        self.force_exit = self.should_exit
        self.should_exit = True


class Supervisor(Multiprocess):
    """Worker processes under one parent, which a second signal makes impatient."""

    def join_all(self) -> None:
        """Wait for the workers to finish their requests; kill them where another signal comes."""
        waiting = {process.process.sentinel for process in self.processes}
        self.signal_queue.clear()
        while waiting:
            waiting.difference_update(multiprocessing.connection.wait(waiting, timeout=0.1))
            if self.signal_queue:
                for process in self.processes:
                    process.process.kill()
        super().join_all()  # their pipes close a moment before they end


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections on `host` from now on; port 0 finds a free one. Raises `SettingsError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(f"cannot listen on {host}:{port}: {reason.lower()}; choose with --host and --port") from error


def run(settings: Settings, listener: socket.socket, services: Services) -> int:
    """Serve until a signal; the exit code. One process uses `services`, several compose their own."""
    if settings.workers == 1:
        Server(_config(settings, application(settings, services))).run([listener])
        return 0
    services.store.close()
    folder = tempfile.mkdtemp(prefix="playproof-metrics-")
    os.environ[MULTIPROCESS_VARIABLE] = folder
    try:
        supervisor = Supervisor(_config(settings, partial(_worker_application, settings), factory=True), [listener])
        supervisor.run()
        return 0 if all(process.exitcode in (0, -signal.SIGTERM) for process in supervisor.processes) else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _worker_application(settings: Settings) -> ASGIApp:
    try:
        return application(settings)
    except PlayproofError as error:
        _log.error("worker cannot start", extra={"error": str(error)})
        sys.exit(STARTUP_FAILURE)  # told apart from a crash: the parent stops instead of trying again


def _config(settings: Settings, app: Callable[..., Any], *, factory: bool = False) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=factory,
        workers=settings.workers,
        http=ProblemProtocol,
        ws="none",
        lifespan="on",
        interface="asgi3",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=math.ceil(settings.stop_timeout),
    )
