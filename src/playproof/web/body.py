"""Reading a request body: its type, its size and its time are limited while it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, BinaryIO, TypeVar

import msgspec

from playproof.errors import InvalidRequest, MalformedJson, TooLarge
from playproof.web.problems import RequestError, RequestTimeout, UnsupportedMediaType

T = TypeVar("T")
Receive = Callable[[], Awaitable[Any]]
RawHeaders = Iterable[tuple[bytes, bytes]]

_WRITTEN_BYTES = 1024**2


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
        _require_type(declared, "application/json", "+json")
    _require_plain(headers)


def require_lines(headers: RawHeaders) -> None:
    """Return where the body is declared as plain JSON Lines in UTF-8. Raises `UnsupportedMediaType`."""
    _require_type(header(headers, b"content-type"), "application/x-ndjson")
    _require_plain(headers)


def _require_plain(headers: RawHeaders) -> None:
    encoding = header(headers, b"content-encoding")
    if encoding is not None and encoding.strip().lower() not in ("", "identity"):
        raise UnsupportedMediaType(f"bodies must not be compressed, this one is declared {encoding!r}")


def _require_type(declared: str | None, wanted: str, suffix: str | None = None) -> None:
    if declared is None:
        raise UnsupportedMediaType(f"the body has no Content-Type; send {wanted}")
    essence, *parameters = (part.strip().lower() for part in declared.split(";"))
    if essence != wanted and not (suffix and essence.startswith("application/") and essence.endswith(suffix)):
        raise UnsupportedMediaType(f"the body is declared {declared!r}; send {wanted}")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8"):
            raise UnsupportedMediaType(f"JSON is sent in UTF-8, not in {value!r}")


async def read_body(headers: RawHeaders, receive: Receive, limit: int) -> bytes:
    """The whole body, at most `limit` bytes, however it is framed.

    Raises `TooLarge` as soon as the limit is known to be broken: the server then discards the rest of the body as it
    arrives, so that the client gets to read the answer. Raises `Disconnected` where the client gave up.
    """
    _check_length(headers, limit)
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


async def read_into(file: BinaryIO, headers: RawHeaders, receive: Receive, limit: int, seconds: float) -> None:
    """Write the whole body to `file`, at most `limit` bytes, of which the next have to come within `seconds` each time.

    Raises `TooLarge` and `Disconnected` as `read_body` does, `RequestTimeout` where it stops coming.
    """
    _check_length(headers, limit)
    size, written, more = 0, 0, True
    parts: list[bytes] = []
    while more:
        try:
            async with asyncio.timeout(seconds):
                message = await receive()
        except TimeoutError:
            raise RequestTimeout(f"no more of the body arrived within {seconds:g} s") from None
        if message["type"] != "http.request":
            raise Disconnected
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > limit:
            raise _too_large(limit)
        if not more or size - written >= _WRITTEN_BYTES:
            await asyncio.to_thread(file.writelines, parts)
            parts, written = [], size


def _check_length(headers: RawHeaders, limit: int) -> None:
    declared = header(headers, b"content-length")
    if declared is not None:
        if not declared.isdigit():
            raise RequestError("Content-Length is not a number")
        if int(declared) > limit:
            raise _too_large(limit)


def decode_json(body: bytes, kind: type[T]) -> T:
    """The `kind` in a JSON body. Raises `MalformedJson` or `InvalidRequest`."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        told, _, path = str(error).partition(" - at `")
        raise InvalidRequest(told, path=path.rstrip("`") or "$") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedJson(f"the body is not JSON: {error}", expected="a JSON object") from None


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit} bytes", expected=f"at most {limit} bytes")
