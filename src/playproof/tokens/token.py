"""The token that a browser is given for a finished challenge, whatever came of it, and that a site's backend asks about once."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode

from playproof.framing import framed

LONGEST_SECONDS = 300
SHORTEST_SECONDS = 120
"""How long a token is good for, as a site may choose."""

LONGEST_RESPONSE = 2048
"""Characters of a `response` that are looked at."""

_PREFIX = "pp1."
_PURPOSE = "playproof/token/1"
_FORM = re.compile(r"pp1\.[A-Za-z0-9_-]{43}", re.ASCII)


def token_text(key: bytes, challenge_id: str) -> str:
    """The token of a challenge: ``pp1.`` and 43 characters, HMAC-SHA256 under `key` (32 bytes) of the challenge's id.

    It says nothing about what came of the challenge, and can be made again where an answer got lost.
    """
    mac = hmac.digest(key, framed(_PURPOSE, challenge_id), "sha256")
    return _PREFIX + urlsafe_b64encode(mac).decode().rstrip("=")


def digest(text: str) -> bytes:
    """SHA-256 of a token, the only form it is stored and looked up in."""
    return hashlib.sha256(text.encode()).digest()


def well_formed(text: str) -> bool:
    """Whether `text` could be a token."""
    return _FORM.fullmatch(text) is not None
