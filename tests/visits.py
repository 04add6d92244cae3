"""Challenges, plays and tokens for tests of the store, without the games that make real ones."""

from __future__ import annotations

import hashlib

import numpy as np

from playproof.challenges.buckets import rows_of
from playproof.challenges.signature import Signature
from playproof.store import ChallengeRecord, PutOutcome, SessionRecord, Store, TokenRecord
from playproof.testing import session_record
from playproof.testing.records import RECEIVED_AT

SECONDS = 60
SITE = "site_1"
SCOPE = f"site:{SITE}"
LIFE = 120_000


def issued(name: str, *, site: str = SITE, game: str = "osu", now: int = RECEIVED_AT, state: bytes = b"0") -> ChallengeRecord:
    """A challenge that is issued at `now`."""
    return ChallengeRecord(
        id=name,
        site=site,
        way="game",
        game=game,
        state=state,
        action="signup",
        hostname="shop.example",
        address=b"hash of an address",
        issued_at=now,
        expires_at=now + LIFE,
    )


def token_of(name: str, *, site: str = SITE, now: int = RECEIVED_AT, device: str = "mouse") -> TokenRecord:
    """The token of the challenge `name`."""
    return TokenRecord(
        digest=digest_of(name),
        challenge=name,
        site=site,
        scope=f"site:{site}",
        session_id=name,
        action="signup",
        hostname="shop.example",
        issued_at=now,
        expires_at=now + 300_000,
        way="game",
        game="osu",
        device=device,
    )


def digest_of(name: str) -> bytes:
    """The digest of the token of the challenge `name`."""
    return hashlib.sha256(name.encode()).digest()


def session_of(name: str, *, site: str = SITE, content: bytes = b"content") -> SessionRecord:
    """The session of the challenge `name`."""
    return session_record(name, scope=f"site:{site}", content=content)


def play(seed: int, strokes: int = 12) -> Signature:
    """The signature of a play like no other."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(-90, 90, (strokes, 12)).astype(np.int8)
    return Signature(codes, np.sort(rng.integers(0, 8000, strokes)).astype(np.uint16))


def issue(store: Store, name: str, *, site: str = SITE, game: str = "osu", now: int = RECEIVED_AT) -> None:
    """Have the challenge `name` be there."""
    assert store.challenges.issue(issued(name, site=site, game=game, now=now)).result(SECONDS) is None


def advance(store: Store, name: str, sequence: int, *, now: int = RECEIVED_AT) -> bool:
    """Have its batch number `sequence` be taken; whether it was."""
    return store.challenges.advance(name, sequence, b"%d" % sequence, b"batch %d" % sequence, now).result(SECONDS)


def close(store: Store, name: str, sequence: int = 0, signature: Signature | None = None, *, now: int = RECEIVED_AT) -> int | None:
    """Have it be closed after `sequence` batches; the number of its play."""
    packed, rows = (None, None) if signature is None else (signature.pack(), rows_of(signature))
    return store.challenges.close(name, sequence, b"closed", b"how it ended", packed, rows, now).result(SECONDS)


def conclude(store: Store, name: str, *, site: str = SITE, content: bytes = b"content", now: int = RECEIVED_AT) -> PutOutcome:
    """Have its session and token be stored."""
    record = session_of(name, site=site, content=content)
    return store.challenges.conclude(name, record, token_of(name, site=site, now=now), now).result(SECONDS)


def finish(store: Store, name: str, signature: Signature | None = None, *, site: str = SITE, now: int = RECEIVED_AT) -> int | None:
    """Have it be played from issue to token; the number of its play."""
    issue(store, name, site=site, now=now)
    number = close(store, name, 0, signature, now=now)
    assert conclude(store, name, site=site, now=now).status == "stored"
    return number
