"""One attempt to deliver a webhook, to a receiver that listens."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from playproof.testing import FakeClock
from playproof.webhooks.destination import Resolve
from playproof.webhooks.sender import ANSWER_BYTES, Attempt, Sender
from tests.receiving import CERTIFICATE, SECRET, Answer, Receiver, receiving

BODY = b'{"type": "session.final"}'
ID = "msg_1"


def send(url: str, *, secrets: Sequence[str] = (SECRET,), **given: Any) -> Attempt:
    """One attempt, by default to whichever address."""

    async def attempt() -> Attempt:
        async with Sender(url, secrets, **{"clock": FakeClock(), "private": True, **given}) as sender:
            return await sender.send(ID, BODY)

    return asyncio.run(attempt())


def knows(*addresses: str) -> Resolve:
    """A resolver that knows one name."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


def nothing_came(receiver: Receiver) -> bool:
    return receiver.arrivals.empty()


def test_a_site_can_tell_who_sent_it() -> None:
    with receiving() as receiver:
        assert send(receiver.url(path="/hooks/?site=1")) == Attempt(status=200)
        arrival = receiver.next()
    clock = FakeClock()
    assert arrival.verified(clock.now()) == ID
    assert arrival.body == BODY
    assert arrival.path == "/hooks/?site=1"
    assert arrival.headers["content-type"] == "application/json"
    assert arrival.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert arrival.headers["webhook-timestamp"] == str(int(clock.now().timestamp()))
    assert arrival.headers["user-agent"].startswith("PlayProof/")


def test_while_secrets_change_places_each_of_them_will_do() -> None:
    other = "the secret that was in force before"
    with receiving() as receiver:
        send(receiver.url(), secrets=(SECRET, other))
        arrival = receiver.next()
    assert arrival.verified(FakeClock().now(), SECRET) == ID
    assert arrival.verified(FakeClock().now(), other) == ID


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_a_failure_and_is_not_followed(status: int) -> None:
    with receiving() as elsewhere, receiving(Answer(status, {"Location": elsewhere.url()})) as receiver:
        assert send(receiver.url()) == Attempt(status, f"status {status}")
        assert nothing_came(elsewhere)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_is_a_delivery(status: int) -> None:
    with receiving(Answer(status)) as receiver:
        assert send(receiver.url()) == Attempt(status)


def test_what_a_busy_site_asks_for_is_told_and_what_another_says_is_not() -> None:
    with receiving(Answer(429, {"Retry-After": "7"}), Answer(503, {"Retry-After": "9"}), Answer(500, {"Retry-After": "9"})) as receiver:
        assert send(receiver.url()) == Attempt(429, "status 429", 7.0)
        assert send(receiver.url()) == Attempt(503, "status 503", 9.0)
        assert send(receiver.url()) == Attempt(500, "status 500")


def test_no_answer_in_time_is_a_failure() -> None:
    held = threading.Event()
    with receiving(Answer(hold=held)) as receiver:
        assert send(receiver.url(), seconds=1.0) == Attempt(reason="no answer in 1 s")
        held.set()


def test_a_body_that_never_ends_does_not_undo_the_answer() -> None:
    dripping = threading.Event()
    with receiving(Answer(200, drip=dripping)) as receiver:
        assert send(receiver.url(), seconds=5.0) == Attempt(200)
        dripping.set()


def test_of_a_long_answer_no_more_than_the_beginning_is_taken_in() -> None:
    dripping = threading.Event()
    with receiving(Answer(200, body=b"x" * (ANSWER_BYTES + 1), drip=dripping)) as receiver:
        # It would wait for the rest for ever.
        assert send(receiver.url(), seconds=600.0) == Attempt(200)
        dripping.set()


def test_nobody_there_is_a_failure() -> None:
    with receiving() as receiver:
        url = receiver.url()
    attempt = send(url)
    assert attempt.status is None
    assert (attempt.reason or "").startswith("no connection")


def test_a_name_that_cannot_be_looked_up_is_a_failure() -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("Name or service not known")

    assert send("https://hooks.example/", resolve=unknown) == Attempt(reason="no connection: Name or service not known")
    assert send("https://hooks.example/", resolve=knows()) == Attempt(reason="no connection: the name has no address")


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".example"])
def test_what_is_no_name_cannot_be_looked_up(host: str) -> None:
    assert send(f"https://{host}/") == Attempt(reason="no connection: this is no name of a host")


def test_a_resolver_that_says_nothing_costs_the_attempt_its_time_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = threading.Event()

    def ask(*_: object, **__: object) -> list[object]:
        silent.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    assert send("https://hooks.example/", seconds=0.1) == Attempt(reason="no answer in 0.1 s")
    silent.set()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "127.1", "[::1]", "[::ffff:127.0.0.1]"])
def test_a_private_address_is_refused_however_it_is_written(host: str) -> None:
    with receiving() as receiver:
        attempt = send(receiver.url(host, scheme="https"), private=False)
        assert attempt.status is None
        assert (attempt.reason or "").startswith("refused: ")
        assert nothing_came(receiver)


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["2606:2800:220:1::1", "10.1.2.3"], ["64:ff9b::7f00:1"], ["::ffff:127.0.0.1"]],
)
def test_a_name_with_a_private_address_is_refused_whichever_else_it_has(addresses: Sequence[str]) -> None:
    with receiving() as receiver:
        attempt = send(receiver.url("hooks.example", scheme="https"), private=False, resolve=knows(*addresses))
        assert attempt.status is None
        assert (attempt.reason or "").startswith("refused: ")
        assert nothing_came(receiver)


def test_nobody_is_reached_at_a_clouds_metadata_even_where_private_addresses_are_allowed() -> None:
    assert send("http://hooks.example/", resolve=knows("169.254.169.254")).reason == "refused: cloud metadata address"


def test_plain_http_goes_to_private_addresses_alone() -> None:
    assert send("http://hooks.example/", resolve=knows("93.184.215.14")).reason == "refused: public address over plain http"


def test_a_name_is_looked_up_once_an_attempt_and_the_connection_goes_where_it_pointed_then() -> None:
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["203.0.113.1"]

    with receiving() as receiver:
        # The system's resolver does not know this name: only the address that was checked leads anywhere.
        assert send(receiver.url("hooks.example"), resolve=rebinding) == Attempt(200)
        assert receiver.next().headers["host"] == f"hooks.example:{receiver.port}"
    assert asked == ["hooks.example"]


def test_where_one_address_takes_no_connection_the_next_one_gets_its_turn() -> None:
    with receiving() as receiver:
        assert send(receiver.url("hooks.example"), resolve=knows("::1", "127.0.0.1")) == Attempt(200)


def test_the_certificate_has_to_be_that_of_the_name() -> None:
    trust = ssl.create_default_context(cafile=CERTIFICATE)
    with receiving(tls=True) as receiver:
        named = receiver.url("hooks.example", scheme="https")
        assert send(named, resolve=knows("127.0.0.1"), trust=trust) == Attempt(200)
        assert receiver.next().verified(FakeClock().now()) == ID
        other = send(receiver.url("other.example", scheme="https"), resolve=knows("127.0.0.1"), trust=trust)
        assert "certificate" in (other.reason or "")
        stranger = send(named, resolve=knows("127.0.0.1"))
        assert "certificate" in (stranger.reason or "")
        assert nothing_came(receiver)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy, receiving() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url(path=""))
        assert send(receiver.url()) == Attempt(200)
        assert nothing_came(proxy)


def test_what_breaks_in_the_middle_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.recv(65536)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        attempt = send(f"http://127.0.0.1:{server.getsockname()[1]}/")
        thread.join()
    assert (attempt.reason or "").startswith("the connection broke")


def test_neither_secret_nor_answer_is_in_a_log_or_a_reason(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), receiving(Answer(500, body=b"the answer's body")) as receiver:
        attempt = send(receiver.url(path="/hooks/path-that-only-we-know"))
        signature = receiver.next().headers["webhook-signature"]
    told = caplog.text + repr(attempt)
    for hidden in (SECRET, SECRET.removeprefix("whsec_"), signature, "the answer's body", "path-that-only-we-know"):
        assert hidden not in told
