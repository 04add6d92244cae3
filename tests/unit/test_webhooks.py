"""Signatures of webhooks, the addresses they may go to, and when they are sent again."""

from __future__ import annotations

import base64
import hmac
import ipaddress
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playproof.clock import milliseconds
from playproof.errors import InvalidWebhook
from playproof.store import Letter
from playproof.testing import FakeClock
from playproof.webhooks import verify
from playproof.webhooks.addresses import Reach, classify
from playproof.webhooks.notice import trial_notice
from playproof.webhooks.schedule import GIVE_UP_SECONDS, LONGEST_SECONDS, next_attempt
from playproof.webhooks.sender import Attempt
from playproof.webhooks.signing import signed_headers

# The vector that libraries for Standard Webhooks are tested with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SENT_AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HEADERS = {"webhook-id": ID, "webhook-timestamp": "1614265330", "webhook-signature": SIGNATURE}

OTHER = "the secret that was in force before"


def test_the_published_vector_is_signed_and_verified() -> None:
    assert signed_headers([SECRET], ID, SENT_AT, BODY) == HEADERS
    assert verify(BODY, HEADERS, SECRET, SENT_AT) == ID


def test_a_secret_in_plain_text_signs_with_its_characters() -> None:
    expected = base64.b64encode(hmac.digest(OTHER.encode(), b"msg_1.1614265330." + BODY, "sha256")).decode()
    assert signed_headers([OTHER], "msg_1", SENT_AT, BODY)["webhook-signature"] == f"v1,{expected}"


def test_one_right_signature_among_others_will_do() -> None:
    both = signed_headers([OTHER, SECRET], ID, SENT_AT, BODY)
    assert both["webhook-signature"].split()[1] == SIGNATURE
    assert verify(BODY, both, SECRET, SENT_AT) == ID
    foreign = {**HEADERS, "webhook-signature": f"v1a,whatever v1,AAAA v2,{SIGNATURE[3:]} nonsense {SIGNATURE}"}
    assert verify(BODY, foreign, SECRET, SENT_AT) == ID


def test_headers_are_found_in_any_case() -> None:
    assert verify(BODY, {name.title(): value for name, value in HEADERS.items()}, SECRET, SENT_AT) == ID


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": "1614265331"},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": SIGNATURE.replace("v1,", "v2,")},
        {"webhook-signature": SIGNATURE.removeprefix("v1,")},
        {"webhook-signature": SIGNATURE + "x"},
        {"webhook-signature": "v1,ü"},
    ],
)
def test_whatever_was_changed_is_noticed(changed: dict[str, str]) -> None:
    with pytest.raises(InvalidWebhook, match="no signature"):
        verify(BODY, {**HEADERS, **changed}, SECRET, SENT_AT)


def test_another_body_or_another_secret_is_noticed() -> None:
    with pytest.raises(InvalidWebhook, match="no signature"):
        verify(BODY + b" ", HEADERS, SECRET, SENT_AT)
    with pytest.raises(InvalidWebhook, match="no signature"):
        verify(BODY, HEADERS, OTHER, SENT_AT)


@pytest.mark.parametrize("name", list(HEADERS))
def test_a_missing_header_is_named(name: str) -> None:
    for rest in ({key: value for key, value in HEADERS.items() if key != name}, {**HEADERS, name: ""}):
        with pytest.raises(InvalidWebhook, match=name):
            verify(BODY, rest, SECRET, SENT_AT)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_time_within_five_minutes_will_do(seconds: int) -> None:
    assert verify(BODY, HEADERS, SECRET, SENT_AT + timedelta(seconds=seconds)) == ID


@pytest.mark.parametrize("seconds", [-301, 301, 86400])
def test_a_time_further_away_will_not(seconds: int) -> None:
    with pytest.raises(InvalidWebhook, match="too far away"):
        verify(BODY, HEADERS, SECRET, SENT_AT + timedelta(seconds=seconds))


@pytest.mark.parametrize("timestamp", ["1614265330.5", "soon", "-1", "²"])
def test_a_time_that_is_none_will_not_do_even_where_it_is_signed(timestamp: str) -> None:
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, f"{ID}.{timestamp}.".encode() + BODY, "sha256")).decode()
    with pytest.raises(InvalidWebhook, match="too far away"):
        verify(BODY, {**HEADERS, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}, SECRET, SENT_AT)


def test_a_secret_that_is_too_short_verifies_nothing() -> None:
    with pytest.raises(ValueError, match="24 bytes"):
        verify(BODY, HEADERS, "short", SENT_AT)


@given(st.binary(max_size=200), st.text(min_size=24).filter(lambda text: not text.startswith("whsec_")))
def test_whatever_is_signed_is_verified(body: bytes, secret: str) -> None:
    secret = secret.encode("utf-8", "replace").decode()
    assert verify(body, signed_headers([secret], ID, SENT_AT, body), secret, SENT_AT) == ID


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("169.254.1.1", "link-local"),
        ("100.64.0.1", "shared by a carrier's customers"),
        ("100.127.255.255", "shared by a carrier's customers"),
        ("192.0.0.1", "reserved"),
        ("192.0.2.1", "documentation"),
        ("192.88.99.1", "6to4 relay"),
        ("198.18.0.1", "benchmarking"),
        ("198.19.255.255", "benchmarking"),
        ("198.51.100.1", "documentation"),
        ("203.0.113.1", "documentation"),
        ("::1", "loopback"),
        ("::8.8.8.8", "reserved"),
        ("::ffff:8.8.8.8", "IPv4-mapped"),
        ("64:ff9b::8.8.8.8", "NAT64"),
        ("64:ff9b:1::1", "NAT64"),
        ("100::1", "reserved"),
        ("2001:0:4136:e378:8000:63bf:f7f7:f7f7", "Teredo"),
        ("2001:10::1", "reserved"),
        ("2001:db8::1", "documentation"),
        ("2002:808:808::1", "6to4"),
        ("3fff::1", "documentation"),
        ("5f00::1", "reserved"),
        ("fc00::1", "private"),
        ("fd12:3456::1", "private"),
        ("fe80::1", "link-local"),
        ("fe80::1%2", "link-local"),
        ("fec0::1", "site-local"),
    ],
)
def test_addresses_that_only_this_network_reaches(address: str, what: str) -> None:
    assert classify(ipaddress.ip_address(address)) == (Reach.PRIVATE, what)


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("169.254.169.254", "cloud metadata"),
        ("169.254.170.2", "cloud metadata"),
        ("100.100.100.200", "cloud metadata"),
        ("168.63.129.16", "cloud metadata"),
        ("192.0.0.192", "cloud metadata"),
        ("::", "unspecified"),
        ("ff02::1", "multicast"),
        ("fd00:ec2::254", "cloud metadata"),
        ("fd20:ce::254", "cloud metadata"),
        ("::ffff:169.254.169.254", "IPv4-mapped, cloud metadata"),
        ("::ffff:0.0.0.0", "IPv4-mapped, unspecified"),
        ("64:ff9b::a9fe:a9fe", "NAT64, cloud metadata"),
        ("2002:a9fe:a9fe::1", "6to4, cloud metadata"),
        ("2001:0:4136:e378:8000:63bf:5601:5601", "Teredo, cloud metadata"),
    ],
)
def test_addresses_where_nobody_receives_webhooks(address: str, what: str) -> None:
    assert classify(ipaddress.ip_address(address)) == (Reach.NEVER, what)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.215.14",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "2001:4860:4860::8888",
        "2606:4700::1111",
    ],
)
def test_addresses_of_the_internet(address: str) -> None:
    assert classify(ipaddress.ip_address(address)) == (Reach.PUBLIC, "public")


@given(st.ip_addresses())
def test_what_the_standard_library_calls_special_is_never_called_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    special = not address.is_global or address.is_multicast or address.is_reserved
    assert not (special and classify(address)[0] is Reach.PUBLIC)


NOW = milliseconds(FakeClock().now())
FAILED = Attempt(500, "status 500")


def letter(attempts: int = 0, created_at: int = NOW) -> Letter:
    return Letter(id=ID, body=BODY, attempts=attempts, created_at=created_at)


def most(count: int) -> bytes:
    return b"\xff" * count


def half(count: int) -> bytes:
    return b"\x80" + bytes(count - 1)


def test_the_wait_is_anything_up_to_a_bound_that_doubles_to_an_hour() -> None:
    bounds = [next_attempt(FAILED, letter(attempts), NOW, most) for attempts in range(12)]
    waits = [round((bound - NOW) / 1000) for bound in bounds if bound is not None]
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]
    assert next_attempt(FAILED, letter(), NOW, half) == NOW + 2500
    assert next_attempt(FAILED, letter(), NOW, bytes) == NOW


def test_a_site_that_asks_for_time_is_given_it_but_no_more_than_an_hour() -> None:
    asked = [next_attempt(Attempt(429, "status 429", seconds), letter(), NOW, half) for seconds in (1.0, 60.0, 86400.0)]
    assert asked == [NOW + 2500, NOW + 60_000, NOW + int(LONGEST_SECONDS) * 1000]


def test_a_site_that_wants_to_hear_no_more_is_left_alone() -> None:
    assert next_attempt(Attempt(410, "status 410"), letter(), NOW, half) is None


def test_the_last_attempt_is_a_day_after_the_letter_was_put_in() -> None:
    day = int(GIVE_UP_SECONDS) * 1000
    assert next_attempt(FAILED, letter(20), NOW + day - 1000, half) == NOW + day
    assert next_attempt(FAILED, letter(20), NOW + day, half) is None
    assert next_attempt(FAILED, letter(20), NOW + 2 * day, half) is None


def test_a_trial_letter_says_when_and_nothing_else() -> None:
    clock = FakeClock()
    notice = trial_notice(clock.now(), half)
    assert json.loads(notice.body) == {"type": "webhook.test", "timestamp": "2026-01-01T00:00:00.000Z", "data": {}}
    assert notice.id.startswith("msg_")
    assert len(notice.id) == 30
