"""Strata: the units in which people are compared with people.

A stratum is a game and an input class. A game without enough people of its own declares whose people it borrows.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

UNKNOWN = "unknown"
INPUT_CLASSES = frozenset({"mouse", "touch", "trackpad", "stylus", "keyboard"})
REFERENCE = "targets/mouse"
"""The stratum of the recorded people whom every session is compared with until it has people of its own."""

BORROWS = {"bubble-pop": "targets"}
"""Which game's people a game borrows: popping bubbles is pointing at targets that appear, one after the other."""

GAMES = frozenset({"targets", "bubble-pop", "osu", "snake", "archery"})
"""Those with strata of their own: that of the recorded people, and those of challenges."""

MINIMUM_SESSIONS = 300
MINIMUM_PEOPLE = 50
"""Below either, a stratum is only observed: a rate promised from fewer people would not hold."""


class Stratum(NamedTuple):
    """Where a session belongs, and whose people it is compared with."""

    name: str
    """`game/input class`, each `unknown` where PlayProof does not know it."""
    reference: str
    """The calibrated stratum that lends its people."""
    calibrated: bool
    """False is `observing`: the score ranks, but cannot by itself fail anybody."""
    scored: bool
    """False for keyboard play, which the pointer model never scores."""


def stratum_of(game_type: str, device_type: str, calibrated: Collection[str]) -> Stratum:
    """The stratum of a session, given the names of the strata that the model has `calibrated`."""
    game = game_type if game_type in GAMES else UNKNOWN
    device = device_type if device_type in INPUT_CLASSES else UNKNOWN
    name = f"{game}/{device}"
    scored = device != "keyboard"
    if name in calibrated:
        return Stratum(name, name, True, scored)
    borrowed = f"{BORROWS.get(game, game)}/{device}"
    if borrowed in calibrated:
        return Stratum(name, borrowed, True, scored)
    return Stratum(name, REFERENCE, False, scored)
