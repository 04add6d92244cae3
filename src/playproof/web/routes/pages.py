"""The demo page, the API's page, and the files they are made of; nothing comes from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import msgspec
from litestar import Request, Response, get

from playproof.web.openapi import openapi_document
from playproof.web.problems import RouteNotFound
from playproof.web.services import Services

_MEDIA_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_HEADERS = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}


def _load() -> Mapping[str, bytes]:
    folder = files("playproof.web").joinpath("pages")
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.rpartition(".")[2] in _MEDIA_TYPES}


_PAGES = _load()


def _page(name: str) -> Response[bytes]:
    return Response(_PAGES[name], media_type=_MEDIA_TYPES[name.rpartition(".")[2]], headers=_HEADERS)


@get("/", sync_to_thread=False)
def demo() -> Response[bytes]:
    """A few seconds of play in the browser, and the verdict on it."""
    return _page("demo.html")


@get("/api/v1/docs", sync_to_thread=False)
def docs() -> Response[bytes]:
    """The OpenAPI document as a page."""
    return _page("docs.html")


@get("/assets/{name:str}", sync_to_thread=False)
def asset(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A file of the pages."""
    name = request.path_params["name"]
    if name not in _PAGES or name.endswith(".html"):
        raise RouteNotFound("nothing is served under this path")
    return _page(name)


@get("/api/v1/openapi.json", sync_to_thread=False)
def openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The OpenAPI document."""
    services: Services = request.app.state.services
    return Response(msgspec.json.encode(openapi_document(services.limits.body_bytes)), media_type="application/json")
