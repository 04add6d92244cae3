"""When a session is tried again, in whose company, and when no more."""

from __future__ import annotations

from dataclasses import dataclass

from playproof.ids import RandomBytes
from playproof.patience import full_jitter

FIRST_SECONDS = 5.0
LONGEST_SECONDS = 300.0
"""Bounds of the pause after a failure: the first, and what it doubles up to."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a session has no score this time."""

    reason: str
    """A code, as verdicts show it."""
    error: str
    """What exactly went wrong."""
    attempt: bool
    """It may lie in what was sent, and counts as an attempt; else in the provider's state, and the session is put off."""
    retry_after: float = 0.0
    """Seconds that the provider asked us to stay away."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Full jitter: a pause is anything up to a bound that doubles with every failure, after what the provider asks for."""

    attempts: int
    """How often a session may fail for what it is, the last time by itself."""
    random: RandomBytes

    def pause(self, failures: int, asked: float = 0.0) -> float:
        """Seconds until something is tried again that has failed so often in a row, `asked` of them for by the provider."""
        return asked + full_jitter(self.random, max(1, failures), FIRST_SECONDS, LONGEST_SECONDS)

    def hopeless(self, failed: int, together: int) -> bool:
        """Whether a session that failed so often, the last time among so many, is given up."""
        return together == 1 and failed >= self.attempts

    def sharing(self, together: int) -> int:
        """With how many a session may share its next batch after it failed among so many: half of them.

        So the one that others fail for stands alone after log2 of so many, and takes none with it.
        """
        return (together + 1) // 2
