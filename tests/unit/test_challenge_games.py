"""Every game: where its targets are, and what counts as a hit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from playproof.challenges import telemetry
from playproof.challenges.events import HEIGHT, WIDTH, Device, Event, Key, Kind
from playproof.challenges.games import GAMES, Game
from playproof.challenges.games.archery import Archery, Moving
from playproof.challenges.games.base import Mark, Sight, Target
from playproof.challenges.games.osu import Osu
from playproof.challenges.games.snake import Snake
from playproof.challenges.referee import targets
from playproof.features import NAMES, extract
from playproof.scoring.evidence import MINIMUM_SAMPLES
from playproof.telemetry import inspect
from playproof.testing.players import keys_play, person_plays

NARROWEST_PX = 300
SMALLEST_TARGET_PX = 24


def laid(game: Game, seed: int) -> list[Target]:
    return targets(game, np.random.default_rng(seed).bytes(32), f"ch_{seed}", game.parameters.steps)


def judged(game: Game, event: Event, target: Target, shown: float = 1000.0) -> Mark:
    return game.judge(event, Sight(target, shown), game.begin()).mark


@pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
def test_targets_lie_on_the_field_are_large_and_far_from_one_another(game: Game) -> None:
    parameters, near = game.parameters, 0
    assert parameters.steps >= 6
    for seed in range(200):
        places = laid(game, seed)
        assert places == laid(game, seed)
        for target in places:
            for since in (0.0, 300.0, 1000.0):
                x, y = game.centre(target, since)
                assert parameters.margin <= x <= WIDTH - parameters.margin
                assert parameters.margin <= y <= HEIGHT - parameters.margin
            assert 2 * target.radius * NARROWEST_PX / WIDTH >= SMALLEST_TARGET_PX
            assert parameters.margin >= target.radius, "all of it is on the field"
        near += sum(np.hypot(a.x - b.x, a.y - b.y) < parameters.far for a, b in pairwise(places))
    assert near <= 0.01 * 200 * parameters.steps


@pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
def test_no_two_challenges_have_one_layout(game: Game) -> None:
    assert len({tuple((t.x, t.y) for t in laid(game, seed)) for seed in range(200)}) == 200


@pytest.mark.parametrize("name", GAMES)
def test_people_play_it_in_eight_seconds_and_move_enough_to_judge(name: str) -> None:
    plays = [person_plays(name, np.random.default_rng(seed)) for seed in range(15)]
    assert all(play.outcome.completed and play.outcome.prompt and not play.outcome.violations for play in plays)
    assert all(play.outcome.device == "mouse" for play in plays)
    assert float(np.median([play.outcome.play_ms for play in plays])) <= 8_000.0
    for play in plays:
        session, context = telemetry(play.state, play.batches)
        assert extract(session, context)[NAMES.index("moving_samples")] >= MINIMUM_SAMPLES
        assert inspect(session) == ()
        assert len(context.t) == GAMES[name].parameters.steps


@pytest.mark.parametrize("name", GAMES)
def test_it_can_be_played_with_keys_alone(name: str) -> None:
    for seed in range(5):
        outcome = keys_play(name, np.random.default_rng(seed)).outcome
        assert outcome.completed
        assert not outcome.violations
        assert outcome.device == "keyboard"


def test_a_bubble_is_hit_by_a_press_on_it_or_by_its_arrow() -> None:
    game, bubble = GAMES["bubble-pop"], Target(500, 300, 52, Key.LEFT)
    assert judged(game, Event(1500.0, 500.0, 300.0, Kind.DOWN), bubble) is Mark.HIT
    assert judged(game, Event(1500.0, 500.0, 300.0 + 64, Kind.DOWN), bubble) is Mark.HIT
    assert judged(game, Event(1500.0, 500.0, 300.0 + 65, Kind.DOWN), bubble) is Mark.MISS
    assert judged(game, Event(1500.0, 500.0, 300.0 + 65, Kind.DOWN, Device.TOUCH), bubble) is Mark.HIT
    assert judged(game, Event(1500.0, 500.0, 300.0, Kind.MOVE), bubble) is Mark.NOTHING
    assert judged(game, Event(1500.0, 0.0, 0.0, Kind.KEY, Key.LEFT), bubble) is Mark.HIT
    assert judged(game, Event(1500.0, 0.0, 0.0, Kind.KEY, Key.RIGHT), bubble) is Mark.MISS
    assert judged(game, Event(1500.0, 0.0, 0.0, Kind.KEY, Key.ACT), bubble) is Mark.NOTHING


@pytest.mark.parametrize(
    ("since", "mark"),
    [
        (0.0, Mark.MISS),
        (649.0, Mark.MISS),
        (650.0, Mark.HIT),
        (850.0, Mark.HIT),
        (1050.0, Mark.HIT),
        (1051.0, Mark.MISS),
        (1500.0, Mark.HIT),
    ],
)
def test_a_circle_is_hit_in_time(since: float, mark: Mark) -> None:
    game, circle = GAMES["osu"], Target(500, 300, 56, Key.ACT)
    assert Osu.parameters.beat_ms == 850
    assert judged(game, Event(1000.0 + since, 500.0, 300.0, Kind.DOWN), circle) is mark
    assert judged(game, Event(1000.0 + since, 0.0, 0.0, Kind.KEY, Key.ACT), circle) is mark
    assert judged(game, Event(1000.0 + since, 600.0, 300.0, Kind.DOWN), circle) is Mark.MISS


def test_a_butt_is_hit_where_it_is_when_the_string_is_let_go() -> None:
    game, butt = GAMES["archery"], Moving(400, 300, 60, Key.ACT, 600, 300)
    turn = Archery.parameters.travel_ms + Archery.parameters.rest_ms
    assert [game.centre(butt, since) for since in (0.0, Archery.parameters.travel_ms / 2, turn - 1.0, 2.0 * turn - 1.0)] == [
        (400.0, 300.0),
        (500.0, 300.0),
        (600.0, 300.0),
        (400.0, 300.0),
    ]
    there, back = 1000.0 + turn - 1.0, 1000.0 + 2.0 * turn - 1.0
    assert judged(game, Event(there, 600.0, 300.0, Kind.DOWN), butt) is Mark.NOTHING
    assert judged(game, Event(there, 600.0, 300.0, Kind.UP), butt) is Mark.HIT
    assert judged(game, Event(there, 400.0, 300.0, Kind.UP), butt) is Mark.MISS
    assert judged(game, Event(back, 400.0, 300.0, Kind.UP), butt) is Mark.HIT
    assert judged(game, Event(there, 0.0, 0.0, Kind.KEY, Key.ACT), butt) is Mark.HIT
    assert judged(game, Event(back, 0.0, 0.0, Kind.KEY, Key.ACT), butt) is Mark.MISS
    assert judged(game, Event(there, 0.0, 0.0, Kind.KEY, Key.UP), butt) is Mark.NOTHING


def test_a_snake_goes_to_the_pointer_at_its_own_speed() -> None:
    game, food = Snake(), Target(860, 300, 44, Key.ACT)
    memory = game.judge(Event(10.0, 860.0, 300.0, Kind.MOVE), None, game.begin()).memory
    ruling = game.judge(Event(200.0, 0.0, 0.0, Kind.TICK), Sight(food, 0.0), memory)
    assert ruling.mark is Mark.NOTHING
    assert ruling.memory[:3] == (200.0, 500.0 + 10 * 18.0, 300.0), "ten ticks of eighteen units"
    ruling = game.judge(Event(600.0, 0.0, 0.0, Kind.TICK), Sight(food, 0.0), ruling.memory)
    assert ruling.mark is Mark.HIT
    assert ruling.t == 320.0, "74 units away from it after sixteen ticks"


def test_a_snake_eats_nothing_sooner_than_anybody_could_bring_it_there() -> None:
    game, food = Snake(), Target(500, 300, 44, Key.ACT)
    ruling = game.judge(Event(500.0, 0.0, 0.0, Kind.TICK), Sight(food, 200.0), game.begin())
    assert ruling.t == 300.0


@pytest.mark.parametrize("shown", [0.0, 5.0, 333.0, 1000.0])
def test_a_snake_at_rest_bites_when_it_would_tick_by_tick(shown: float) -> None:
    game, sight = Snake(), Sight(Target(540, 300, 44, Key.ACT), shown)
    whole = game.judge(Event(3_000.0, 0.0, 0.0, Kind.TICK), sight, game.begin())
    memory, bitten = game.begin(), []
    for t in np.arange(20.0, 3_020.0, 20.0):
        ruling = game.judge(Event(t, 0.0, 0.0, Kind.TICK), sight, memory)
        memory = ruling.memory
        bitten += [ruling.t] if ruling.mark is Mark.HIT else []
    assert (whole.mark, whole.t) == (Mark.HIT, bitten[0])
    assert whole.memory == memory


def test_a_snake_at_rest_costs_nothing_however_long_it_rests() -> None:
    game = Snake()
    clock, *place = game.judge(Event(3_600_000.0, 0.0, 0.0, Kind.TICK), None, game.begin()).memory
    assert clock == 3_600_000.0
    assert place == [500.0, 300.0, 500.0, 300.0]


def test_arrows_send_a_snake_within_reach_of_any_food() -> None:
    game = Snake()
    stride, reach = game.parameters.stride, game.parameters.head + game.parameters.radius
    assert np.hypot(stride / 2, stride / 2) <= reach
    memory = game.judge(Event(0.0, 0.0, 0.0, Kind.KEY, Key.RIGHT), None, game.begin()).memory
    memory = game.judge(Event(0.0, 0.0, 0.0, Kind.KEY, Key.UP), None, memory).memory
    assert memory[3:] == (600.0, 200.0)
    memory = game.judge(Event(0.0, 2000.0, -9.0, Kind.DOWN), None, memory).memory
    assert memory[3:] == (1000.0, 0.0), "its goal stays on the field"
