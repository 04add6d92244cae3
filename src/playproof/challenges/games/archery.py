"""Archery: a target goes to and fro between two stations and rests at both; aim at it and let go."""

from __future__ import annotations

from playproof.challenges.events import HEIGHT, WIDTH, Event, Key, Kind
from playproof.challenges.games.base import Mark, Memory, Parameters, Ruling, Sight, Target, drawn_place, within
from playproof.challenges.generator import Generator


class Range(Parameters, frozen=True, rename="camel", kw_only=True):
    """What archery adds."""

    sway: int
    """Units between the stations."""
    rest_ms: int
    """At each station."""
    travel_ms: int
    """From one to the other."""


class Moving(Target, frozen=True, rename="camel"):
    """A target that moves: from x, y to `to_x`, `to_y` and back."""

    to_x: int
    to_y: int


class Archery:
    """By pointer: let go over the target, pressed there or elsewhere. By keyboard: Space or Enter while it is at the far station."""

    name = "archery"
    click = Kind.UP
    parameters = Range(steps=6, radius=60, margin=90, far=280, sway=200, rest_ms=700, travel_ms=450)

    def layout(self, seed: bytes, before: Target | None) -> Moving:
        """A target and its way: up, right, down or left by the sway, from the drawn one on whichever first stays on the field."""
        generator = Generator(seed)
        stations = [(before.x, before.y), (before.to_x, before.to_y)] if isinstance(before, Moving) else []
        x, y = drawn_place(generator, self.parameters, *stations)
        sway, margin = self.parameters.sway, self.parameters.margin
        ways = [(x, y - sway), (x + sway, y), (x, y + sway), (x - sway, y)]
        first = generator.below(len(ways))
        ways = ways[first:] + ways[:first]
        to_x, to_y = next(way for way in ways if margin <= way[0] <= WIDTH - margin and margin <= way[1] <= HEIGHT - margin)
        return Moving(x, y, self.parameters.radius, Key.ACT, to_x, to_y)

    def centre(self, target: Target, since: float) -> tuple[float, float]:
        """Along its way: go, rest, come back, rest, each way slow to start and to stop."""
        if not isinstance(target, Moving):
            return target.x, target.y
        travel = self.parameters.travel_ms
        leg, phase = divmod(max(since, 0.0), travel + self.parameters.rest_ms)
        gone = min(phase / travel, 1.0)
        share = gone * gone * (3.0 - 2.0 * gone)
        share = 1.0 - share if leg % 2 else share
        return target.x + (target.to_x - target.x) * share, target.y + (target.to_y - target.y) * share

    def begin(self) -> Memory:
        """Nothing."""
        return ()

    def judge(self, event: Event, sight: Sight | None, memory: Memory) -> Ruling:
        """Letting go on the target is a hit, elsewhere a miss; so is the key with the target at its far station, or not."""
        if sight is None or not isinstance(sight.target, Moving):
            return Ruling(Mark.NOTHING, event.t, memory)
        mark, target = Mark.NOTHING, sight.target
        x, y = self.centre(target, event.t - sight.shown)
        if event.kind is Kind.UP:
            mark = Mark.HIT if within(event, self.parameters, x, y, target.radius) else Mark.MISS
        elif event.kind is Kind.KEY and event.value == Key.ACT:
            aside = (x - target.to_x) ** 2 + (y - target.to_y) ** 2
            mark = Mark.HIT if aside <= target.radius**2 else Mark.MISS
        return Ruling(mark, event.t, memory)
