"""Sessions that are queued for a batch, as the store takes them and hands them out."""

from __future__ import annotations

from typing import Literal

import msgspec

from playproof.store.awaiting import Awaited, Final

HOLDER = "batch"
"""Who holds the sessions that wait for a batch, as long as they do: to nobody else they are due."""

EntryState = Literal["queued", "claimed", "settled", "buried"]
"""queued: to be scored. claimed: a process scores it. settled: its verdict is final. buried: so it is, because it was given up."""


class Forming(msgspec.Struct, frozen=True):
    """When sessions become a batch, and how many."""

    least: int
    """So many are due, or the oldest of them has waited for `wait`."""
    wait: int
    """Milliseconds since it was queued."""
    most: int
    """Sessions of a batch."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A session of a batch, claimed."""

    session: Awaited
    """With the attempts of this entry."""
    epoch: int
    """Counted up with every claim; who answers with an older one has lost the session to somebody else."""
    enqueued_at: int
    """Milliseconds since 1970, UTC."""
    sharing: int
    """As `Later.sharing` had it."""


class Done(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An entry whose verdict becomes final."""

    epoch: int
    final: Final
    buried: bool = False
    """It was given up for `reason`, and can be exhumed."""
    reason: str | None = None
    error: str | None = None
    """What exactly went wrong."""


class Later(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An entry that goes back into the queue."""

    number: int
    """`PutOutcome.number` of its session."""
    epoch: int
    next_at: int
    """Milliseconds since 1970, UTC: not claimed again before."""
    reason: str
    error: str | None = None
    attempted: bool = False
    """It failed for what was sent: one attempt more."""
    sharing: int = 0
    """With how many it may share a batch from now on, the others being of the same number; 0: with any, when a batch forms."""


class Place(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where one session stands in the queue."""

    number: int
    state: EntryState
    position: int
    """How many are before it, and it; 0 where it is not queued."""
    enqueued_at: int
    """Milliseconds since 1970, UTC."""
    attempts: int
    """That failed for what was sent."""
    reason: str | None
    """Why the latest one failed."""


class Grave(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A session that was given up."""

    number: int
    scope: str
    session_id: str
    verdict: bytes
    """JSON: the final one."""
    buried_at: int
    """Milliseconds since 1970, UTC."""
    attempts: int
    reason: str | None
    error: str | None


class Exhumed(msgspec.Struct, frozen=True, gc=False):
    """A session that is to be queued again."""

    number: int
    verdict: bytes
    """JSON: preliminary again, of a revision one higher."""


class Backlog(msgspec.Struct, frozen=True):
    """How many entries there are."""

    queued: int
    claimed: int
    settled: int
    """That retention has not removed."""
    buried: int
    oldest_enqueued_at: int | None
    """Of those queued or claimed, milliseconds since 1970, UTC."""


class Gate(msgspec.Struct, frozen=True):
    """What every process obeys that forms batches."""

    batches: int
    """Formed so far."""
    scheduler: bool | None
    """Whether batches are formed on schedule; `None` where nobody has said so yet."""
    changed_at: int | None
    """When somebody said so, milliseconds since 1970, UTC."""
    paused_until: int
    """No batch is sent to the hosted model before, milliseconds since 1970, UTC."""
    failures: int
    """Of the hosted model in a row."""
    reason: str | None
    """Of the latest one."""
