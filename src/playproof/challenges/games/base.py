"""What every game is: a number of targets, one after the other, laid out from seeds and judged from events."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Protocol

import msgspec

from playproof.challenges.events import HEIGHT, WIDTH, Device, Event, Kind
from playproof.challenges.generator import Generator

_TRIES = 12
"""Draws of a place, at most, until one is far enough from the target before."""

Memory = tuple[float, ...]
"""What a game keeps between events; empty where it keeps nothing."""


class Target(msgspec.Struct, frozen=True, rename="camel"):
    """What is to be hit in one step. Whole numbers of the playfield's units."""

    x: int
    y: int
    """The centre; of a target that moves, the end it starts from."""
    radius: int
    key: int
    """The arrow (`Key`) that stands on it."""


class Parameters(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What does not change from challenge to challenge; the browser gets it with the challenge."""

    steps: int
    """Targets to hit."""
    radius: int
    """Of a target, units: 40 are 12 px where the playfield is 300 px wide, so that every target is at least 24 px across."""
    margin: int
    """Units between a target's centre and the edge, at least."""
    far: int
    """Units from one target to the next, at least."""
    slack: int = 12
    """Units past the radius at which a mouse or pen still hits: whole pixels, and a frame's delay."""
    touch_slack: int = 30
    """The same of a finger."""
    soonest_ms: int = 100
    """No one hits a target sooner after it is shown: people react to what they see in 100 ms at the very least, and must get there."""


class Mark(Enum):
    """What the referee says of one event."""

    NOTHING = 0
    HIT = 1
    MISS = 2


class Ruling(NamedTuple):
    """A mark, when it was made, and what the game is to remember."""

    mark: Mark
    t: float
    """Milliseconds on the browser's clock; of a hit that happens between events, its own time."""
    memory: Memory


class Sight(NamedTuple):
    """The target that is on the screen, and since when, ms on the browser's clock."""

    target: Target
    shown: float


class Game(Protocol):
    """A game, as the server knows it. All of it is pure."""

    @property
    def name(self) -> str:
        """The `gameType` of its sessions, and the name of its renderer."""
        ...

    @property
    def click(self) -> Kind | None:
        """What its sessions have as a click; `None` where it is played without."""
        ...

    @property
    def parameters(self) -> Parameters:
        """What the browser is told with the challenge."""
        ...

    def layout(self, seed: bytes, before: Target | None) -> Target:
        """The target of a step from its seed (16 bytes) and the target `before` it; `None` at the first."""
        ...

    def centre(self, target: Target, since: float) -> tuple[float, float]:
        """Where `target` is, `since` ms after it was shown."""
        ...

    def begin(self) -> Memory:
        """What it remembers before the first event."""
        ...

    def judge(self, event: Event, sight: Sight | None, memory: Memory) -> Ruling:
        """What `event` comes to, with `sight` on the screen; `None` where no target is."""
        ...


def drawn_place(generator: Generator, parameters: Parameters, *away_from: tuple[int, int]) -> tuple[int, int]:
    """The first drawn place that is at least `far` from all of `away_from`; the farthest of twelve where none is."""
    margin, best, farthest = parameters.margin, (0, 0), -1
    for _ in range(_TRIES):
        x, y = generator.between(margin, WIDTH - margin), generator.between(margin, HEIGHT - margin)
        away = min(((x - other_x) ** 2 + (y - other_y) ** 2 for other_x, other_y in away_from), default=parameters.far**2)
        if away > farthest:
            best, farthest = (x, y), away
        if away >= parameters.far**2:
            break
    return best


def within(event: Event, parameters: Parameters, x: float, y: float, radius: float) -> bool:
    """The pointer `event` is on a disc of `radius` around x, y, with the slack of its device."""
    slack = parameters.touch_slack if event.device is Device.TOUCH else parameters.slack
    return (event.x - x) ** 2 + (event.y - y) ** 2 <= (radius + slack) ** 2
