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
    CHALLENGE = "challenge"
    """A visitor of a site played it, as a challenge that the server had issued."""
    LIBRARY = "library"
    """A program asked through Python: nobody says that visitors stand behind it."""
    COMMAND_LINE = "command_line"
    EVALUATION = "evaluation"
    TEST_KEY = "test_key"
    DEMO = "demo"
    ACCESSIBLE = "accessible"
    """The route for those who cannot play: its movement is not a player's."""


SERVED = frozenset({Channel.API, Channel.CHALLENGE})
"""The channels of ordinary traffic."""

SHORT = frozenset({ReasonCode.NO_MOVEMENT, ReasonCode.INSUFFICIENT_EVIDENCE, ReasonCode.KEYBOARD_NOT_SCORED})
"""The reasons that say a row tells too little of its player."""
MADE = frozenset({ReasonCode.REPLAYED_MOVEMENT, ReasonCode.PROTOCOL_VIOLATION, ReasonCode.CAMPAIGN})
"""The reasons that say a row is not one person's own play, whatever was decided."""
_BARRED = SHORT | MADE


def eligible(channel: Channel, decision: Decision, reasons: Collection[str]) -> bool:
    """Whether a session's row is eligible, given the reason codes of its verdict."""
    return channel in SERVED and decision is not Decision.FAIL and _BARRED.isdisjoint(reasons)
