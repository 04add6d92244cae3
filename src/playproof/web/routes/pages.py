"""The demo page, the API's page, and the files they are made of; nothing comes from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from litestar import Request, get

from playproof.web.answer import Answer, json
from playproof.web.openapi import openapi_document
from playproof.web.problems import RouteNotFound
from playproof.web.services import Services

_MEDIA_TYPES = {
    "html": b"text/html; charset=utf-8",
    "css": b"text/css; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
    "svg": b"image/svg+xml",
}
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types playproof"
)
_HEADERS = (
    (b"cache-control", b"no-cache"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", _POLICY),
)


def _load() -> Mapping[str, bytes]:
    folder = files("playproof.web").joinpath("pages")
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.rpartition(".")[2] in _MEDIA_TYPES}


_PAGES = _load()


def _page(name: str) -> Answer:
    return Answer(_PAGES[name], _MEDIA_TYPES[name.rpartition(".")[2]], headers=_HEADERS)


@get("/", sync_to_thread=False)
def demo() -> Answer:
    """The games in the widget, and what the operator is shown of a play."""
    return _page("demo.html")


@get("/free", sync_to_thread=False)
def free() -> Answer:
    """A few seconds of play, sent to be scored as any program may send one."""
    return _page("free.html")


@get("/operator", sync_to_thread=False)
def operator() -> Answer:
    """What visitors did and what was decided; the page itself knows nothing, it asks with the admin key."""
    return _page("operator.html")


@get("/api/v1/docs", sync_to_thread=False)
def docs() -> Answer:
    """The OpenAPI document as a page."""
    return _page("docs.html")


@get("/assets/{name:str}", sync_to_thread=False)
def asset(request: Request[Any, Any, Any]) -> Answer:
    """A file of the pages."""
    name = request.path_params["name"]
    if name not in _PAGES or name.endswith(".html"):
        raise RouteNotFound("nothing is served under this path")
    return _page(name)


@get("/api/v1/openapi.json", sync_to_thread=False)
def openapi(request: Request[Any, Any, Any]) -> Answer:
    """The OpenAPI document."""
    services: Services = request.app.state.services
    return json(openapi_document(services.limits.body_bytes, services.limits.upload_bytes))


ROUTES = (openapi, docs, demo, free, operator, asset)
