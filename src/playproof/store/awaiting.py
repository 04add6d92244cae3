"""Sessions whose verdict is preliminary, as the store takes them and hands them out."""

from __future__ import annotations

import msgspec

FOREVER = 2**53
"""Milliseconds since 1970 after which nothing is stored any more: what is held so long is nobody's to claim."""


class Awaiting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is kept of a session while its hosted score is still to come."""

    assessment: bytes
    """JSON: what the rules said, to judge with again."""
    next_at: int
    """Milliseconds since 1970, UTC: not to be asked for again before, once nobody holds it."""
    holder: str
    """The process that asks for it now."""
    held_until: int
    """Milliseconds since 1970, UTC."""


class Awaited(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A session that awaits its hosted score, with all that asking and judging again take."""

    number: int
    """`PutOutcome.number` of its session."""
    scope: str
    session_id: str
    received_at: int
    """Milliseconds since 1970, UTC."""
    game_type: str
    device_type: str
    verdict: bytes
    """JSON: the preliminary one."""
    catalogue_version: str
    vector: bytes
    """Little-endian float64, in catalogue order."""
    assessment: bytes
    """JSON, as it was put."""
    attempts: int
    """That failed for what was sent, not for the provider's state."""


class Postponed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A session whose hosted score did not come this time."""

    number: int
    next_at: int
    """Milliseconds since 1970, UTC: not to be asked for again before."""
    reason: str
    """Why there is none yet."""
    attempted: bool
    """It failed for what was sent: one attempt more."""
    verdict: bytes | None = None
    """JSON: a preliminary verdict in place of the stored one, of the same revision; `None` keeps that."""


class Notice(msgspec.Struct, frozen=True, gc=False):
    """What a site is to be told of a verdict that became final."""

    id: str
    """Never given to another notice."""
    body: bytes


class Final(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A verdict after which nothing further will be asked."""

    number: int
    """`PutOutcome.number` of its session."""
    verdict: bytes
    """JSON, in place of the preliminary one; the revision is one more."""
    decision: str
    anomaly_score: float | None
    """-log10 p, higher is less human."""
    raw_score: float | None
    """Higher is less human."""
    source: str
    model_version: str
    eligible: bool
    """As a row of the live dataset it may keep new rows company from now on."""
    notice: Notice | None = None
    """What the site is to be told, if anything."""
    told: bool = True
    """Somebody was answered the preliminary verdict; without that, a site is told only where the store knows of somebody."""


class Depth(msgspec.Struct, frozen=True):
    """How many sessions await their hosted score."""

    waiting: int
    oldest_received_at: int | None
    """When the first of them in order of arrival came in, milliseconds since 1970, UTC."""
