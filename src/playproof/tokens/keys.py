"""The keys of a site: the public one that its pages name, and the secret that its backend shows."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode

from playproof.ids import RandomBytes

SITEKEY_PREFIX = "pk_"
SECRET_PREFIX = "sk_"  # noqa: S105 - no password
LONGEST_KEY = 128
"""Characters of either, at most; what is longer is nobody's."""

_SITEKEY_BYTES = 16
_SECRET_BYTES = 32
_HINT_CHARACTERS = 4


def new_sitekey(random: RandomBytes) -> str:
    """A new public key: ``pk_`` and 22 characters, 128 random bits."""
    return SITEKEY_PREFIX + _text(random(_SITEKEY_BYTES))


def new_secret(random: RandomBytes) -> str:
    """A new secret: ``sk_`` and 43 characters, 256 random bits."""
    return SECRET_PREFIX + _text(random(_SECRET_BYTES))


def secret_digest(secret: str) -> bytes:
    """SHA-256 of a secret, the only form it is kept and looked up in.

    A hash without salt or stretching does for 256 random bits; looking it up in an index tells nothing that helps to guess one.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def hint(secret: str) -> str:
    """What may be shown of a secret, so that its owner can tell which one it is."""
    return f"{SECRET_PREFIX}…{secret[-_HINT_CHARACTERS:]}"


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
