"""The one form of an answer from a route."""

from __future__ import annotations

import msgspec
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

_encode = msgspec.json.Encoder().encode

Headers = tuple[tuple[bytes, bytes], ...]


class Answer(ASGIResponse):
    """A body that is whole and encoded, sent as it is.

    The framework's responses encode, merge and validate headers for each request; that took as long as its routing.
    """

    __slots__ = ("_headers", "_status")

    def __init__(self, body: bytes, media_type: bytes = b"application/json", *, status: int = 200, headers: Headers = ()) -> None:
        self.body = body
        self._status = status
        self._headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(body)), *headers]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def json(value: object, *, status: int = 200) -> Answer:
    """`value` as JSON."""
    return Answer(_encode(value), status=status)
