"""How long to wait before a call is sent again, and when not to."""

from __future__ import annotations

from dataclasses import dataclass

from playproof.errors import HostedError, HostedReason
from playproof.ids import RandomBytes
from playproof.patience import full_jitter
from playproof.woodwide.calls import Call

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 8.0

PASSING = frozenset({HostedReason.TIMEOUT, HostedReason.UNREACHABLE, HostedReason.RATE_LIMITED, HostedReason.SERVER_ERROR})
"""What passes by itself, and soon."""


@dataclass(frozen=True, slots=True)
class Retries:
    """At most `attempts` tries of a call; a Retry-After over `patience` seconds is not waited for."""

    attempts: int
    patience: float
    random: RandomBytes

    def wait(self, call: Call, failure: HostedError, tries: int) -> float | None:
        """Seconds until `call` is sent again after it failed for the `tries`-th time; None where it is not.

        Only what passes by itself is repeated, and what may have had its effect only where doing it twice is as good as
        once. Full jitter: anything up to a bound that doubles with every try, after what Retry-After asks for.
        """
        if tries >= self.attempts or failure.reason not in PASSING or (failure.uncertain and not call.repeatable):
            return None
        asked = failure.retry_after or 0.0
        if asked > self.patience:
            return None
        return asked + full_jitter(self.random, tries, FIRST_SECONDS, LONGEST_SECONDS)
