"""Challenges, plays and tokens for tests of the store, without the games that make real ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np

from playproof.challenges.buckets import rows_of
from playproof.challenges.signature import Signature
from playproof.errors import StoreUnavailable
from playproof.store import ChallengeRecord, PutOutcome, Rate, SessionRecord, Store, StoredChallenge, TokenRecord
from playproof.testing import session_record
from playproof.testing.records import RECEIVED_AT

SECONDS = 60
SITE = "site_1"
SCOPE = f"site:{SITE}"
LIFE = 120_000

T = TypeVar("T")


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


def persist(store: Store, name: str) -> None:
    """Visit from issue to a spent token, and say again whatever was not answered, as a browser and a backend do."""
    challenges = store.challenges
    if _failed(lambda: issue_once(store, name)) and _again(lambda: challenges.get(name)) is None:
        assert issue_once(store, name) is None
    for sequence in (1, 2):
        step = partial(advance, store, name, sequence)
        if _failed(step) and _again(partial(kept, store, name)).sequence < sequence:
            assert step()
    end = partial(close, store, name, 2, play(1))
    if _failed(end) and _again(partial(kept, store, name)).closed_at is None:
        end()
    assert _again(partial(conclude, store, name)).status in {"stored", "replayed"}
    assert _again(partial(spend, store, name)) in {"spent", "repeated"}


def check_visit(store: Store, name: str) -> None:
    """Whether a visit is there once and whole; then it is erased. Raises `AssertionError`."""
    found = kept(store, name)
    assert found.sequence == 2
    assert issue_once(store, f"{name} again", of=name) is not None, "it was counted"
    assert store.challenges.batches(name) == []
    assert spend(store, name) == "repeated"
    assert store.get(SCOPE, name) is not None
    assert set(store.replays.rows(rows_of(play(1)).bucket).number.tolist()) == {found.number}
    assert store.erase(name) == 1


def issue_once(store: Store, name: str, of: str | None = None) -> Rate | None:
    """Issue a challenge where none was counted under the name `of`, its own where that is None."""
    return store.challenges.issue(issued(name), [Rate((of or name).encode(), 60_000, 1)]).result(SECONDS)


def kept(store: Store, name: str) -> StoredChallenge:
    """The challenge `name`, which is there."""
    found = store.challenges.get(name)
    assert found is not None
    return found


def spend(store: Store, name: str, question: bytes | None = b"question") -> str:
    """Have its token be spent; what became of that."""
    return store.tokens.spend(digest_of(name), SITE, RECEIVED_AT, question, lambda *_: b"{}").result(SECONDS).outcome


def _again(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except StoreUnavailable:
        return ask()


def _failed(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except StoreUnavailable:
        return True
    return False
