"""From handlers to an application: what all of ours have around them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, NoReturn

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from playproof.observe.logging import LogWriter
from playproof.web.rim import Rim
from playproof.web.services import Services

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]

_METHODS = ("DELETE", "GET", "POST")


def routed(
    handlers: Sequence[HTTPRouteHandler], services: Services, access: LogWriter | None, *, lifespan: Lifespan | None = None, **state: object
) -> ASGIApp:
    """The application of `handlers`, which find `services` and `state` in `request.app.state`. `access` gets a line a request."""
    routes = Litestar(
        route_handlers=list(handlers),
        lifespan=[lifespan] if lifespan is not None else [],
        state=State({"services": services, **state}),
        exception_handlers={Exception: _leave_to_the_rim},
        openapi_config=None,  # declared by hand, because the bodies are decoded by hand
        logging_config=None,
        request_max_body_size=None,  # limited where it is read
    )
    return Rim(routes, services, partial(_allowed, routes), access)


def _leave_to_the_rim(_: Request[Any, Any, Any], error: Exception) -> NoReturn:
    raise error


def _allowed(routes: Litestar, path: str) -> list[str]:
    """The methods that are served under `path`, in alphabetical order; empty where none is."""
    found = []
    for method in _METHODS:
        with contextlib.suppress(HTTPException):
            routes.asgi_router.handle_routing(path=path, method=method)
            found.append(method)
    if "GET" in found:
        found.append("HEAD")
    return sorted([*found, "OPTIONS"]) if found else []
