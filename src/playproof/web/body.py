"""Reading a request body: its type, its size and its time are limited while it arrives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from playproof.errors import TooLarge
from playproof.web.problems import RequestError, UnsupportedMediaType

Receive = Callable[[], Awaitable[Any]]
RawHeaders = Iterable[tuple[bytes, bytes]]


class Disconnected(Exception):
    """The client went away before its request was whole; nobody is left to answer."""


def header(headers: RawHeaders, name: bytes) -> str | None:
    """The value of the header `name` (lower case), `None` where it is absent."""
    for key, value in headers:
        if key == name:
            return value.decode("latin-1")
    return None


def require_json(headers: RawHeaders) -> None:
    """Return where the body is declared as plain JSON in UTF-8. Raises `UnsupportedMediaType`."""
    declared = header(headers, b"content-type")
    if declared != "application/json":
        _require_json_like(declared)
    encoding = header(headers, b"content-encoding")
    if encoding is not None and encoding.strip().lower() not in ("", "identity"):
        raise UnsupportedMediaType(f"bodies must not be compressed, this one is declared {encoding!r}")


def _require_json_like(declared: str | None) -> None:
    if declared is None:
        raise UnsupportedMediaType("the body has no Content-Type; send application/json")
    essence, *parameters = (part.strip().lower() for part in declared.split(";"))
    if essence != "application/json" and not (essence.startswith("application/") and essence.endswith("+json")):
        raise UnsupportedMediaType(f"the body is declared {declared!r}; send application/json")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8"):
            raise UnsupportedMediaType(f"JSON is sent in UTF-8, not in {value!r}")


async def read_body(headers: RawHeaders, receive: Receive, limit: int) -> bytes:
    """The whole body, at most `limit` bytes, however it is framed.

    Raises `TooLarge` as soon as the limit is known to be broken: the server then discards the rest of the body as it
    arrives, so that the client gets to read the answer. Raises `Disconnected` where the client gave up.
    """
    declared = header(headers, b"content-length")
    if declared is not None:
        if not declared.isdigit():
            raise RequestError("Content-Length is not a number")
        if int(declared) > limit:
            raise _too_large(limit)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        return body
    parts: list[bytes] = []
    size = 0
    while message["type"] == "http.request":
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await receive()
    raise Disconnected


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit} bytes", expected=f"at most {limit} bytes")
