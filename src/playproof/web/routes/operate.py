"""`/health`, `/ready` and `/metrics`: what an operator's tools ask."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, get

from playproof import __version__
from playproof.observe.health import examine
from playproof.web.answer import Answer, json
from playproof.web.body import header
from playproof.web.locality import made_here
from playproof.web.services import Services


class Health(msgspec.Struct, frozen=True):
    """The answer of `/health`."""

    status: str
    version: str


@get("/health", sync_to_thread=False)
def health() -> Answer:
    """Say that the process answers."""
    return json(Health("ok", __version__))


@get("/ready")
async def ready(request: Request[Any, Any, Any]) -> Answer:
    """Say whether a verdict could be given and stored now; 503 where not."""
    services: Services = request.app.state.services
    readiness = await asyncio.to_thread(examine, services.checks)
    return json(readiness, status=200 if readiness.ready else 503)


@get("/metrics")
async def metrics(request: Request[Any, Any, Any]) -> Answer:
    """The metrics of all workers, as Prometheus reads them."""
    services: Services = request.app.state.services
    services.keys.require_metrics(header(request.scope["headers"], b"authorization"), local=made_here(request))
    page, media_type = await asyncio.to_thread(services.metrics.render)
    return Answer(page, media_type.encode())
