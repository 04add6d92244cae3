"""When a webhook is sent again, and when no more."""

from __future__ import annotations

from playproof.ids import RandomBytes
from playproof.patience import full_jitter
from playproof.store import Letter
from playproof.webhooks.sender import Attempt

FIRST_SECONDS = 5.0
LONGEST_SECONDS = 3600.0
GIVE_UP_SECONDS = 86_400.0
"""After a letter was put in; an attempt that fails by then or later was the last."""


def next_attempt(attempt: Attempt, letter: Letter, now: int, random: RandomBytes) -> int | None:
    """When `letter` is sent again after `attempt` failed at `now` (milliseconds since 1970, UTC); None where it is given up.

    Full jitter: anything up to a bound that doubles from five seconds to an hour; not before the site asked for, unless that
    is over an hour.
    """
    deadline = letter.created_at + int(GIVE_UP_SECONDS * 1000)
    if attempt.gone or now >= deadline:
        return None
    wait = full_jitter(random, letter.attempts + 1, FIRST_SECONDS, LONGEST_SECONDS)
    if attempt.retry_after is not None:
        wait = max(wait, min(attempt.retry_after, LONGEST_SECONDS))
    return min(now + int(wait * 1000), deadline)
