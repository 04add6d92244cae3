"""A large body on its way to a file: whole, in time, within its limit; and orders in JSON."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import msgspec
import pytest

from playproof.errors import HostedError, HostedNotConfigured, HostedReason, InvalidRequest, MalformedJson, TooLarge
from playproof.web.body import Disconnected, decode_json, read_into, require_lines
from playproof.web.problems import RequestError, RequestTimeout, UnsupportedMediaType, document


class Client:
    """Sends pieces, then goes away or falls silent."""

    def __init__(self, *pieces: bytes, whole: bool = True, silent: bool = False) -> None:
        last = len(pieces) - 1
        self.messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": piece, "more_body": at < last or not whole} for at, piece in enumerate(pieces)
        ]
        self.silent = silent

    async def receive(self) -> dict[str, Any]:
        if self.messages:
            return self.messages.pop(0)
        if self.silent:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}


def read(client: Client, limit: int = 100, *, length: bytes | None = None, seconds: float = 60.0) -> bytes:
    file = io.BytesIO()
    headers = [] if length is None else [(b"content-length", length)]
    asyncio.run(read_into(file, headers, client.receive, limit, seconds))
    return file.getvalue()


def test_a_body_is_written_whole() -> None:
    assert read(Client(b"one ", b"two ", b"three")) == b"one two three"
    assert read(Client(b"")) == b""
    assert read(Client(b"x" * 100), 100) == b"x" * 100
    many = [b"%6d" % number * 1000 for number in range(500)]
    assert read(Client(*many), 10**7) == b"".join(many)


def test_a_body_over_its_limit_is_refused_as_soon_as_that_is_known() -> None:
    with pytest.raises(TooLarge, match="larger than 100 bytes"):
        read(Client(silent=True), length=b"101")
    endless = Client(b"x" * 60, b"x" * 60, whole=False, silent=True)
    with pytest.raises(TooLarge):
        read(endless)


def test_a_body_that_stops_coming_ends() -> None:
    with pytest.raises(RequestTimeout, match=r"within 0\.01 s"):
        read(Client(b"one", whole=False, silent=True), seconds=0.01)
    with pytest.raises(Disconnected):
        read(Client(b"one", whole=False))
    with pytest.raises(RequestError):
        read(Client(b"one"), length=b"many")


@pytest.mark.parametrize("declared", [b"application/x-ndjson", b"Application/X-NDJSON; charset=utf-8"])
def test_lines_are_taken_as_lines(declared: bytes) -> None:
    require_lines([(b"content-type", declared)])


@pytest.mark.parametrize("declared", [None, b"application/json", b"application/x-ndjson; charset=latin-1", b"text/plain"])
def test_anything_else_is_not(declared: bytes | None) -> None:
    with pytest.raises(UnsupportedMediaType):
        require_lines([] if declared is None else [(b"content-type", declared)])


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked for."""

    count: int = 1


def test_an_order_says_what_is_wrong_with_it_and_where() -> None:
    assert decode_json(b'{"count": 3}', Order).count == 3
    with pytest.raises(InvalidRequest) as caught:
        decode_json(b'{"count": "three"}', Order)
    assert caught.value.path == "$.count"
    with pytest.raises(InvalidRequest) as caught:
        decode_json(b'{"counts": 3}', Order)
    assert caught.value.path == "$"
    for body in (b"", b"{", b"\xff", b'{"\xff": 1}'):
        with pytest.raises(MalformedJson):
            decode_json(body, Order)


def test_what_the_hosted_model_refuses_has_its_reason() -> None:
    problem, _ = document(HostedError("models.train: 402", reason=HostedReason.CREDITS_EXHAUSTED), "/")
    assert (problem.status, problem.reason) == (502, "credits_exhausted")
    problem, headers = document(HostedNotConfigured(), "/")
    assert (problem.status, problem.reason, headers) == (503, "not_configured", {})


def test_json_that_is_nested_too_deeply_is_told_so() -> None:
    """A structure that leaves unknown fields out walks through them all the same."""

    class Order(msgspec.Struct):
        known: int

    with pytest.raises(MalformedJson):
        decode_json(b'{"unknown": ' + b"[" * 30_000 + b"]" * 30_000 + b', "known": 1}', Order)
