"""Receipts: what binds each batch of events to the challenge, to the batches before it, and to the time it came at.

A receipt is ``key id . MAC``: HMAC-SHA256 over a framed message (`playproof.framing.framed`) of its purpose, the
challenge, the number of batches so far, the digest of the last one's content, the receipt before, and the arrival time. It
shows that a browser sent its batches one after the other, each after it had seen the answer to the one before.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from playproof.challenges.events import Batch
from playproof.framing import framed

_PURPOSE = "playproof/challenge/receipt/1"


class KeyRing:
    """Keys by id: the one that signs, and those that are still accepted."""

    __slots__ = ("_current", "_keys")

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        """Raises `ValueError` where `current` is none of `keys`, a key has less than 32 bytes or an id has a full stop."""
        if current not in keys:
            raise ValueError("the current key is not among the keys")
        if any(len(key) < 32 for key in keys.values()):
            raise ValueError("a key has less than 32 bytes")
        if any("." in name or not name for name in keys):
            raise ValueError("a key id is empty or has a full stop")
        self._keys = dict(keys)
        self._current = current

    @property
    def current(self) -> str:
        """The id of the key that signs."""
        return self._current

    def get(self, key_id: str) -> bytes | None:
        """The key of this id; `None` where there is none."""
        return self._keys.get(key_id)


class Link(msgspec.Struct, frozen=True):
    """One link of the chain: what the latest receipt vouches for."""

    sequence: int
    """Batches accepted so far; 0 is the issue itself."""
    digest: bytes
    """Of the latest batch's content; of nothing at the issue."""
    before: str
    """The receipt before this one; empty at the issue."""
    at: int
    """When it was accepted, milliseconds since 1970, UTC."""


class Forgery(StrEnum):
    """Why a receipt is not ours; `playproof.challenges.refusal` says what each means."""

    FOREIGN_KEY = "foreign_key"
    BAD_RECEIPT = "bad_receipt"


def first_link(now: int) -> Link:
    """The link that the issue of a challenge is; `now` in milliseconds since 1970."""
    return Link(0, hashlib.sha256(b"").digest(), "", now)


def digest(batch: Batch) -> bytes:
    """SHA-256 of what `batch` says, however its JSON was spelt."""
    return hashlib.sha256(msgspec.msgpack.encode(batch.events)).digest()


def receipt(keys: KeyRing, challenge_id: str, link: Link) -> str:
    """The receipt for `link`, made with the current key."""
    return _made(keys, keys.current, challenge_id, link) or ""


def forgery(keys: KeyRing, challenge_id: str, link: Link, given: str) -> Forgery | None:
    """Why `given` is not the receipt for `link`; `None` where it is. Compares in constant time."""
    key_id, _, _ = given.partition(".")
    expected = _made(keys, key_id, challenge_id, link)
    if expected is None:
        return Forgery.FOREIGN_KEY
    return None if hmac.compare_digest(expected.encode(), given.encode()) else Forgery.BAD_RECEIPT


def _made(keys: KeyRing, key_id: str, challenge_id: str, link: Link) -> str | None:
    key = keys.get(key_id)
    if key is None:
        return None
    message = framed(_PURPOSE, key_id, challenge_id, link.sequence, link.digest, link.before, link.at)
    return f"{key_id}.{urlsafe_b64encode(hmac.digest(key, message, 'sha256')).decode().rstrip('=')}"
