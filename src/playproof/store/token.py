"""Tokens as the store hands them out. Times are milliseconds since 1970, UTC."""

from __future__ import annotations

from typing import Literal

import msgspec

SpentOutcome = Literal["spent", "repeated", "already", "expired", "unknown", "foreign"]


class TokenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor got for a challenge, and the site's backend asks about."""

    digest: bytes
    """SHA-256 of the token, which is nowhere."""
    challenge: str
    site: str
    """The site's id."""
    scope: str
    session_id: str
    action: str | None = None
    cdata: str | None = None
    hostname: str
    issued_at: int
    expires_at: int
    way: str
    game: str
    device: str


class StoredToken(TokenRecord, frozen=True, kw_only=True):
    """A token as it stands."""

    spent_at: int | None
    idempotency: bytes | None
    """Of the question that it was spent by; who asks that again is answered again."""
    answer: bytes | None
    """JSON: what that question was answered."""


class Spent(msgspec.Struct, frozen=True):
    """What became of an attempt to spend a token."""

    outcome: SpentOutcome
    """`spent`: by this one, and by none before. `repeated`: by the same question before. `already`: by another one. `expired`: by nobody
    in time. `foreign`: it is another site's. `unknown`: there is none, or its session was erased."""
    token: StoredToken | None = None
    """As it stands now; `None` where it is unknown or foreign."""
    answer: bytes | None = None
    """JSON, where it is spent or repeated."""
