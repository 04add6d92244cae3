"""Between the connection and the routes: who may come in, what is counted, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import Any

from litestar import Request
from litestar.types import ASGIApp, Receive, Send

from playproof.emulator.exchange import refuse
from playproof.emulator.faults import Fault, Faults
from playproof.emulator.refusal import Refusal
from playproof.emulator.service import Emulated
from playproof.errors import PlayproofError

RESET = "playproof.reset"
"""The extension of a connection that can be reset: a function without arguments."""

LOOK_SECONDS = 0.01
"""How often a call that is held up looks whether its fault was taken away."""

_ON_THE_WAY = ("latency", "rate_limited", "server_error", "reset", "drip", "unauthorized", "no_credits", "forbidden", "empty_body")
_DETAILS = {
    "rate_limited": (429, "Rate limit exceeded"),
    "unauthorized": (401, "Invalid API key"),
    "no_credits": (402, "Insufficient credits"),
    "forbidden": (403, "Forbidden"),
}


class _Call:
    """One call on its way: what it sent, and that it is counted once, before the caller can know how it ended."""

    def __init__(self, name: str, service: Emulated, receive: Receive, send: Send) -> None:
        self.name = name
        self._service = service
        self._receive = receive
        self._send = send
        self._size = 0
        self._noted = False

    def note(self, status: int) -> None:
        """Count the call with how it ends; the first word counts."""
        if not self._noted:
            self._noted = True
            self._service.tally.add(self.name, self._size, status)

    async def receive(self) -> Any:
        """The next part of the request."""
        message = await self._receive()
        self._size += len(message.get("body", b"")) if message["type"] == "http.request" else 0
        return message

    async def send(self, message: Any) -> None:
        """Send the next part of the answer."""
        if message["type"] == "http.response.start":
            self.note(message["status"])
        await self._send(message)


class Gate:
    """An ASGI layer around each route that has a name."""

    def __init__(self, app: ASGIApp, service: Emulated) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one request."""
        opt = scope["route_handler"].opt if scope["type"] == "http" else {}
        if "name" not in opt:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        self._admit_page(headers)
        key = _bearer(headers.get(b"authorization", b"").decode("latin-1"))
        if opt.get("admin"):
            self._admit_admin(key)
            await self._app(scope, receive, send)
            return
        await self._pass(scope, receive, send, opt, key)

    async def _pass(self, scope: Any, receive: Receive, send: Send, opt: Any, key: str | None) -> None:
        call = _Call(opt["name"], self._service, receive, send)
        try:
            if not opt.get("open"):
                self._admit(key)
            faults = self._service.faults.hit(call.name, key, _ON_THE_WAY)
            await self._through(faults, scope, call)
        except Refusal as refusal:
            call.note(refusal.status)
            raise
        finally:
            call.note(0)

    async def _through(self, faults: list[Fault], scope: Any, call: _Call) -> None:
        for fault in faults:
            if fault.when == "before" and await self._strike(fault, scope, call):
                return
        late = [fault for fault in faults if fault.when == "after"]
        bent = [fault for fault in faults if fault.kind in ("drip", "empty_body")]
        if not late and not bent:
            await self._app(scope, call.receive, call.send)
            return
        answer: list[Any] = []

        async def held(message: Any) -> None:
            answer.append(message)

        await self._app(scope, call.receive, held)
        try:
            for fault in late:
                if await self._strike(fault, scope, call):
                    return
        except Refusal as refusal:  # sent from here: the framework believes that the answer is on its way
            told = refuse(refusal)
            headers = [(name.encode(), value.encode()) for name, value in told.headers.items()]
            headers.append((b"content-type", b"application/json"))
            answer = [{**answer[0], "status": refusal.status, "headers": headers}, {"body": told.content}]
        await _send(answer, bent, call.send, self._service.faults)

    async def _strike(self, fault: Fault, scope: Any, call: _Call) -> bool:
        """Let `fault` happen; whether the connection is gone. Raises `Refusal`."""
        if fault.kind == "latency":
            await _hold_up(fault, fault.seconds, self._service.faults)
        elif fault.kind == "reset":
            call.note(0)
            scope["extensions"][RESET]["reset"]()
            while (await call.receive())["type"] != "http.disconnect":
                pass
            return True
        elif fault.kind == "server_error":
            raise Refusal(fault.status, "Internal error, as a fault asked for")
        elif fault.kind in _DETAILS:
            status, detail = _DETAILS[fault.kind]
            raise Refusal(status, detail, retry_after=fault.seconds if fault.kind == "rate_limited" else None)
        return False

    def _admit_page(self, headers: dict[bytes, bytes]) -> None:
        if self._service.admit is None:
            return
        host, origin = (headers[name].decode("latin-1") if name in headers else None for name in (b"host", b"origin"))
        try:
            self._service.admit(host, origin)
        except PlayproofError as error:
            raise Refusal(error.status, str(error)) from error

    def _admit(self, key: str | None) -> None:
        known = self._service.api_keys
        if not key:
            raise Refusal(401, "Missing API key")
        if known and sum(_same(key, one) for one in known) == 0:  # all are compared, so that time tells nothing
            raise Refusal(401, "Invalid API key")

    def _admit_admin(self, key: str | None) -> None:
        expected = self._service.admin_key
        if expected is None:
            raise Refusal(403, "no admin key is set")
        if not _same(key or "", expected):
            raise Refusal(401, "this is not the admin key")


def _same(shown: str, expected: str) -> bool:
    return hmac.compare_digest(hashlib.sha256(shown.encode()).digest(), hashlib.sha256(expected.encode()).digest())


def bearer(request: Request[Any, Any, Any]) -> str | None:
    """The API key that `request` shows."""
    return _bearer(request.headers.get("authorization", ""))


def _bearer(authorization: str) -> str | None:
    scheme, _, key = authorization.partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


async def _hold_up(fault: Fault, seconds: float, faults: Faults) -> None:
    """Wait so many seconds, or until `fault` is taken away."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while faults.there(fault.id) and (left := end - loop.time()) > 0.0:  # noqa: ASYNC110 - other threads take it away
        await asyncio.sleep(min(left, LOOK_SECONDS))


async def _send(answer: list[Any], bent: list[Fault], send: Send, faults: Faults) -> None:
    start, body = answer[0], b"".join(message.get("body", b"") for message in answer[1:])
    drip = next((fault for fault in bent if fault.kind == "drip"), None)
    if any(fault.kind == "empty_body" for fault in bent):
        body = b""
    headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
    head: Any = {**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]}
    await send(head)
    pieces = max(1, min(drip.pieces, len(body))) if drip is not None else 1
    for piece in range(pieces):
        if drip is not None:
            await _hold_up(drip, drip.seconds / pieces, faults)
        part = body[piece * len(body) // pieces : (piece + 1) * len(body) // pieces]
        await send({"type": "http.response.body", "body": part, "more_body": piece + 1 < pieces})
