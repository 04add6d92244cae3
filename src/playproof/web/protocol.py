"""HTTP on a connection, below the application: what uvicorn does, and what it leaves open."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, cast

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from playproof.web.problems import MEDIA_TYPE, RequestError, document

LONGEST_HEAD = 64 * 1024
"""Bytes of request line and headers."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class JoinedAnswer:
    """A transport that holds the head of an answer back until its body comes, so that both leave in one system call.

    On a loopback connection every call carries the packet to the other side and wakes it up: with two, sending took a
    quarter of the processor time of a request that was not scored.
    """

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = b""

    def write(self, data: bytes) -> None:
        """Hold the head, send anything else with what is held."""
        if self._head == b"" and data != _CONTINUE:
            self._head = data
        elif self._head:
            self._transport.write(self._head + data)
            self._head = None
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Send a head that has no body."""
        if self._head:
            self._transport.write(self._head)
            self._head = None

    def close(self) -> None:
        """Send what is held, and close."""
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether the connection is on its way out."""
        return self._transport.is_closing()


class ProblemProtocol(HttpToolsProtocol):
    """The HTTP protocol, with problem documents for what is not HTTP, and a limit to the head of a request."""

    def on_message_begin(self) -> None:
        """Begin to count the head."""
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin a request; its answer leaves in one piece."""
        super().on_headers_complete()
        answer = JoinedAnswer(self.transport)
        self.cycle.transport = cast("Any", answer)
        self.cycle.body = cast("Any", b"")  # what is added to nothing is not copied, nor is what is bytes already
        self.cycle.on_response = partial(self._answered, answer)

    def _answered(self, answer: JoinedAnswer) -> None:
        answer.flush()
        self.on_response_complete()

    def on_url(self, url: bytes) -> None:
        """Count the request line."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > LONGEST_HEAD:
            raise ValueError("the head of the request is too long")  # the parser turns it into a refusal

    def send_400_response(self, msg: str) -> None:
        """Refuse what could not be parsed, and close."""
        problem, _ = document(RequestError(msg), "/")
        body = msgspec.json.encode(problem)
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()
