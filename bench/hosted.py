"""A hosted model for measurements: an emulator and a service, each a process of its own, and sessions that arrive at them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from bench.http import service
from playproof.clock import SystemClock
from playproof.decision import Verdict
from playproof.features import extract
from playproof.service import decode_verdict
from playproof.settings import ApiKey, Secret
from playproof.telemetry import Labels, decode
from playproof.testing import KINDS, bot_session, columns_body, human_session, labelled_lines
from playproof.woodwide import Connection, connect
from playproof.woodwide.mapping import Columns, csv_file

KEY = "sk_bench"
ADMIN_KEY = "bench-admin-key"
PEOPLE, SESSIONS_EACH = 180, 6
"""Whom the model is trained on, and calibrated on: so many that its score decides."""
BOT_EVERY = 5
WARM = 6
PATIENCE_SECONDS = 600.0

_ANNOUNCED = re.compile(r"on http://([\d.]+):(\d+)")


@dataclass(frozen=True)
class Provider:
    """A running `playproof emulator`."""

    url: str

    @cached_property
    def _http(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.url}/_emulator", headers={"Authorization": f"Bearer {ADMIN_KEY}"}, timeout=60)

    def fault(self, **given: Any) -> None:
        """Put a fault in force; see docs/emulator.md."""
        self._http.post("/faults", json=given).raise_for_status()

    def heal(self) -> None:
        """Take all faults away."""
        self._http.delete("/faults").raise_for_status()

    def calls(self) -> dict[str, int]:
        """How often each route was called."""
        return {route: count["calls"] for route, count in self._counts().items()}

    def received(self) -> int:
        """Bytes of all requests so far."""
        return sum(count["bytes_received"] for count in self._counts().values())

    def _counts(self) -> dict[str, Any]:
        found: dict[str, Any] = self._http.get("/calls").raise_for_status().json()
        return found


@contextlib.contextmanager
def provider(folder: Path) -> Iterator[Provider]:
    """`playproof emulator` on a free port with its state in `folder`; jobs end at once."""
    command = [sys.executable, "-m", "playproof", "emulator", "--port", "0", "--data-dir", str(folder), "--job-seconds", "0"]
    environment = {**os.environ, "PLAYPROOF_ADMIN_KEY": ADMIN_KEY}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment) as process:
        assert process.stdout is not None
        match = next(filter(None, map(_ANNOUNCED.search, process.stdout)), None)
        assert match is not None, "the emulator did not start"
        try:
            yield Provider(f"http://{match[1]}:{match[2]}")
        finally:
            process.terminate()


@dataclass(frozen=True)
class Site:
    """A running `playproof serve` that asks a hosted model."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{self.host}:{self.port}"

    def metric(self, name: str) -> float:
        """The value of a metric without labels."""
        return self.by_label(name, "")[""]

    def by_label(self, name: str, label: str) -> dict[str, float]:
        """The values of a metric by a label of its samples; that of one without is under an empty string."""
        page = httpx.get(f"{self.url}/metrics", timeout=60).text
        found: dict[str, float] = defaultdict(float)
        for labels, value in re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", page, re.MULTILINE):
            named = re.search(rf'{label}="(.*?)"', labels) if label else None
            found[named[1] if named else ""] += float(value)
        return dict(found)

    def settled(self, names: Sequence[str]) -> tuple[dict[str, Verdict], float]:
        """The verdicts under these ids once all are final, and when the last of them was seen to be, by `time.perf_counter`."""
        until = time.perf_counter() + PATIENCE_SECONDS
        last: dict[str, Verdict] = {}
        with httpx.Client(base_url=self.url, timeout=60) as http:
            for name in names:
                while name not in last:
                    verdict = decode_verdict(http.get(f"/api/v1/sessions/{name}").raise_for_status().content)
                    if verdict.status == "final":
                        last[name] = verdict
                    elif time.perf_counter() > until:
                        raise TimeoutError(f"{name} is still {verdict.fallback_reason}")
                    else:
                        time.sleep(0.02)
        return last, time.perf_counter()


@dataclass(frozen=True)
class Ground:
    """What was made before: the folders of an emulator and of a service, and the model they share."""

    folder: Path
    model_id: str
    version_id: str

    def copy(self, name: str) -> Path:
        """A copy of both, in a folder of this name."""
        for part in ("emulator", "data"):
            shutil.copytree(self.folder / part, self.folder / name / part)
        return self.folder / name

    @contextlib.contextmanager
    def serving(self, folder: Path, provider: Provider, strategy: str, **environment: str) -> Iterator[Site]:
        """A service on the data in `folder`, one worker."""
        given = {**asked(provider), "ANOMALY_MODEL_ID": self.model_id, "WOODWIDE_STRATEGY": strategy, **environment}
        with service(folder, environment=given) as (host, port, _):
            yield Site(host, port)

    async def alone(self, provider: Provider, contents: Mapping[str, bytes]) -> dict[str, float]:
        """The hosted score of each session's row, each sent by itself."""
        columns = Columns()
        found = {}
        async with connect(Connection(base_url=provider.url, keys=(ApiKey("bench", Secret(KEY)),)), clock=SystemClock()) as woodwide:
            for name, content in contents.items():
                file = csv_file(extract(decode(content))[None], columns)
                found[name] = float((await woodwide.inference.at_once(self.model_id, self.version_id, file)).raw[0])
        return found


def asked(provider: Provider) -> dict[str, str]:
    """What a program finds in its environment to reach `provider`."""
    return {"WOODWIDE_BASE_URL": provider.url, "WOODWIDE_API_KEY": KEY}


def prepare(folder: Path) -> Ground:
    """Train and calibrate a model on builders' sessions, by the commands that an operator uses; it has two versions."""
    corpus = folder / "people.jsonl"
    with corpus.open("wb") as file:
        for number in range(PEOPLE * SESSIONS_EACH):
            session = human_session(np.random.default_rng([1, number]), session_id=f"trained-{number}")
            file.write(labelled_lines([(session, Labels(label="human", source="synthetic", subject=f"p{number // SESSIONS_EACH}"))]))
    with provider(folder / "emulator") as running:

        def run(*arguments: str) -> dict[str, Any]:
            command = [sys.executable, "-m", "playproof", "woodwide", *arguments, "--data-dir", str(folder / "data"), "--format", "json"]
            done = subprocess.run(command, env={**os.environ, **asked(running)}, check=True, capture_output=True, text=True)
            found: dict[str, Any] = json.loads(done.stdout)
            return found

        run("upload", str(corpus), "--wait")
        model_id = run("train")["modelId"]
        version = run("train", "--model", model_id)
    return Ground(folder, model_id, version["modelVersionId"])


def crowd(count: int, seed: int) -> dict[str, bytes]:
    """Bodies by session id, every fifth a bot's."""
    found = {}
    for number in range(count):
        rng, name = np.random.default_rng([seed, number]), f"crowd-{seed}-{number}"
        bot = number % BOT_EVERY == 0
        session = bot_session(rng, kind=KINDS[number // BOT_EVERY % len(KINDS)]) if bot else human_session(rng)
        found[name] = columns_body(session, sessionId=name)
    return found


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer over HTTP."""

    status: int
    verdict: Verdict | None
    sent: datetime
    seconds: float
    """From the request to its whole answer."""


async def arrive(site: Site, contents: Mapping[str, bytes], within: float) -> dict[str, Answered]:
    """Have sessions arrive, spread evenly over `within` seconds, each on a connection of its own."""
    started = time.perf_counter() + 0.05
    pace = within / len(contents)

    async def one(place: int, content: bytes) -> Answered:
        await asyncio.sleep(started + place * pace - time.perf_counter())
        return await _ask(site, content)

    answers = await asyncio.gather(*(one(place, content) for place, content in enumerate(contents.values())))
    return dict(zip(contents, answers, strict=True))


def warm(site: Site, seed: int = 0) -> None:
    """Have some sessions scored one after the other, so that the service knows how long that takes."""
    for name, content in crowd(WARM, seed).items():
        asyncio.run(arrive(site, {name: content}, 0.0))
        site.settled([name])


async def _ask(site: Site, content: bytes) -> Answered:
    sent, started = datetime.now(UTC), time.perf_counter()
    async with _connected(site) as (reader, writer):
        head = f"POST /api/v1/score HTTP/1.1\r\nHost: {site.host}:{site.port}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        told = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", told)
        assert length is not None, told
        body = await reader.readexactly(int(length[1]))
        seconds = time.perf_counter() - started
    status = int(told[9:12])
    return Answered(status, decode_verdict(body) if status == 200 else None, sent, seconds)


@contextlib.asynccontextmanager
async def _connected(site: Site) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(site.host, site.port, limit=2**20)
    try:
        yield reader, writer
    finally:
        writer.close()
