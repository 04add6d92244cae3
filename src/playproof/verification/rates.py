"""How often who may begin a challenge: per address and per site, in fixed windows that all processes share."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playproof.framing import framed

if TYPE_CHECKING:
    from playproof.settings import Settings
    from playproof.store import Rate

MINUTE_MS = 60_000
MOST_REACHED = 10_000
"""Rates that a process remembers as reached; forgotten ones are asked for again."""
_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Rates:
    """The most of each; a window is a minute for challenges and ten for the accessible way."""

    per_address: int
    per_site: int
    accessible_per_address: int
    accessible_per_site: int

    @classmethod
    def of(cls, settings: Settings) -> Rates:
        """As the settings have them."""
        return cls(
            per_address=settings.challenges_per_address,
            per_site=settings.challenges_per_site,
            accessible_per_address=settings.accessible_per_address,
            accessible_per_site=settings.accessible_per_site,
        )

    def issuing(self, site: str, address: bytes) -> list[Rate]:
        """What issuing a challenge counts towards."""
        return [
            _rate("issue/address", site, address, MINUTE_MS, self.per_address),
            _rate("issue/site", site, b"", MINUTE_MS, self.per_site),
        ]

    def accessible(self, site: str, address: bytes) -> list[Rate]:
        """What asking for a toll counts towards."""
        return [
            _rate("accessible/address", site, address, 10 * MINUTE_MS, self.accessible_per_address),
            _rate("accessible/site", site, b"", 10 * MINUTE_MS, self.accessible_per_site),
        ]


class Reached:
    """Rates that were found reached, in windows that are not over: whoever goes on asking is told so, and the store is left alone."""

    def __init__(self) -> None:
        self._ends: dict[bytes, int] = {}

    def add(self, rate: Rate, now: int) -> None:
        """Remember that `rate` is reached in the window of `now`, ms since 1970."""
        if len(self._ends) >= MOST_REACHED:
            self._ends.clear()
        self._ends[rate.key] = (now // rate.window_ms + 1) * rate.window_ms

    def among(self, rates: Sequence[Rate], now: int) -> Rate | None:
        """One of `rates` that is reached at `now` for all this process knows; `None` where none is."""
        return next((rate for rate in rates if now < self._ends.get(rate.key, 0)), None)


def _rate(what: str, site: str, address: bytes, window_ms: int, most: int) -> Rate:
    from playproof.store import Rate

    return Rate(hashlib.sha256(framed("playproof/rate/1", what, site, address)).digest()[:_KEY_BYTES], window_ms, most)
