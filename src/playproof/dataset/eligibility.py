"""Which rows may keep new ones company, and serve calibration: those of ordinary traffic that say enough, and no others."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from playproof.decision import Decision
from playproof.decision.reasons import ReasonCode


class Channel(StrEnum):
    """How a session came in."""

    API = "api"
    """A site's server asked about it over HTTP."""
    LIBRARY = "library"
    """A program asked through Python: nobody says that visitors stand behind it."""
    COMMAND_LINE = "command_line"
    EVALUATION = "evaluation"
    TEST_KEY = "test_key"
    DEMO = "demo"
    ACCESSIBLE = "accessible"
    """The route for those who cannot play: its movement is not a player's."""


SERVED = frozenset({Channel.API})
"""The channels of ordinary traffic."""

SHORT = frozenset({ReasonCode.NO_MOVEMENT, ReasonCode.INSUFFICIENT_EVIDENCE, ReasonCode.KEYBOARD_NOT_SCORED})
"""The reasons that say a row tells too little of its player."""


def eligible(channel: Channel, decision: Decision, reasons: Collection[str], *, replayed: bool = False) -> bool:
    """Whether a session's row is eligible, given the reason codes of its verdict.

    `replayed` says that nearly the same movement was seen before.
    """
    return channel in SERVED and decision is not Decision.FAIL and not replayed and SHORT.isdisjoint(reasons)
