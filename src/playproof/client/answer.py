"""What comes back about a token, and what to make of it where nothing usable does."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

import msgspec

Decision = Literal["pass", "review", "fail"]

MISSING = "missing-input-response"
SPENT = "already-seen-response"
EXPIRED = "expired-input-response"


class Trouble(StrEnum):
    """Why there is no answer about a token."""

    UNREACHABLE = "unreachable"
    """No connection, or it broke."""
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    """The service says that it cannot answer now (5xx)."""
    MISUNDERSTOOD = "misunderstood"
    """What answered is no siteverify, or its answer arrived damaged."""
    LIMITED = "limited"
    """Too many wrong secrets came from this backend (429)."""
    REFUSED = "refused"
    """The service does not take the question (4xx): the address or something else is set up wrongly."""


OUTAGES = frozenset({Trouble.UNREACHABLE, Trouble.TIMEOUT, Trouble.UNAVAILABLE, Trouble.MISUNDERSTOOD})
"""For these `on_error` decides; the others are mistakes of whoever set this up, and let nobody in."""


class Metadata(msgspec.Struct, frozen=True):
    """What was played, and how."""

    game: str | None = None
    input_class: str | None = None
    way: str | None = None
    test_key: bool = False
    same_network: bool | None = None
    """Whether the form came from the network that the challenge was begun from; `None` where no `remoteip` was given."""


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a visitor's token."""

    success: bool
    """Whether to let the visitor through."""
    decision: Decision | None = None
    """`None` where the token could not be answered for."""
    status: Literal["preliminary", "final"] | None = None
    human_score: float | None = None
    """0 to 1, higher is more human; `None` where no calibrated model scored."""
    reasons: tuple[str, ...] = ()
    challenge_ts: str | None = None
    """When the challenge was finished, RFC 3339."""
    hostname: str | None = None
    action: str | None = None
    cdata: str | None = None
    event_id: str | None = None
    model_version: str | None = None
    policy_version: str | None = None
    metadata: Metadata = Metadata()
    codes: tuple[str, ...] = msgspec.field(name="error-codes", default=())
    """Why it is not what was expected."""
    trouble: Trouble | None = None
    """Why nobody could be asked; `None` where somebody answered."""

    @property
    def spent(self) -> bool:
        """The token was asked about before: the form was sent twice, and the widget has to fetch another one."""
        return SPENT in self.codes

    @property
    def expired(self) -> bool:
        """The token's time was over: the visitor took long, and the widget has to fetch another one."""
        return EXPIRED in self.codes


class Reply(NamedTuple):
    """What came over HTTP."""

    status: int
    body: bytes
    retry_after: float | None
    """Seconds."""


class Unanswered(NamedTuple):
    """No answer for now."""

    trouble: Trouble
    retry_after: float | None = None
    """Seconds that the service asked us to stay away."""
    codes: tuple[str, ...] = ()
    """What the service said about it."""


_decode = msgspec.json.Decoder(Verification).decode


def read(reply: Reply) -> Verification | Unanswered:
    """The answer in `reply`."""
    found = _found(reply.body)
    if reply.status == 200:
        # Whatever a service says of itself, only this side knows whether it could be asked.
        return Unanswered(Trouble.MISUNDERSTOOD) if found is None else msgspec.structs.replace(found, trouble=None)
    codes = () if found is None else found.codes
    if reply.status >= 500:
        return Unanswered(Trouble.UNAVAILABLE, reply.retry_after, codes)
    if reply.status == 429:
        return Unanswered(Trouble.LIMITED, reply.retry_after, codes)
    return Unanswered(Trouble.REFUSED, None, codes)


def _found(body: bytes) -> Verification | None:
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
