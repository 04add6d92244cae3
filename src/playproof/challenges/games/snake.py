"""Snake: its head goes wherever the pointer is, at its own speed, and eats what it comes to."""

from __future__ import annotations

from math import ceil, inf, sqrt

from playproof.challenges.events import HEIGHT, WIDTH, Event, Key, Kind
from playproof.challenges.games.base import Mark, Memory, Parameters, Ruling, Sight, Target, drawn_place
from playproof.challenges.generator import Generator

_TICK_MS = 20
"""The head moves in steps of this, on both sides, by sums, products, a quotient and a square root, which are exact alike."""


class Crawl(Parameters, frozen=True, rename="camel", kw_only=True):
    """What snake adds."""

    speed: int
    """Of the head, units a second."""
    head: int
    """Its radius; it eats where the two discs touch."""
    stride: int
    """An arrow key sends it on so many units: any place is within a stride's half diagonal of one that keys reach."""


class Snake:
    """By pointer: move, or tap where it is to go. By keyboard: arrows."""

    name = "snake"
    click = None
    parameters = Crawl(steps=6, radius=44, margin=70, far=300, speed=900, head=30, stride=100)

    def layout(self, seed: bytes, before: Target | None) -> Target:
        """Food, the first away from the middle, where the head begins."""
        generator = Generator(seed)
        x, y = drawn_place(generator, self.parameters, (before.x, before.y) if before else (WIDTH // 2, HEIGHT // 2))
        return Target(x, y, self.parameters.radius, Key.ACT)

    def centre(self, target: Target, since: float) -> tuple[float, float]:
        """It stays where it is."""
        return target.x, target.y

    def begin(self) -> Memory:
        """The time that the head has come to (ms), where it is, and where it goes."""
        return 0.0, WIDTH / 2, HEIGHT / 2, WIDTH / 2, HEIGHT / 2

    def judge(self, event: Event, sight: Sight | None, memory: Memory) -> Ruling:
        """Moves the head up to `event`, then sends it where `event` says. Eating is a hit, at the time of its tick; there are no misses."""
        clock, x, y, to_x, to_y = memory
        mark, at = Mark.NOTHING, event.t
        step = self.parameters.speed * _TICK_MS / 1000
        while clock + _TICK_MS <= event.t:
            if (x, y) == (to_x, to_y):  # at rest every tick is like the next, however many there are
                due = self._bite_at_rest(sight, x, y, clock + _TICK_MS)
                mark, at = (Mark.HIT, due) if due <= event.t else (mark, at)
                clock = event.t // _TICK_MS * _TICK_MS
                break
            clock += _TICK_MS
            x, y = _moved(x, y, to_x, to_y, step)
            if sight and clock >= sight.shown + self.parameters.soonest_ms and self._eats(sight.target, x, y):
                mark, at, sight = Mark.HIT, clock, None
        to_x, to_y = self._goal(event, to_x, to_y)
        return Ruling(mark, at, (clock, x, y, to_x, to_y))

    def _bite_at_rest(self, sight: Sight | None, x: float, y: float, soonest: float) -> float:
        """The tick, from `soonest` on, at which a head at rest eats; infinite where it does not."""
        if sight is None or not self._eats(sight.target, x, y):
            return inf
        return max(soonest, ceil((sight.shown + self.parameters.soonest_ms) / _TICK_MS) * _TICK_MS)

    def _eats(self, food: Target, x: float, y: float) -> bool:
        return (x - food.x) ** 2 + (y - food.y) ** 2 <= (food.radius + self.parameters.head) ** 2

    def _goal(self, event: Event, x: float, y: float) -> tuple[float, float]:
        if event.kind in (Kind.MOVE, Kind.DOWN):
            return _held(event.x, WIDTH), _held(event.y, HEIGHT)
        if event.kind is Kind.KEY and event.value < Key.ACT:
            stride = self.parameters.stride
            return _held(x + stride * (0, 1, 0, -1)[event.value], WIDTH), _held(y + stride * (-1, 0, 1, 0)[event.value], HEIGHT)
        return x, y


def _moved(x: float, y: float, to_x: float, to_y: float, step: float) -> tuple[float, float]:
    across, down = to_x - x, to_y - y
    way = sqrt(across * across + down * down)
    if way <= step:
        return to_x, to_y
    return x + across * step / way, y + down * step / way


def _held(place: float, size: int) -> float:
    return min(max(place, 0.0), float(size))
