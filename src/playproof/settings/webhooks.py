"""What the settings of webhooks may be: where they go, and the secrets they are signed with."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any
from urllib.parse import urlsplit

from playproof.settings.kinds import Kind, Secret

SHORTEST_KEY = 24
"""Bytes, as the specification of Standard Webhooks asks for."""

PREFIX = "whsec_"
"""A secret that begins so is base64 from there on."""


def signing_key(secret: str) -> bytes:
    """The bytes that `secret` signs with: what follows ``whsec_`` in base64, or else the text itself in UTF-8.

    Raises `ValueError`, which does not show the secret, where those are fewer than 24 bytes or no base64.
    """
    if not secret.startswith(PREFIX):
        key = secret.encode()
    else:
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            raise ValueError(f"what follows {PREFIX} is not base64") from None
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"a webhook secret has at least {SHORTEST_KEY} bytes")
    return key


def _parse_endpoint(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    text = value.strip()
    parts = urlsplit(text)
    # Non-ASCII would have to be encoded by somebody, and two who do so need not agree.
    if not (text.isascii() and text.isprintable()) or " " in text or "\\" in text:
        raise ValueError(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError(value)
    if "@" in parts.netloc or "#" in text or not re.fullmatch(r"[\w.:-]+", parts.hostname):
        raise ValueError(value)
    return text


def _parse_signing(value: Any) -> tuple[Secret, ...]:
    if not isinstance(value, str):
        raise ValueError
    secrets = [part.strip() for part in value.split(",") if part.strip()]
    if not secrets or len(set(secrets)) < len(secrets):
        raise ValueError
    for secret in secrets:
        if not (secret.isascii() and secret.isprintable()):
            raise ValueError
        signing_key(secret)
    return tuple(map(Secret, secrets))


ENDPOINT = Kind("URL", "an https address (or http, where private addresses are allowed) without user and fragment", _parse_endpoint)
SIGNING = Kind(
    "secret",
    f"secrets separated by commas, none twice, each `{PREFIX}` and base64 of at least {SHORTEST_KEY} bytes, or a text of at least "
    f"{SHORTEST_KEY} visible ASCII characters",
    _parse_signing,
    lambda secrets: ", ".join("***" for _ in secrets),
    secret=True,
)
