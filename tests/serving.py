"""The service for tests: in this process with a scripted model, or as `playproof serve` with the shipped one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from playproof.batch.runtime import Batch
from playproof.clock import Clock, SystemClock
from playproof.decision import Judge, Rules
from playproof.observe.logging import LogWriter
from playproof.observe.metrics import Metrics
from playproof.scoring.chain import Chain
from playproof.service import Service
from playproof.settings import ApiKey, Secret, Settings
from playproof.store import Live, Store, open_store
from playproof.testing import ScriptedScorer, columns_body, human_session
from playproof.tokens.verifier import Verifier
from playproof.verification.desk import desk_of
from playproof.web.app import create_app
from playproof.web.auth import Keys, Neighbourhood
from playproof.web.retention import Retention
from playproof.web.services import Limits, Services, note_fallback

PATIENCE_SECONDS = 180


def body(seed: int = 1, **extra: object) -> bytes:
    """A person's session in the columns form."""
    return columns_body(human_session(np.random.default_rng(seed)), **extra)


class Site:
    """The application in this process."""

    def __init__(
        self,
        folder: Path,
        *,
        model: ScriptedScorer | None = None,
        store: Store | None = None,
        api_keys: Mapping[str, str] | None = None,
        admin_key: str | None = None,
        metrics_token: str | None = None,
        host: str = "127.0.0.1",
        limits: Limits | None = None,
        access: LogWriter | None = None,
        keep_telemetry: bool = True,
        settings: Settings | None = None,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or SystemClock()
        self.metrics = Metrics()
        self.store = store or open_store(folder)
        judge = Judge(Chain(model or ScriptedScorer(), partial(note_fallback, self.metrics)), Rules(), clock)
        keys = [ApiKey(name, Secret(key)) for name, key in (api_keys or {}).items()]
        batch = Batch(settings or Settings(), judge, self.store, self.metrics, clock, holder="site")
        service = Service(judge, self.store, clock=clock, keep_telemetry=keep_telemetry, queue=batch.queue)
        self.services = Services(
            service=service,
            store=self.store,
            keys=Keys(keys, admin_key, metrics_token),
            neighbourhood=Neighbourhood.of(host),
            metrics=self.metrics,
            limits=limits or Limits(2 * 1024**2, PATIENCE_SECONDS),
            clock=clock,
            checks={"store": self.store.check},
            batch=batch,
            desk=desk_of(settings or Settings(), self.store, service, self.metrics, clock),
            verifier=Verifier(self.store.sites, self.store.tokens, judge.rules, clock, trials=(settings or Settings()).test_keys),
            holder="site",
        )
        week = timedelta(days=7)
        self.app: Any = create_app(self.services, Retention(week, week, Live()), access)

    async def ask(self, method: str, path: str, *, client: str = "127.0.0.1", **given: Any) -> httpx.Response:
        """One request."""
        transport = httpx.ASGITransport(self.app, client=(client, 4000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
            return await http.request(method, path, **given)

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        """One request, outside of any event loop."""
        return asyncio.run(self.ask(method, path, **given))

    def score(self, content: bytes, **headers: str) -> httpx.Response:
        """Score `content`; underscores in the names of `headers` are dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", "/api/v1/score", content=content, headers={"Content-Type": "application/json", **named})

    def metric(self, name: str, **labels: str) -> float:
        """The value of a sample, 0 where it was never touched."""
        return sample(self.metrics, name, **labels)

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def sample(metrics: Metrics, name: str, **labels: str) -> float:
    """The value of a sample of `metrics`, 0 where it was never touched."""
    for line in metrics.render()[0].decode().splitlines():
        if line.startswith((name + "{", name + " ")) and all(f'{key}="{value}"' in line for key, value in labels.items()):
            return float(line.rpartition(" ")[2])
    return 0.0


def is_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of `response`, checked."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["type"] == f"urn:playproof:problem:{code}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"] == response.request.url.path or "%" in str(response.request.url)
    return problem


@dataclass
class Serving:
    """A running `playproof serve`."""

    process: subprocess.Popen[str]
    url: str
    banner: str
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def post(self, content: bytes, **given: Any) -> httpx.Response:
        """Score `content`."""
        return httpx.post(
            f"{self.url}/api/v1/score", content=content, headers={"Content-Type": "application/json"}, timeout=PATIENCE_SECONDS, **given
        )

    def stop(self, sig: int = signal.SIGTERM) -> int:
        """Send `sig` and wait; the exit code."""
        self.process.send_signal(sig)
        return self.process.wait(PATIENCE_SECONDS)


@contextlib.contextmanager
def serving(folder: Path, *arguments: str, log: Path | None = None, **environment: str) -> Iterator[Serving]:
    """`playproof serve` on a free port with its data in `folder`; stopped at the end if it still runs."""
    log = log or folder.with_name(folder.name + ".log")
    command = [sys.executable, "-m", "playproof", "serve", "--port", "0", "--data-dir", str(folder), *arguments]
    given = {name: value for name, value in os.environ.items() if not name.startswith("PLAYPROOF_TEST_")}  # those are for the tests
    given["PLAYPROOF_REQUEST_TIMEOUT"] = f"{PATIENCE_SECONDS}s"
    with (
        log.open("a") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env={**given, **environment}) as process,
    ):
        try:
            banner = read_until(process, "Stop it")
            match = re.search(r"http://\S+:\d+", banner)
            assert match is not None, f"the service did not start: {banner}{log.read_text()}"
            yield Serving(process, match[0].rstrip("/"), banner, log)
        finally:
            if process.poll() is None:
                process.kill()


def read_until(process: subprocess.Popen[str], word: str) -> str:
    """What `process` prints up to a line that begins with `word`, or its end."""
    assert process.stdout is not None
    deadline = time.perf_counter() + PATIENCE_SECONDS
    banner = b""
    while time.perf_counter() < deadline:
        if not select.select([process.stdout], [], [], 1.0)[0]:
            continue
        part = os.read(process.stdout.fileno(), 65536)
        banner += part
        lines = banner.decode().splitlines(keepends=True)
        if not part or any(line.strip().startswith(word) and line.endswith("\n") for line in lines):
            break
    return banner.decode()


def log_lines(log: Path) -> list[dict[str, Any]]:
    """The JSON lines of a log."""
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
