"""Shipped fakes and builders for tests: a clock, a scorer, sessions of people and bots, their wire forms, and plays of challenges."""

from playproof.testing.bodies import columns_body, labelled_lines, rows_body
from playproof.testing.bots import KINDS, bot_session
from playproof.testing.clock import FakeClock
from playproof.testing.people import human_session
from playproof.testing.players import keys_play, person_plays
from playproof.testing.records import session_record
from playproof.testing.scorer import ScriptedScorer, Yardstick

__all__ = [
    "KINDS",
    "FakeClock",
    "ScriptedScorer",
    "Yardstick",
    "bot_session",
    "columns_body",
    "human_session",
    "keys_play",
    "labelled_lines",
    "person_plays",
    "rows_body",
    "session_record",
]
