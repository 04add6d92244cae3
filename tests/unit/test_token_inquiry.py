"""What a site's backend asks, read from forms and JSON."""

from __future__ import annotations

import contextlib
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playproof.tokens.faults import Fault
from playproof.tokens.inquiry import BODY_BYTES, FORM, JSON, MULTIPART, Inquiry, InquiryRefused, read_inquiry

AGAIN = "0189f7e2-5c3a-7b61-9f4d-2a6c8e1b3d5f"
WHOLE = {
    "secret": "sk_s",
    "response": "pp1.r",
    "remoteip": "203.0.113.7",
    "idempotency_key": AGAIN,
    "sitekey": "pk_k",
    "expected_action": "login",
    "expected_hostname": "shop.example",
}
READ = Inquiry(
    secret="sk_s",
    response="pp1.r",
    remoteip="203.0.113.7",
    idempotency=bytes.fromhex(AGAIN.replace("-", "")),
    sitekey="pk_k",
    expected_action="login",
    expected_hostname="shop.example",
)
BOUNDARY = "boundary"


def multipart(fields: dict[str, str]) -> bytes:
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()


def written(kind: str, fields: dict[str, str]) -> tuple[str, bytes]:
    """Content type and body."""
    if kind == JSON:
        return JSON, json.dumps(fields).encode()
    if kind == FORM:
        return FORM, urlencode(fields).encode()
    return f"{MULTIPART}; boundary={BOUNDARY}", multipart(fields)


def faults(content_type: str | None, body: bytes) -> tuple[Fault, ...]:
    with pytest.raises(InquiryRefused) as refused:
        read_inquiry(content_type, body)
    return refused.value.faults


EACH = pytest.mark.parametrize("kind", [FORM, JSON, MULTIPART])


@EACH
def test_a_question_is_the_same_in_every_form(kind: str) -> None:
    assert read_inquiry(*written(kind, WHOLE)) == READ
    assert read_inquiry(*written(kind, {**WHOLE, "unknown": "x", "idempotency_key": AGAIN.upper()})) == READ
    assert read_inquiry(FORM, written(FORM, WHOLE)[1] + b"&utm=1&utm=2") == READ


@EACH
def test_secret_and_response_are_enough(kind: str) -> None:
    assert read_inquiry(*written(kind, {"secret": "sk_s", "response": "pp1.r"})) == Inquiry(secret="sk_s", response="pp1.r")


@EACH
def test_what_is_empty_is_absent(kind: str) -> None:
    assert faults(*written(kind, {"secret": "", "response": "r"})) == (Fault.MISSING_SECRET,)
    assert faults(*written(kind, {"secret": "s", "response": "", "expected_action": ""})) == (Fault.MISSING_RESPONSE,)
    assert faults(*written(kind, {"other": "x"})) == (Fault.MISSING_SECRET, Fault.MISSING_RESPONSE)


@EACH
@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("secret", "s" * 129, Fault.INVALID_SECRET),
        ("response", "r" * 2049, Fault.MALFORMED),
        ("expected_hostname", "h" * 256, Fault.BAD_REQUEST),
        ("remoteip", "1" * 256, Fault.BAD_REQUEST),
        ("idempotency_key", "not-a-uuid", Fault.BAD_REQUEST),
        ("idempotency_key", AGAIN.replace("-", ""), Fault.BAD_REQUEST),
    ],
)
def test_limits(kind: str, name: str, value: str, fault: Fault) -> None:
    assert faults(*written(kind, {**WHOLE, name: value})) == (fault,)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, b"secret=a&secret=b&response=r"),
        (FORM, b"secret=a&response=r&secret="),
        (FORM, b"secret=a&response=%ff"),
        (FORM, "secret=ä&response=r".encode()),
        (FORM, b"secret=s&response=r" + b"".join(b"&f%d=1" % number for number in range(40))),
        (JSON, b'{"secret": "a", "secret": "b", "response": "r"}'),
        (JSON, b'{"secret": 1, "response": "r"}'),
        (JSON, b'{"secret": {"a": "b"}, "response": "r"}'),
        (JSON, b'{"secret": ["a"], "response": "r"}'),
        (JSON, b'{"secret": "s", "response": "\\ud800"}'),
        (JSON, b'{"secret": "s", "response": true}'),
        (JSON, b'[["secret", "s"], ["response", "r"]]'),
        (JSON, b'"text"'),
        (JSON, b"null"),
        (JSON, b""),
        (JSON, b"\xff"),
        (JSON, b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}"),
        (JSON, b'{"a": ' + b"1" * 5000 + b"}"),
        (MULTIPART, b"no boundary"),
        (f"{MULTIPART}; boundary={BOUNDARY}", b"nothing"),
        (f"{MULTIPART}; boundary={BOUNDARY}", multipart({"secret": "a"}) + multipart({"secret": "b"})),
        (f"{MULTIPART}; boundary={BOUNDARY}", b"--boundary\r\nContent-Disposition: form-data\r\n\r\nx\r\n--boundary--\r\n"),
        (f"{MULTIPART}; boundary={BOUNDARY}", multipart({**WHOLE, **{f"f{number}": "1" for number in range(40)}})),
        (f"{MULTIPART}; boundary={BOUNDARY}", multipart(WHOLE)[: -len("--\r\n")]),
        (f"{MULTIPART}; boundary={BOUNDARY}", multipart({**WHOLE, "x" * 2000: "1"})),
        (f"{MULTIPART}; boundary={BOUNDARY}{' ' * 2000}", multipart(WHOLE)),
    ],
)
def test_what_cannot_be_read_in_one_way_only_is_refused(content_type: str, body: bytes) -> None:
    assert set(faults(content_type, body)) <= {Fault.BAD_REQUEST, Fault.MISSING_RESPONSE}


def test_parts_of_parts_are_not_looked_for() -> None:
    """Each line would be held against the boundary of every part that it is in: seconds, for as much as a body may have."""
    nested = "--b\r\n\r\nx\r\n--b--"
    body = multipart({"secret": "sk_s", "response": nested}).replace(
        b'"response"', b'"response"\r\nContent-Type: multipart/mixed; boundary=b'
    )
    assert read_inquiry(f"{MULTIPART}; boundary={BOUNDARY}", body).response == nested


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/xml", f"{FORM}; charset=latin-1", "multipart/mixed"])
def test_other_types_are_refused(content_type: str | None) -> None:
    assert faults(content_type, b"secret=s&response=r") == (Fault.UNSUPPORTED,)


@pytest.mark.parametrize("content_type", [f"{FORM};charset=UTF-8", f'{FORM}; charset="utf-8"', "APPLICATION/X-WWW-FORM-URLENCODED"])
def test_types_are_read_as_http_means_them(content_type: str) -> None:
    assert read_inquiry(content_type, b"secret=s&response=r").secret == "s"


def test_a_question_does_not_show_itself() -> None:
    assert "sk_s" not in f"{READ} {READ!r} {[READ]}"


def test_a_long_body_is_not_read() -> None:
    assert faults(FORM, b"secret=s&response=r&x=" + b"x" * BODY_BYTES) == (Fault.TOO_LARGE,)


@given(st.sampled_from([FORM, JSON, f"{MULTIPART}; boundary={BOUNDARY}", f"{MULTIPART}; boundary*=x''%00"]), st.binary(max_size=300))
def test_any_bytes_are_a_question_or_refused(content_type: str, body: bytes) -> None:
    for content in (body, b"--boundary\r\nContent-Disposition: " + body):
        with contextlib.suppress(InquiryRefused):
            assert read_inquiry(content_type, content).secret


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(WHOLE)), json_values))
def test_any_object_is_a_question_or_refused(document: dict[str, Any]) -> None:
    with contextlib.suppress(InquiryRefused):
        assert read_inquiry(JSON, json.dumps(document).encode()).secret == document["secret"]
