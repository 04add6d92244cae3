"""Challenges as the store hands them out. Times are milliseconds since 1970, UTC."""

from __future__ import annotations

import msgspec

SITE_SCOPE = "site:"
"""What the scopes of challenges' sessions begin with; the site's id follows."""


class ChallengeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge as it is issued."""

    id: str
    """Unique, whatever the site."""
    site: str
    """The site's id."""
    way: str
    game: str
    state: bytes
    """What the server must know of it; each step replaces it."""
    action: str | None = None
    cdata: str | None = None
    hostname: str
    address: bytes
    """A keyed hash of the prefix of the address it was issued to."""
    issued_at: int
    expires_at: int


class StoredChallenge(ChallengeRecord, frozen=True, kw_only=True):
    """A challenge as it stands."""

    sequence: int
    """Batches accepted so far."""
    started_at: int | None
    """When the first one was."""
    closed_at: int | None
    number: int | None
    """Of its signature among plays: greater than those of all plays that could be found before it; 0 where it has none, `None` while
    it is open."""
    token_at: int | None
    """When its session and token were stored."""
    closing: bytes | None
    """How it ended, as whoever closed it says."""


class Recent(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge as an operator finds it in a list."""

    id: str
    site: str
    """The site's id."""
    way: str
    game: str
    action: str | None
    hostname: str
    issued_at: int
    expires_at: int
    started_at: int | None
    closed_at: int | None
    token_at: int | None
    device: str | None
    """What it was played with; `None` as long as it has no token."""
    spent_at: int | None
    decision: str | None
    """As it stands now."""


class FunnelRow(msgspec.Struct, frozen=True, kw_only=True):
    """How far the challenges of one game, way and device came."""

    game: str
    way: str
    device: str
    """Empty for those of which no token came."""
    issued: int
    started: int
    """Of these a first batch was accepted."""
    finished: int
    """Of these there is a token."""
    verified: int
    """Of these the token was spent."""
    decisions: dict[str, int]
    """Of the finished ones, as they stand now."""
