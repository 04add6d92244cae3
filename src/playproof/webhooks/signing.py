"""Signatures of webhooks, as Standard Webhooks has them (https://www.standardwebhooks.com): made here, checked by a site."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from playproof.errors import InvalidWebhook
from playproof.settings.webhooks import signing_key

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"

TOLERANCE = timedelta(minutes=5)
"""How far the time of a webhook may be from the receiver's, either way."""

_VERSION = "v1"


def signed_headers(secrets: Iterable[str], message_id: str, sent_at: datetime, body: bytes) -> dict[str, str]:
    """The headers that tell who sent `body` and when: one signature for each of `secrets`, with spaces between them.

    A signature is the HMAC-SHA256, in base64, of id, time in whole seconds since 1970 and body with full stops between them.
    Raises `ValueError` where a secret will not do (`playproof.settings.webhooks.signing_key`).
    """
    timestamp = str(int(sent_at.timestamp()))
    signatures = [f"{_VERSION},{_signature(signing_key(secret), message_id, timestamp, body)}" for secret in secrets]
    return {ID: message_id, TIMESTAMP: timestamp, SIGNATURE: " ".join(signatures)}


def verify(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> str:
    """The id of a webhook that was sent by whoever has `secret`; a site keeps it for as long as repeats may come.

    `body` is what arrived, byte by byte, before anything decodes it; `headers` may have their names in any case; `now` has a
    zone. Compares in constant time. Raises `InvalidWebhook` where a header is missing, no signature is right, or the time is
    more than five minutes away from `now`, and `ValueError` where `secret` will not do.
    """
    key = signing_key(secret)
    found = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in (ID, TIMESTAMP, SIGNATURE) if not found.get(name)]
    if missing:
        raise InvalidWebhook(f"the webhook has no {missing[0]}")
    timestamp = found[TIMESTAMP]
    expected = _signature(key, found[ID], timestamp, body).encode()
    given = [part.partition(",") for part in found[SIGNATURE].split()]
    # All of them are compared, so that the time taken says nothing about which one came near.
    matches = [hmac.compare_digest(expected, text.encode()) for version, _, text in given if version == _VERSION]
    if not any(matches):
        raise InvalidWebhook("no signature of the webhook is right")
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(int(timestamp) - now.timestamp()) > TOLERANCE.total_seconds():
        raise InvalidWebhook("the time of the webhook is too far away from now")
    return found[ID]


def _signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    return base64.b64encode(hmac.digest(key, content, "sha256")).decode()
