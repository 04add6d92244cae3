"""The widget's files, for pages of any origin; no key, no cookie, nothing from elsewhere."""

from __future__ import annotations

from typing import Any

from litestar import Request, get

from playproof.web.answer import Answer, Headers
from playproof.web.cors import OPEN
from playproof.web.problems import RouteNotFound
from playproof.web.widget_files import ENTRY, WIDGET_FILES, WIDGET_VERSION

_MEDIA_TYPE = b"text/javascript; charset=utf-8"
_COMMON: Headers = (
    *OPEN,
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
)
_FOR_GOOD: Headers = (*_COMMON, (b"cache-control", b"public, max-age=31536000, immutable"))
_FOR_MINUTES: Headers = (*_COMMON, (b"cache-control", b"public, max-age=300"))


def _elsewhere(request: Request[Any, Any, Any], name: str) -> Answer:
    """Send the browser on to this version, with what was asked of the entry."""
    query: bytes = request.scope["query_string"]
    root: str = request.scope.get("root_path", "")
    location = f"{root}/widget/{WIDGET_VERSION}/{name}".encode("ascii")
    return Answer(b"", _MEDIA_TYPE, status=302, headers=(*_FOR_MINUTES, (b"location", location + (b"?" + query if query else b""))))


@get("/widget/playproof.js", sync_to_thread=False)
def latest(request: Request[Any, Any, Any]) -> Answer:
    """The way to the present version, for a quick start."""
    return _elsewhere(request, ENTRY)


@get("/widget/{version:str}/{name:path}", sync_to_thread=False)
def module(request: Request[Any, Any, Any]) -> Answer:
    """A module of the widget; one of another version is answered by the way to the present one."""
    name = request.path_params["name"].lstrip("/")
    if name not in WIDGET_FILES:
        raise RouteNotFound("the widget has no file of this name")
    if request.path_params["version"] != WIDGET_VERSION:
        return _elsewhere(request, name)
    return Answer(WIDGET_FILES[name], _MEDIA_TYPE, headers=_FOR_GOOD)
