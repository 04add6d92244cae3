"""The outermost layer: admits, times, counts and logs every request, and turns every error into a problem document."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import Any

import msgspec
from litestar.types import ASGIApp, Receive, Send

from playproof.observe.logging import LogWriter
from playproof.web.body import Disconnected, header
from playproof.web.cors import OPEN, PREFLIGHT, open_to_pages
from playproof.web.problems import MEDIA_TYPE, Headers, InternalError, MethodNotAllowed, RouteNotFound, Stopping, document, known
from playproof.web.services import Services

_log = logging.getLogger("playproof.web")
_encode = msgspec.json.Encoder().encode

Allowed = Callable[[str], list[str]]

UNROUTED = "unrouted"
"""The route of what never reached one, so that callers cannot make up label values."""
LONGEST_LOGGED_PATH = 200
CLIENT_CLOSED = 499
"""Counted and logged, never sent: the client left before its request was whole."""


class Rim:
    """An ASGI application around the routes."""

    def __init__(self, app: ASGIApp, services: Services, allowed: Allowed, access: LogWriter | None = None) -> None:
        """`allowed` knows the methods served under a path; `access` gets one line a request, where there is one."""
        self._app = app
        self._services = services
        self._allowed = allowed
        self._access = access

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one request; anything else, such as the start of the server, is passed on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._services.clock.monotonic()
        method: str = scope["method"]
        status = 0

        async def watch(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        inner = scope
        if method == "HEAD":  # every page answers HEAD as GET; the server leaves the body out
            inner = {**scope, "method": "GET"}
        try:
            origin = None if open_to_pages(scope["path"]) else header(scope["headers"], b"origin")
            self._services.neighbourhood.admit(header(scope["headers"], b"host"), origin)
            if method == "OPTIONS":
                await self._options(scope, watch)
            else:
                await self._app(inner, receive, watch)
        except Disconnected:
            status = CLIENT_CLOSED
        except asyncio.CancelledError:
            if status:
                raise
            await self._refuse(scope, watch, Stopping("the service is stopping"))
        except Exception as error:
            if status:
                raise  # the answer is half sent; only the connection can be dropped now
            await self._refuse(scope, watch, error)
        finally:
            self._note(inner, method, status, self._services.clock.monotonic() - started)

    async def _options(self, scope: Any, send: Send) -> None:
        """Say which methods the path has. The framework would name those of one handler, not of the path."""
        allowed = self._allowed(scope["path"])
        if not allowed:
            raise RouteNotFound("nothing is served under this path")
        headers = [(b"allow", ", ".join(allowed).encode()), *(PREFLIGHT if open_to_pages(scope["path"]) else ())]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _refuse(self, scope: Any, send: Send, error: Exception) -> None:
        """Send the problem document for `error`."""
        status, headers, body = self._problem(scope, error)
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        raw += [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
        if open_to_pages(scope["path"]):
            raw += [(b"cache-control", b"no-store"), *OPEN]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def _problem(self, scope: Any, error: Exception) -> tuple[int, Headers, bytes]:
        """Status, headers and body for `error`; what nobody foresaw is logged under an id and told without detail."""
        told = known(error)
        if told is None:
            incident = secrets.token_hex(8)
            _log.error("internal error", exc_info=error, extra={"incident": incident, "path": _shown(scope["path"])})
            told = InternalError(f"something broke; the log has it under {incident}")
        self._services.metrics.count("playproof_errors_total", told.code)
        problem, headers = document(told, _shown(scope["path"]))
        if isinstance(told, MethodNotAllowed):
            headers["Allow"] = ", ".join(self._allowed(scope["path"]))
        return problem.status, headers, _encode(problem)

    def _note(self, scope: Any, method: str, status: int, seconds: float) -> None:
        route: str = scope.get("path_template") or UNROUTED
        metrics = self._services.metrics
        metrics.count("playproof_requests_total", route, method if route != UNROUTED else UNROUTED, str(status))
        metrics.observe("playproof_request_seconds", seconds, route)
        if self._access is not None:
            client = scope.get("client")
            self._access.write(
                "info",
                "request",
                {
                    "method": method,
                    "path": _shown(scope["path"]),
                    "status": status,
                    "ms": round(seconds * 1000, 2),
                    "client": client[0] if client else None,
                },
            )


def _shown(path: str) -> str:
    return path if len(path) <= LONGEST_LOGGED_PATH else path[:LONGEST_LOGGED_PATH] + "..."
