"""Visitors of sites."""

from __future__ import annotations

from playproof.errors.base import PlayproofError


class ChallengeNotFound(PlayproofError):
    """There is no challenge of this id."""

    code = "challenge-not-found"
    status = 404


class ChallengeRefused(PlayproofError):
    """What was sent does not fit where the challenge stands.

    ``reason`` is a member of `playproof.challenges.refusal.Refusal`.
    """

    code = "challenge-refused"
    status = 409

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ChallengeOver(ChallengeRefused):
    """The challenge is finished, or its time is over; a new one can be had."""

    code = "challenge-over"
    status = 410


class SiteNotFound(PlayproofError):
    """No site has this key."""

    code = "site-not-found"
    status = 404


class RateLimited(PlayproofError):
    """There were too many of these lately; ``seconds`` says when to come again."""

    code = "rate-limited"
    status = 429

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds
