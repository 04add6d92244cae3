"""What a site's backend asks: a secret and a token, and what it expects of it."""

from __future__ import annotations

import email.message
import json
import re
import uuid
from collections.abc import Iterable
from email.parser import BytesHeaderParser
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from playproof.tokens.faults import Fault
from playproof.tokens.keys import LONGEST_KEY
from playproof.tokens.token import LONGEST_RESPONSE

BODY_BYTES = 64 * 1024
LONGEST_FIELD = 255
"""Characters of the fields that are neither key nor token."""
MOST_FIELDS = 32
"""In a form, those included that mean nothing here."""
LONGEST_HEAD = 1024
"""Bytes before the content of a part."""

FORM, JSON, MULTIPART = "application/x-www-form-urlencoded", "application/json", "multipart/form-data"

_FIELDS = frozenset({"secret", "response", "remoteip", "idempotency_key", "sitekey", "expected_action", "expected_hostname"})
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


class InquiryRefused(Exception):
    """It cannot be answered; `faults` say why."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """One question about one token. Its text never belongs in a log."""

    secret: str
    response: str
    remoteip: str | None = None
    """The address that the form came from."""
    idempotency: bytes | None = None
    """16 bytes of a UUID: the question asked again after its answer got lost gets the same answer."""
    sitekey: str | None = None
    """The site that the token is expected to be for."""
    expected_action: str | None = None
    expected_hostname: str | None = None

    def __repr__(self) -> str:
        return "Inquiry(***)"


def read_inquiry(content_type: str | None, body: bytes) -> Inquiry:
    """The question in `body`, a form or JSON as `content_type` says. Raises `InquiryRefused`.

    Fields that are empty or null count as absent, those of other names are passed over.
    """
    if len(body) > BODY_BYTES:
        raise InquiryRefused(Fault.TOO_LARGE)
    fields = _fields(content_type or "", body)
    secret, response, again = fields.get("secret"), fields.get("response"), fields.get("idempotency_key")
    long = [name for name, value in fields.items() if name not in ("secret", "response") and len(value) > LONGEST_FIELD]
    if long or (again is not None and not _UUID.fullmatch(again)):
        raise InquiryRefused(Fault.BAD_REQUEST)
    if secret is None or response is None:
        raise InquiryRefused(*([Fault.MISSING_SECRET] if secret is None else []), *([Fault.MISSING_RESPONSE] if response is None else []))
    if len(secret) > LONGEST_KEY:
        raise InquiryRefused(Fault.INVALID_SECRET)
    if len(response) > LONGEST_RESPONSE:
        raise InquiryRefused(Fault.MALFORMED)
    return Inquiry(
        secret=secret,
        response=response,
        remoteip=fields.get("remoteip"),
        idempotency=None if again is None else uuid.UUID(again).bytes,
        sitekey=fields.get("sitekey"),
        expected_action=fields.get("expected_action"),
        expected_hostname=fields.get("expected_hostname"),
    )


def _fields(content_type: str, body: bytes) -> dict[str, str]:
    """What was sent of the fields that mean something."""
    essence, _, parameters = content_type.partition(";")
    charset = re.search(r"charset\s*=\s*\"?([\w-]+)", parameters, re.IGNORECASE)
    if charset is not None and charset[1].lower() not in ("utf-8", "utf8"):
        raise InquiryRefused(Fault.UNSUPPORTED)
    read = {FORM: _form, JSON: _json, MULTIPART: _multipart}.get(essence.strip().lower())
    if read is None:
        raise InquiryRefused(Fault.UNSUPPORTED)
    try:
        return _once(read(content_type, body))
    except (ValueError, RecursionError):
        raise InquiryRefused(Fault.BAD_REQUEST) from None


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Those of `pairs` that mean something, by name. Raises `ValueError` where one of them comes twice or is no text."""
    seen: set[str] = set()
    found = {}
    for name, value in pairs:
        if name not in _FIELDS:
            continue
        if name in seen:
            raise ValueError(name)
        seen.add(name)
        if value is None or value == "":
            continue
        if not isinstance(value, str):
            raise ValueError(name)
        value.encode()  # half of a surrogate pair is no text either
        found[name] = value
    return found


def _form(_: str, body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)


def _json(_: str, body: bytes) -> list[tuple[str, Any]]:
    document = json.loads(body.decode(), object_pairs_hook=list)
    if not isinstance(document, list) or not body.lstrip().startswith(b"{"):
        raise ValueError("no object")
    return document


def _multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """Parts, each as it stands: what a part says it is made of is not looked into, however deep that would go."""
    boundary = _headers(b"Content-Type: " + content_type.encode("latin-1")).get_boundary()
    if not boundary:
        raise ValueError("no boundary")
    _, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("ascii"), MOST_FIELDS + 2)
    if len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise ValueError("no parts, too many, or no end")
    return [_part(part) for part in parts[:-1]]


def _part(part: bytes) -> tuple[str, str]:
    before, _, rest = part.partition(b"\r\n")
    head, end, content = rest.partition(b"\r\n\r\n")
    name = _headers(head).get_param("name", header="content-disposition")
    if before.strip(b" \t") or not end or not isinstance(name, str):
        raise ValueError("a part is no field")
    return name, content.decode()


def _headers(head: bytes) -> email.message.Message:
    if len(head) > LONGEST_HEAD:
        raise ValueError("too much before a part")
    return BytesHeaderParser().parsebytes(head)
