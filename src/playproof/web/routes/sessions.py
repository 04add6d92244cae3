"""`/api/v1/sessions/{id}`: a stored verdict, and its erasure."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

import msgspec
from litestar import Request, delete, get

from playproof.errors import SessionNotFound
from playproof.web.answer import Answer, json
from playproof.web.body import header
from playproof.web.routes.score import scope_of
from playproof.web.services import Services

PATH = "/api/v1/sessions/"


class Erased(msgspec.Struct, frozen=True, rename="camel"):
    """What an erasure removed."""

    session_id: str
    erased: int
    """Sessions removed: the same id may be taken once under each API key."""


def session_id_in(request: Request[Any, Any, Any], path: str) -> str:
    """The session id that follows `path` in the path of a request."""
    # The routed path is normalised and decoded; an id may hold what that changes, such as an escaped slash.
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return unquote(raw.decode("latin-1").partition(path)[2])


@get(PATH + "{session_id:path}")
async def stored(request: Request[Any, Any, Any]) -> Answer:
    """The verdict stored under an id: as it was answered, or the final one that followed a preliminary one."""
    services: Services = request.app.state.services
    scope = scope_of(request, services)
    name = session_id_in(request, PATH)
    found = await asyncio.to_thread(services.store.get, scope, name)
    if found is None:
        raise SessionNotFound(f"no session {name!r} is stored")
    return Answer(found.verdict)


@delete(PATH + "{session_id:path}", status_code=200)
async def erase(request: Request[Any, Any, Any]) -> Answer:
    """Erase a session everywhere: verdict, features and telemetry, under every API key."""
    services: Services = request.app.state.services
    services.keys.require_admin(header(request.scope["headers"], b"authorization"))
    name = session_id_in(request, PATH)
    count = await asyncio.to_thread(services.store.erase, name)
    if not count:
        raise SessionNotFound(f"no session {name!r} is stored")
    services.metrics.count("playproof_erased_total", by=count)
    return json(Erased(name, count))
