"""The service of a widget and the site that shows it: real HTTP, two origins in one process, the real core kept in variables."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import msgspec
import uvicorn

from playproof.challenges import Batch, Outcome, Refusal, Refused, State, accept, finish, issue
from playproof.challenges.challenge import LIFETIME_MS
from playproof.challenges.receipts import first_link, receipt
from playproof.clock import SystemClock, milliseconds
from playproof.testing.visitor import TEST_KEYS
from playproof.web.widget_files import WIDGET_FILES, WIDGET_VERSION

TOKEN_MS = 300_000
WORK = 2_000


@dataclass
class Held:
    """A challenge at the service."""

    wish: dict[str, Any]
    state: State | None
    """`None` where there is no game."""
    receipt: str
    puzzle: dict[str, Any] | None = None
    batches: list[Batch] = field(default_factory=list)
    outcome: Outcome | None = None
    paid: bool = False
    token: str = ""


@dataclass
class Fault:
    """What goes wrong with the next calls of a kind."""

    times: int
    status: int = 503
    heard: bool = False
    """The call is heard and its answer is lost, instead of neither."""
    retry_after: int = 0
    """Seconds."""


@dataclass
class Service:
    """The service and the site, in one process under two names."""

    port: int = 0
    token_ms: int = TOKEN_MS
    lifetime_ms: int = LIFETIME_MS
    game: str = "bubble-pop"
    held: dict[str, Held] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    posted: list[dict[str, list[str]]] = field(default_factory=list)
    pages: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Body and policy, by path."""
    assets: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Media type and content of what pages load, by path."""
    spoilt: str = ""
    """A module that somebody changed."""

    @property
    def url(self) -> str:
        """Of the service."""
        return f"http://localhost:{self.port}"

    @property
    def site(self) -> str:
        """Of the page: another origin."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def latest(self) -> Held:
        """The challenge that was asked for last."""
        return list(self.held.values())[-1]

    @property
    def entry(self) -> str:
        """The script element of the widget."""
        return f'<script type="module" src="{self.url}/widget/{WIDGET_VERSION}/playproof.js"></script>'

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, media_type, content, headers = self._answer(scope["method"], scope["path"], body)
        if status == 0:  # the line goes dead
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9999")]})
            await send({"type": "http.response.body", "body": b"{", "more_body": False})
            return
        raw = [(b"content-type", media_type.encode()), *((name.encode(), value.encode()) for name, value in headers.items())]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes, dict[str, str]]:
        if path.startswith(("/api/v1/challenges", "/widget/")):
            open_to_all = {"access-control-allow-origin": "*", "access-control-allow-headers": "content-type"}
            if method == "OPTIONS":
                return 204, "text/plain", b"", open_to_all
            if path.startswith("/widget/"):
                name = path.split("/", 3)[3]
                content = WIDGET_FILES[name] + (b"// changed" if name == self.spoilt else b"")
                return 200, "text/javascript", content, open_to_all
            status, content = self._challenge(path.removeprefix("/api/v1/challenges").strip("/"), json.loads(body))
            headers = open_to_all | {"access-control-expose-headers": "retry-after"}
            waits = [fault.retry_after for fault in self.faults.values() if status == fault.status and fault.retry_after]
            headers |= {"retry-after": str(waits[0])} if waits else {}
            return status, "application/json", msgspec.json.encode(content), headers
        if path in self.assets:
            media_type, asset = self.assets[path]
            return 200, media_type, asset.encode(), {}
        if path == "/submit":
            self.posted.append(parse_qs(body.decode(), keep_blank_values=True))
            return 200, "text/html", b"<!doctype html><html lang=en><title>Sent</title><h1>Sent</h1>", {}
        if path not in self.pages:
            return 204, "text/plain", b"", {}
        page, policy = self.pages[path]
        return 200, "text/html", page.encode(), {"content-security-policy": policy} if policy else {}

    def _challenge(self, path: str, content: dict[str, Any]) -> tuple[int, Any]:
        name, _, what = path.partition("/")
        what = what or "issue"
        self.calls.append(what)
        fault = self.faults.get(what)
        lost = fault is not None and fault.times > 0
        if fault and lost:
            fault.times -= 1
            if not fault.heard:
                return fault.status, {"type": "urn:playproof:problem:store-unavailable"}
        status, answer = self._issue(content) if what == "issue" else self._held(self.held[name], name, what, content)
        return (fault.status, {}) if fault and lost else (status, answer)

    def _issue(self, wish: dict[str, Any]) -> tuple[int, Any]:
        if wish["sitekey"] == "pk_foreign":
            return 403, {"type": "urn:playproof:problem:origin-not-allowed"}
        name, now = f"ch_{len(self.held)}", self._now()
        if wish["way"] == "pow":
            given = receipt(TEST_KEYS, name, first_link(now))
            puzzle = puzzled(name)
            self.held[name] = Held(wish, None, given, puzzle)
            return 201, {"id": name, "way": "pow", "expiresIn": self.lifetime_ms, "receipt": given, "pow": puzzle}
        game = wish.get("game", self.game)
        state, view = issue(game, challenge_id=name, random=os.urandom, keys=TEST_KEYS, now=now, lifetime_ms=self.lifetime_ms)
        self.held[name] = Held(wish, state, view.receipt)
        return 201, view

    def _held(self, held: Held, name: str, what: str, content: dict[str, Any]) -> tuple[int, Any]:
        if what == "pow":
            held.puzzle = puzzled(name)
            return 200, held.puzzle
        if what == "finish":
            return self._finish(held, name, content)
        assert held.state is not None
        batch = msgspec.convert(content, Batch)
        held.state, answer = accept(held.state, batch, keys=TEST_KEYS, now=self._now())
        if isinstance(answer, Refused):
            if answer.answer is None:
                over = answer.reason in (Refusal.CLOSED, Refusal.EXPIRED)
                return (410 if over else 409), {"type": f"urn:playproof:problem:challenge-{'over' if over else 'refused'}"}
            answer = answer.answer
        else:
            held.batches.append(batch)
        held.receipt = answer.receipt
        return 200, answer

    def _finish(self, held: Held, name: str, content: dict[str, Any]) -> tuple[int, Any]:
        assert content["receipt"] == held.receipt
        held.paid = held.puzzle is not None and "pow" in content and solved(held.puzzle, content["pow"])
        if held.state is not None and held.outcome is None:
            held.state, outcome = finish(held.state, receipt=held.receipt, keys=TEST_KEYS, now=self._now())
            assert isinstance(outcome, Outcome)
            held.outcome = outcome
        held.token = f"pp1.{hashlib.sha256(name.encode()).hexdigest()[:43]}"
        return 200, {"token": held.token, "expiresIn": self.token_ms}

    def _now(self) -> int:
        return milliseconds(SystemClock().now())


def puzzled(name: str) -> dict[str, Any]:
    """A puzzle of the `altcha` library's protocol, version 1."""
    salt, number = f"{os.urandom(12).hex()}?for={name}&", int.from_bytes(os.urandom(4), "big") % WORK
    digest = hashlib.sha256(f"{salt}{number}".encode()).hexdigest()
    return {"algorithm": "SHA-256", "challenge": digest, "salt": salt, "signature": "s", "maxnumber": WORK}


def solved(puzzle: dict[str, Any], payload: str) -> bool:
    """Whether `payload` solves it."""
    found = json.loads(base64.b64decode(payload))
    same = all(found[name] == puzzle[name] for name in ("algorithm", "challenge", "salt", "signature"))
    return same and hashlib.sha256(f"{found['salt']}{found['number']}".encode()).hexdigest() == puzzle["challenge"]


@contextmanager
def service() -> Iterator[Service]:
    """A service that answers until the block is left."""
    running = Service()
    server = uvicorn.Server(uvicorn.Config(running, host="127.0.0.1", port=0, log_level="critical", loop="asyncio", ws="none"))
    started = threading.Event()

    async def serve() -> None:
        config = server.config
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        running.port = server.servers[0].sockets[0].getsockname()[1]
        started.set()
        await server.main_loop()
        await server.shutdown()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    started.wait()
    try:
        yield running
    finally:
        server.should_exit = True
        server.force_exit = True  # browsers keep their connections
        thread.join()
