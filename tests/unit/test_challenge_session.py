"""What a challenge leaves for the features."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from playproof.challenges import GAMES, Event, telemetry
from playproof.challenges.challenge import MOST_BATCHES
from playproof.challenges.events import MOST_EVENTS, Kind
from playproof.features import NAMES, extract
from playproof.telemetry import LIMITS, inspect
from playproof.telemetry.session import require_whole
from playproof.testing.players import keys_play, person_plays


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("width", [300.0, 1280.0])
def test_events_become_a_session_in_whole_units(name: str, width: float) -> None:
    play = person_plays(name, np.random.default_rng(2), width=width)
    session, context = telemetry(play.state, play.batches)
    require_whole(session)
    assert (session.id, session.game_type, session.device_type) == (play.state.id, name, "mouse")
    assert (session.hits, session.misses) == (play.outcome.hits, play.outcome.misses)
    assert 0.0 <= session.x.min() < 300.0 < 700.0 < session.x.max() <= 1000.0
    assert 0.0 <= session.y.min() < session.y.max() <= 600.0
    assert np.array_equal(session.x, np.round(session.x))
    assert play.outcome.violations == {}
    assert inspect(session) == (), "nothing stays where it was"
    assert session.t[0] == 0.0
    assert (np.diff(session.t) >= 0.0).all()
    assert session.trusted is not None
    assert session.trusted.all()
    clicks = 0 if name == "snake" else play.outcome.hits + play.outcome.misses
    assert len(session.click_t) == clicks
    assert len(context.t) == GAMES[name].parameters.steps


@pytest.mark.parametrize("name", [name for name in GAMES if name != "snake"])
def test_the_server_knows_aim_and_reaction(name: str) -> None:
    play = person_plays(name, np.random.default_rng(2))
    row = dict(zip(NAMES, extract(*telemetry(play.state, play.batches)), strict=True))
    assert 0.0 < row["aim_error"] < 1.0
    assert 100.0 < row["reaction_time"] < 700.0


def test_a_play_by_keys_leaves_no_movement() -> None:
    play = keys_play("bubble-pop", np.random.default_rng(2))
    session, context = telemetry(play.state, play.batches)
    assert session.device_type == "keyboard"
    assert (len(session.t), len(session.click_t), session.duration_ms) == (0, 0, 0.0)
    assert len(context.t) == 7
    assert extract(session, context)[NAMES.index("path_px")] == 0.0


def test_the_longest_challenge_is_still_a_session() -> None:
    assert LIMITS.movements >= MOST_BATCHES * MOST_EVENTS
    play = person_plays("bubble-pop", np.random.default_rng(2))
    hammered = play.batches[0]
    down = Event(5_000.0, 5.0, 5.0, Kind.DOWN)
    many = msgspec.structs.replace(hammered, events=(down,) * MOST_EVENTS)
    session, _ = telemetry(play.state, [*play.batches, *[many] * 100])
    require_whole(session)
    assert len(session.click_t) == LIMITS.clicks


def test_a_challenge_that_nobody_touched_leaves_an_empty_session() -> None:
    play = person_plays("osu", np.random.default_rng(2))
    session, context = telemetry(play.sent[0].before, [])
    assert (len(session.t), len(session.click_t), len(context.t)) == (0, 0, 0)
