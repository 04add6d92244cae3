"""Osu: a circle appears, a ring closes in on it again and again, and is to be pressed when they meet."""

from __future__ import annotations

from playproof.challenges.events import Event, Key, Kind
from playproof.challenges.games.base import Mark, Memory, Parameters, Ruling, Sight, Target, drawn_place, within
from playproof.challenges.generator import Generator


class Rhythm(Parameters, frozen=True, rename="camel", kw_only=True):
    """What osu adds."""

    beat_ms: int
    """The ring meets the circle so often, first one beat after the circle is shown."""
    window_ms: int
    """A press counts so long before and after they meet."""


class Osu:
    """By pointer: press on the circle in time. By keyboard: press Space or Enter in time."""

    name = "osu"
    click = Kind.DOWN
    parameters = Rhythm(steps=6, radius=56, margin=90, far=300, beat_ms=850, window_ms=200)

    def layout(self, seed: bytes, before: Target | None) -> Target:
        """A circle; its arrow is not asked for."""
        generator = Generator(seed)
        x, y = drawn_place(generator, self.parameters, *([(before.x, before.y)] if before else []))
        return Target(x, y, self.parameters.radius, Key.ACT)

    def centre(self, target: Target, since: float) -> tuple[float, float]:
        """It stays where it is."""
        return target.x, target.y

    def begin(self) -> Memory:
        """Nothing."""
        return ()

    def judge(self, event: Event, sight: Sight | None, memory: Memory) -> Ruling:
        """A press in place and in time is a hit, another one a miss."""
        if sight is None:
            return Ruling(Mark.NOTHING, event.t, memory)
        mark, target = Mark.NOTHING, sight.target
        if event.kind is Kind.DOWN:
            there = within(event, self.parameters, target.x, target.y, target.radius)
            mark = Mark.HIT if there and self.in_time(event.t - sight.shown) else Mark.MISS
        elif event.kind is Kind.KEY and event.value == Key.ACT:
            mark = Mark.HIT if self.in_time(event.t - sight.shown) else Mark.MISS
        return Ruling(mark, event.t, memory)

    def in_time(self, since: float) -> bool:
        """`since` ms after the circle was shown, the ring is near enough to it."""
        beat, window = self.parameters.beat_ms, self.parameters.window_ms
        phase = since % beat
        return since >= beat - window and (phase <= window or phase >= beat - window)
