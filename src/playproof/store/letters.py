"""What a site is told of its sessions, as the store hands it out."""

from __future__ import annotations

from typing import Literal

import msgspec

PostState = Literal["waiting", "delivered", "given_up"]


class Letter(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One notice that is to be sent now."""

    id: str
    """The same at every attempt: the site tells a repeat by it."""
    body: bytes
    attempts: int
    """That failed so far."""
    created_at: int
    """Milliseconds since 1970, UTC: when it was put in, or put back."""


class Posted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where one notice stands, without what it says."""

    id: str
    scope: str
    session_id: str
    state: PostState
    created_at: int
    """Milliseconds since 1970, UTC: when it was put in, or put back."""
    next_at: int
    """Milliseconds since 1970, UTC: when it is sent again at the earliest; where it waits no more, since when that is so."""
    attempts: int
    """That failed."""
    reason: str | None
    """Why the latest one failed."""


class Posts(msgspec.Struct, frozen=True):
    """How many notices there are."""

    waiting: int
    delivered: int
    given_up: int
