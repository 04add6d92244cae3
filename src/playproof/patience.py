"""How long to wait before something is tried again."""

from __future__ import annotations

import email.utils
import math
from collections.abc import Mapping
from datetime import UTC, datetime

from playproof.ids import RandomBytes

LONGEST_ASKED_SECONDS = 86_400.0
"""However long a server asks us to stay away, it is asked again after a day: a slip of its own must not last."""


def fraction(random: RandomBytes) -> float:
    """A number from 0 to 1, 1 excluded."""
    return int.from_bytes(random(6), "big") / 2**48


def full_jitter(random: RandomBytes, tries: int, first: float, longest: float) -> float:
    """Seconds: anything up to a bound that is `first` after one try, doubles with each further one, and ends at `longest`."""
    return fraction(random) * min(longest, first * 2.0 ** min(tries - 1, 60))


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a server asks us to stay away, at most `LONGEST_ASKED_SECONDS`; None where it asks for nothing that makes sense.

    `headers` find their names in any case; `now` is what a date is counted from.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        return min(seconds, LONGEST_ASKED_SECONDS) if math.isfinite(seconds) and seconds >= 0.0 else None
    try:
        moment = email.utils.parsedate_to_datetime(headers["retry-after"])
    except (KeyError, ValueError):
        return None
    return min(LONGEST_ASKED_SECONDS, max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()))
