"""What the web layer costs a request, with decoding, scoring and the disk taken out: processor time in this process.

python -m bench.web [--requests 3000]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import json
import time
from concurrent.futures import Future
from datetime import timedelta
from typing import Any, cast
from unittest.mock import patch

import uvloop

from bench.machine import machine
from bench.sessions import bodies
from playproof.batch.runtime import Batch
from playproof.clock import SystemClock
from playproof.dataset import Channel
from playproof.observe.logging import LogWriter
from playproof.observe.metrics import Metrics
from playproof.service import OPEN_SCOPE, Service, Submission, build_judge
from playproof.settings import Settings
from playproof.store import Live, PutOutcome, Store
from playproof.telemetry import decode_request
from playproof.tokens.verifier import Verifier
from playproof.verification.desk import Desk
from playproof.web.app import create_app
from playproof.web.auth import Keys, Neighbourhood
from playproof.web.retention import Retention
from playproof.web.services import Limits, Services

ROUNDS = 5


class Nowhere(io.StringIO):
    """A log that keeps nothing."""

    def write(self, text: str) -> int:
        """Take a line."""
        return len(text)


class Unhurried:
    """A store that needs no telling when to begin."""

    def hurry(self) -> None:
        """Go on."""


class Ready:
    """A service that has its verdict ready."""

    def __init__(self, body: bytes) -> None:
        session, _ = decode_request(body)
        service = Service(build_judge(Settings()), cast("Store", None), clock=SystemClock())
        self._prepared = service.prepare(session, OPEN_SCOPE, Channel.API)

    def submit(self, *_: object, **__: object) -> Submission:
        """The verdict, on disk at the loop's next turn."""
        outcome: Future[PutOutcome] = Future()
        asyncio.get_running_loop().call_soon(outcome.set_result, PutOutcome("stored", self._prepared.record.verdict, 1))
        return Submission(self._prepared, outcome)


def application(body: bytes, access: LogWriter | None) -> Any:
    """The whole application around such a service."""
    limits = Limits(2 * 1024**2, 10.0)
    nowhere = Neighbourhood.of("127.0.0.1")
    service, store = cast("Service", Ready(body)), cast("Store", Unhurried())
    no_batch, no_desk = cast("Batch", None), cast("Desk", None)
    no_verifier = cast("Verifier", None)
    services = Services(service, store, Keys(), nowhere, Metrics(), limits, SystemClock(), {}, no_batch, no_desk, no_verifier)
    return create_app(services, Retention(timedelta(1), timedelta(1), Live()), access)


async def _ask(app: Any, body: bytes, requests: int) -> None:
    head = [(b"host", b"127.0.0.1:8000"), (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    request = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/score",
        "raw_path": b"/api/v1/score",
        "query_string": b"",
        "root_path": "",
    }
    scope = {
        **request,
        "http_version": "1.1",
        "scheme": "http",
        "headers": head,
        "client": ("127.0.0.1", 4000),
        "server": ("127.0.0.1", 8000),
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(_: Any) -> None:
        return

    for _ in range(requests):
        await app({**scope, "state": {}}, receive, send)


def microseconds(app: Any, body: bytes, requests: int) -> float:
    """Processor time a request, the best of some rounds."""
    gc.collect()
    gc.freeze()
    best = float("inf")
    decoded = decode_request(body)
    with patch("playproof.web.routes.score.decode_request", return_value=decoded):
        for _ in range(ROUNDS):
            started = time.process_time()
            uvloop.run(_ask(app, body, requests))
            best = min(best, time.process_time() - started)
    return best / requests * 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.web")
    parser.add_argument("--requests", type=int, default=3000)
    requests = parser.parse_args().requests
    body = bodies("rows", sessions=1)[0]
    logs = {"without a log": None, "with a line a request": LogWriter("text", stream=Nowhere())}
    print(machine())
    print(json.dumps({name: f"{microseconds(application(body, log), body, requests):.1f} us" for name, log in logs.items()}, indent=2))


if __name__ == "__main__":
    main()
