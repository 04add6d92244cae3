"""People who play challenges to their end, by mouse or by keyboard; no recorded data is behind them."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log

import numpy as np

from playproof.challenges.events import Key
from playproof.challenges.games.archery import Archery, Moving
from playproof.challenges.games.base import Target
from playproof.challenges.games.osu import Osu
from playproof.challenges.games.snake import Snake
from playproof.telemetry.session import Floats
from playproof.testing.visitor import Played, Visitor

_ATTEMPTS = 60
_NOTICE_MS, _NOTICE_KEY_MS = 230.0, 480.0
"""Medians from a target shown to the hand moving, and to the right one of several keys (Hick 1952)."""
_BETWEEN_KEYS_MS = 110.0
_TIMING_MS = 45.0
"""Spread of tapping along with a beat (Repp 2005)."""

_Manner = Callable[[Visitor], None]


def person_plays(
    game: str,
    rng: np.random.Generator,
    *,
    latency_ms: float = 40.0,
    step_ms: float = 8.0,
    width: float = 400.0,
) -> Played:
    """A person plays `game` by mouse: notices each target, reaches for it as `human_session` does, and does what the game asks.

    `latency_ms` is one way; positions are whole pixels of a playfield `width` CSS pixels wide, every `step_ms`.
    """
    return play_by_mouse(Visitor(game, rng, latency_ms=latency_ms, step_ms=step_ms, width=width))


def play_by_mouse(visitor: Visitor) -> Played:
    """Have `visitor` play its game to the end by mouse."""
    return _played(visitor, _BY_MOUSE[visitor.game.name])


def keys_play(game: str, rng: np.random.Generator, *, latency_ms: float = 40.0) -> Played:
    """A person plays `game` with nothing but keys."""
    return play_by_keys(Visitor(game, rng, latency_ms=latency_ms, step_ms=8.0, width=400.0))


def play_by_keys(visitor: Visitor) -> Played:
    """Have `visitor` play its game to the end with nothing but keys."""
    visitor.at = np.array([500.0, 300.0])  # where a snake's head begins
    return _played(visitor, _BY_KEYS[visitor.game.name])


def _played(visitor: Visitor, manner: _Manner) -> Played:
    for _ in range(_ATTEMPTS):
        if visitor.target is None:
            return visitor.finished()
        manner(visitor)
    raise AssertionError(f"{visitor.game.name} was not over after {_ATTEMPTS} attempts")


def _target(visitor: Visitor) -> Target:
    assert visitor.target
    return visitor.target


def _centre(target: Target) -> Floats:
    return np.array([target.x, target.y], np.float64)


def _notice(visitor: Visitor, median: float = _NOTICE_MS) -> None:
    visitor.wait(float(visitor.rng.lognormal(log(median), 0.22)))


def _pop(visitor: Visitor) -> None:
    _notice(visitor)
    visitor.move(_centre(_target(visitor)))
    visitor.wait(float(visitor.rng.lognormal(log(50.0), 0.6)))
    visitor.click()


def _tap_to_the_beat(visitor: Visitor) -> None:
    _notice(visitor)
    visitor.move(_centre(_target(visitor)))
    _await_beat(visitor)
    visitor.click()


def _await_beat(visitor: Visitor) -> None:
    beat = Osu.parameters.beat_ms
    due = visitor.shown + max(1, ceil((visitor.t - visitor.shown - 100.0) / beat)) * beat
    visitor.wait(due + float(visitor.rng.normal(0.0, _TIMING_MS)) - visitor.t)


def _shoot(visitor: Visitor) -> None:
    target = _target(visitor)
    assert isinstance(target, Moving)
    travel, turn = Archery.parameters.travel_ms, Archery.parameters.rest_ms + Archery.parameters.travel_ms
    _notice(visitor)
    arriving = visitor.t - visitor.shown + visitor.reach_ms
    leg = int(arriving // turn) + (arriving % turn > turn - 100)
    visitor.move(_centre(target) if leg % 2 else np.array([target.to_x, target.to_y], np.float64))
    while visitor.t > visitor.shown + (leg + 1) * turn - 100:  # too late: it will be back
        leg += 2
    visitor.wait(visitor.shown + leg * turn + travel + float(visitor.rng.lognormal(log(120.0), 0.3)) - visitor.t)
    visitor.wait(float(visitor.rng.lognormal(log(50.0), 0.6)))
    visitor.click()


def _lead_to_food(visitor: Visitor) -> None:
    _notice(visitor)
    visitor.move(_centre(_target(visitor)))
    _await_bite(visitor)


def _await_bite(visitor: Visitor) -> None:
    target = visitor.target
    for _ in range(10):
        visitor.settle()
        if visitor.target is not target:
            return
        visitor.wait(100.0)
        visitor.tick()


def _press_its_arrow(visitor: Visitor) -> None:
    _notice(visitor, _NOTICE_KEY_MS)
    visitor.press(_target(visitor).key)


def _press_to_the_beat(visitor: Visitor) -> None:
    _await_beat(visitor)
    visitor.press(Key.ACT)


def _press_when_there(visitor: Visitor) -> None:
    travel, turn = Archery.parameters.travel_ms, Archery.parameters.rest_ms + Archery.parameters.travel_ms
    rounds = max(0, ceil((visitor.t - visitor.shown - travel) / (2 * turn)))
    visitor.wait(visitor.shown + 2 * rounds * turn + travel - visitor.t)
    _notice(visitor)
    visitor.press(Key.ACT)


def _steer_to_food(visitor: Visitor) -> None:
    _notice(visitor, _NOTICE_KEY_MS)
    stride = Snake.parameters.stride
    at, strides = visitor.at, np.round((_centre(_target(visitor)) - visitor.at) / stride).astype(int)
    for axis, (less, more) in enumerate(((Key.LEFT, Key.RIGHT), (Key.UP, Key.DOWN))):
        for _ in range(abs(strides[axis])):
            visitor.press(more if strides[axis] > 0 else less)
            visitor.wait(_BETWEEN_KEYS_MS)
    visitor.at = np.clip(at + strides * stride, 0.0, [1000.0, 600.0])
    _await_bite(visitor)


_BY_MOUSE: dict[str, _Manner] = {"bubble-pop": _pop, "osu": _tap_to_the_beat, "snake": _lead_to_food, "archery": _shoot}
_BY_KEYS: dict[str, _Manner] = {
    "bubble-pop": _press_its_arrow,
    "osu": _press_to_the_beat,
    "snake": _steer_to_food,
    "archery": _press_when_there,
}
