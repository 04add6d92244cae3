"""Sessions and their results."""

from __future__ import annotations

from playproof.errors.base import PlayproofError


class SessionConflict(PlayproofError):
    """The session id is already taken by other content."""

    code = "session-conflict"
    status = 409


class SessionNotFound(PlayproofError):
    """Nothing is stored under this session id."""

    code = "session-not-found"
    status = 404


class ResultGone(PlayproofError):
    """The session was queued for a batch, and its result is no longer kept."""

    code = "result-gone"
    status = 410


class QueueFull(PlayproofError):
    """Too many sessions wait for a batch.

    A session that was to be queued was scored at once instead, and its verdict is stored and final.
    ``retry_after`` is after how many seconds there may be room again; ``verdict`` is the JSON of the verdict, once it is known.
    """

    code = "queue-full"
    status = 503

    def __init__(self, message: str, *, retry_after: float, verdict: bytes | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.verdict = verdict
