"""Whether a request was made on this machine."""

from __future__ import annotations

from typing import Any

from litestar import Request

from playproof.web.body import header
from playproof.web.services import Services

_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via")


def made_here(request: Request[Any, Any, Any]) -> bool:
    """Whether `request` comes from this machine, asks for it by a name of its own, and was not passed on by a proxy that runs on it."""
    services: Services = request.app.state.services
    headers = request.scope["headers"]
    client = request.scope.get("client")
    forwarded = any(header(headers, name) is not None for name in _FORWARDED)
    return services.neighbourhood.is_local(client[0] if client else None, header(headers, b"host"), forwarded=forwarded)
