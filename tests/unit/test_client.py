"""The client for backends of sites: what it makes of answers, and of none."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from playproof.client import AsyncClient, Client, Trouble, Verification
from playproof.client.course import OnError
from playproof.testing import FakeClock

SECRET = "sk_secret-of-the-shop"
URL = "https://verify.example/"
TOKEN = "pp1." + "a" * 43

Handler = Callable[[httpx.Request], httpx.Response]


class Service:
    """Answers one after the other, and what it was asked."""

    def __init__(self, *answers: Exception | Handler) -> None:
        self.answers: Iterator[Any] = iter(answers)
        self.asked: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.patience: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(json.loads(request.content))
        self.paths.append(request.url.path)
        self.patience.append(request.extensions["timeout"]["read"])
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        found: httpx.Response = answer(request)
        return found


def response(status: int, **given: Any) -> Handler:
    """Answers so, made anew each time: httpx gives an answer out once."""
    return lambda _: httpx.Response(status, **given)


def success(**more: Any) -> Handler:
    return response(200, json={"success": True, "decision": "pass", "status": "final", "error-codes": [], **more})


def refusal(*codes: str, status: int = 200) -> Handler:
    return response(status, json={"success": False, "error-codes": list(codes)})


class Asking:
    """Either client, with a clock that its pauses move."""

    def __init__(self, kind: str, service: Service, **options: Any) -> None:
        self.clock = FakeClock()
        self.pauses: list[float] = []
        self.kind = kind
        given: dict[str, Any] = {"clock": self.clock, "random": lambda count: b"\xff" * count, **options}
        transport = httpx.MockTransport(service)
        self.client: Any = (
            Client(SECRET, URL, transport=transport, sleep=self.pause, **given)
            if kind == "sync"
            else AsyncClient(SECRET, URL, transport=transport, sleep=self.pause_async, **given)
        )

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clock.advance(seconds)

    async def pause_async(self, seconds: float) -> None:
        self.pause(seconds)

    def verify(self, token: str | None = TOKEN, **expected: str) -> Verification:
        asked = self.client.verify(token, **expected)
        result: Verification = asked if self.kind == "sync" else asyncio.run(asked)
        return result


@pytest.fixture(params=["sync", "async"])
def asking(request: pytest.FixtureRequest) -> Callable[..., Asking]:
    """Makes a client of either kind."""

    def make(service: Service, **options: Any) -> Asking:
        return Asking(request.param, service, **options)

    return make


Make = Callable[..., Asking]


def test_a_good_token(asking: Make) -> None:
    service = Service(success(human_score=0.98, action="signup", metadata={"game": "osu", "test_key": True}, later="field"))
    result = asking(service).verify(expected_action="signup", remoteip="203.0.113.9")
    assert (result.success, result.decision, result.human_score, result.trouble) == (True, "pass", 0.98, None)
    assert (result.metadata.game, result.metadata.test_key) == ("osu", True)
    (asked,) = service.asked
    assert service.paths == ["/api/v1/siteverify"]
    assert asked.pop("idempotency_key") == "ffffffff-ffff-4fff-bfff-ffffffffffff"
    assert asked == {"secret": SECRET, "response": TOKEN, "remoteip": "203.0.113.9", "expected_action": "signup"}


def test_a_token_that_was_sent_twice_is_told_apart(asking: Make) -> None:
    spent = asking(Service(refusal("timeout-or-duplicate", "already-seen-response"))).verify()
    late = asking(Service(refusal("timeout-or-duplicate", "expired-input-response"))).verify()
    wrong = asking(Service(refusal("invalid-input-response"))).verify()
    assert [(one.success, one.spent, one.expired, one.trouble) for one in (spent, late, wrong)] == [
        (False, True, False, None),
        (False, False, True, None),
        (False, False, False, None),
    ]


@pytest.mark.parametrize(
    ("token", "code"), [(None, "missing-input-response"), ("", "missing-input-response"), ("x" * 2049, "invalid-input-response")]
)
def test_what_is_no_token_is_not_asked_about(asking: Make, token: str | None, code: str) -> None:
    service = Service()
    result = asking(service, on_error="open").verify(token)
    assert (result.success, result.codes, service.asked) == (False, (code,), [])


OUTAGES: list[tuple[Exception | Handler, Trouble]] = [
    (httpx.ConnectError("refused"), Trouble.UNREACHABLE),
    (httpx.RemoteProtocolError("cut off"), Trouble.UNREACHABLE),
    (httpx.ReadTimeout("slow"), Trouble.TIMEOUT),
    (refusal("internal-error", status=503), Trouble.UNAVAILABLE),
    (response(500, text="broken"), Trouble.UNAVAILABLE),
    (response(200, text="<html>welcome to the hotel</html>"), Trouble.MISUNDERSTOOD),
    (response(200, json={"success": "yes"}), Trouble.MISUNDERSTOOD),
    (response(200, json=["success"]), Trouble.MISUNDERSTOOD),
    (response(200, json={"decision": "pass"}), Trouble.MISUNDERSTOOD),
    (response(200, content=b" " * 70_000), Trouble.MISUNDERSTOOD),
    (response(200, stream=httpx.ByteStream(b"no gzip"), headers={"Content-Encoding": "gzip"}), Trouble.MISUNDERSTOOD),
]


@pytest.mark.parametrize(("outage", "trouble"), OUTAGES)
@pytest.mark.parametrize(("on_error", "success"), [("closed", False), ("open", True), ("review", False)])
def test_the_site_says_what_holds_in_an_outage(
    asking: Make, outage: Exception | Handler, trouble: Trouble, on_error: OnError, success: bool
) -> None:
    told: list[Verification] = []
    client = asking(Service(outage), on_error=on_error, retries=0, on_unanswered=told.append)
    result = client.verify()
    assert (result.success, result.trouble) == (success, trouble)
    assert result.decision == ("review" if on_error == "review" else None)
    assert told == [result]
    assert client.client.opened == (1 if success else 0)


@pytest.mark.parametrize(
    ("answer", "trouble", "codes"),
    [
        (refusal("rate-limited", status=429), Trouble.LIMITED, ("rate-limited",)),
        (response(404, text="nothing here"), Trouble.REFUSED, ()),
        (refusal("bad-request", status=400), Trouble.REFUSED, ("bad-request",)),
        (response(301, headers={"Location": "https://elsewhere.example"}), Trouble.REFUSED, ()),
    ],
)
def test_a_mistake_of_the_site_lets_nobody_in(asking: Make, answer: Handler, trouble: Trouble, codes: tuple[str, ...]) -> None:
    client = asking(Service(answer), on_error="open", retries=0)
    result = client.verify()
    assert (result.success, result.trouble, client.client.opened) == (False, trouble, 0)
    assert result.codes == codes


def test_a_wrong_secret_lets_nobody_in(asking: Make) -> None:
    result = asking(Service(refusal("invalid-input-secret")), on_error="open").verify()
    assert (result.success, result.trouble) == (False, None)


def test_all_attempts_ask_the_same_question(asking: Make) -> None:
    service = Service(httpx.ReadTimeout("lost"), response(503), success())
    client = asking(service, timeout=9.0)
    assert client.verify().success
    assert len(service.asked) == 3
    assert len({asked["idempotency_key"] for asked in service.asked}) == 1
    assert len(client.pauses) == 2
    assert service.patience[0] == pytest.approx(3.0), "a third of the time, where there are two retries"
    assert client.client.opened == 0


def test_two_questions_are_two(asking: Make) -> None:
    service = Service(success(), success())
    numbers = iter(range(1, 9))
    client = asking(service, random=lambda count: bytes([next(numbers)]) * count)
    if client.kind == "sync":
        client.verify()
        client.verify()
    else:

        async def twice() -> None:
            await client.client.verify(TOKEN)
            await client.client.verify(TOKEN)

        asyncio.run(twice())
    assert len({asked["idempotency_key"] for asked in service.asked}) == 2


def test_patience_ends_with_the_time_and_the_retries(asking: Make) -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        client.clock.advance(request.extensions["timeout"]["read"])
        raise httpx.ReadTimeout("slow")

    service = Service(*[slow] * 9)
    client = asking(service, timeout=3.0, retries=5)
    started = client.clock.monotonic()
    assert client.verify().trouble is Trouble.TIMEOUT
    assert client.clock.monotonic() - started <= 3.0
    few = Service(*[httpx.ConnectError("refused") for _ in range(9)])
    assert asking(few, retries=1).verify().trouble is Trouble.UNREACHABLE
    assert len(few.asked) == 2


def test_a_service_that_asks_for_time_gets_it_or_none(asking: Make) -> None:
    busy = response(503, headers={"Retry-After": "2"})
    client = asking(Service(busy, success()), timeout=5.0)
    assert client.verify().success
    assert client.pauses == [2.0]
    hurried = asking(Service(busy, success()), timeout=1.0)
    assert hurried.verify().trouble is Trouble.UNAVAILABLE
    assert hurried.pauses == []


def test_what_the_site_refuses_is_not_asked_again(asking: Make) -> None:
    service = Service(response(404), success())
    assert not asking(service).verify().success
    assert len(service.asked) == 1


def test_the_secret_shows_nowhere(asking: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    client = asking(Service(httpx.ConnectError("refused")), retries=0)
    client.verify()
    assert SECRET not in repr(client.client) + caplog.text
    assert TOKEN not in caplog.text
    assert "unreachable" in caplog.text


@pytest.mark.parametrize(
    "given",
    [
        {"url": "verify.example"},
        {"url": "ftp://verify.example"},
        {"url": "https://verify.example?x=1"},
        {"secret": ""},
        {"on_error": "opened"},
        {"timeout": 0.0},
        {"timeout": float("nan")},
        {"retries": -1},
    ],
)
def test_what_will_not_do_is_said_at_once(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is"):
        Client(**{"secret": SECRET, "url": URL, **given})


def test_both_can_be_closed() -> None:
    with Client(SECRET, URL) as client:
        assert client.url == "https://verify.example/api/v1/siteverify"

    async def use() -> None:
        async with AsyncClient(SECRET, URL):
            pass

    asyncio.run(use())


def test_nothing_of_the_service_is_loaded_with_it() -> None:
    program = "import sys, playproof.client; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "playproof.client.course" in loaded
    assert loaded.isdisjoint(
        {"numpy", "litestar", "sqlalchemy", "uvicorn", "prometheus_client", "playproof.decision", "playproof.settings"}
    )
