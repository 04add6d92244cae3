"""The ASGI application around an emulated service."""

from __future__ import annotations

import logging
from typing import Any

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware

from playproof.emulator.exchange import Reply, refuse
from playproof.emulator.gate import Gate
from playproof.emulator.refusal import Refusal
from playproof.emulator.routes import datasets, jobs, models, operate, storage
from playproof.emulator.service import Emulated

_log = logging.getLogger("playproof.emulator")


def create_app(service: Emulated) -> Litestar:
    """The application."""
    return Litestar(
        route_handlers=[*datasets.ROUTES, *models.ROUTES, *jobs.ROUTES, *storage.ROUTES, *operate.ROUTES],
        middleware=[DefineMiddleware(Gate, service=service)],
        state=State({"service": service}),
        exception_handlers={Refusal: _refused, HTTPException: _not_served, Exception: _broken},
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,
    )


def _refused(_: Request[Any, Any, Any], refusal: Refusal) -> Reply:
    return refuse(refusal)


def _not_served(_: Request[Any, Any, Any], error: HTTPException) -> Reply:
    return refuse(Refusal(error.status_code, {404: "Not Found", 405: "Method Not Allowed"}.get(error.status_code, error.detail)))


def _broken(request: Request[Any, Any, Any], error: Exception) -> Reply:
    _log.error("the emulator broke", exc_info=error, extra={"path": request.url.path})
    return refuse(Refusal(500, "Internal Server Error"))
