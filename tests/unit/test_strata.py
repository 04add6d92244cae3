"""Whose people a session is compared with."""

from __future__ import annotations

import pytest

from playproof.challenges import GAMES as CHALLENGES
from playproof.scoring.strata import BORROWS, GAMES, REFERENCE, stratum_of

CALIBRATED = {REFERENCE}


@pytest.mark.parametrize(
    ("game", "device", "name", "reference", "calibrated"),
    [
        ("targets", "mouse", "targets/mouse", "targets/mouse", True),
        ("bubble-pop", "mouse", "bubble-pop/mouse", "targets/mouse", True),
        ("bubble-pop", "touch", "bubble-pop/touch", "targets/mouse", False),
        ("targets", "touch", "targets/touch", "targets/mouse", False),
        ("osu", "mouse", "osu/mouse", "targets/mouse", False),
        ("unknown", "mouse", "unknown/mouse", "targets/mouse", False),
        ("a game nobody knows", "a wand", "unknown/unknown", "targets/mouse", False),
    ],
)
def test_strata(game: str, device: str, name: str, reference: str, calibrated: bool) -> None:
    stratum = stratum_of(game, device, CALIBRATED)
    assert (stratum.name, stratum.reference, stratum.calibrated) == (name, reference, calibrated)
    assert stratum.scored


def test_every_game_that_is_issued_has_strata_of_its_own() -> None:
    assert {*CHALLENGES, "targets"} == GAMES
    assert BORROWS.items() <= {("bubble-pop", "targets")}


def test_a_game_with_people_of_its_own_borrows_no_more() -> None:
    assert stratum_of("bubble-pop", "mouse", {REFERENCE, "bubble-pop/mouse"}).reference == "bubble-pop/mouse"


def test_keyboard_play_is_not_scored() -> None:
    assert not stratum_of("targets", "keyboard", CALIBRATED).scored
