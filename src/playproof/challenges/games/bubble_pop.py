"""Bubble-pop: a bubble appears, is popped, and the next appears elsewhere."""

from __future__ import annotations

from playproof.challenges.events import Event, Key, Kind
from playproof.challenges.games.base import Mark, Memory, Parameters, Ruling, Sight, Target, drawn_place, within
from playproof.challenges.generator import Generator


class BubblePop:
    """By pointer: press on the bubble. By keyboard: press the arrow that stands on it."""

    name = "bubble-pop"
    click = Kind.DOWN
    parameters = Parameters(steps=7, radius=52, margin=70, far=320)

    def layout(self, seed: bytes, before: Target | None) -> Target:
        """A bubble, and its arrow."""
        generator = Generator(seed)
        x, y = drawn_place(generator, self.parameters, *([(before.x, before.y)] if before else []))
        return Target(x, y, self.parameters.radius, generator.below(4))

    def centre(self, target: Target, since: float) -> tuple[float, float]:
        """It stays where it is."""
        return target.x, target.y

    def begin(self) -> Memory:
        """Nothing."""
        return ()

    def judge(self, event: Event, sight: Sight | None, memory: Memory) -> Ruling:
        """A press on the bubble or its arrow is a hit, another press or arrow a miss."""
        if sight is None:
            return Ruling(Mark.NOTHING, event.t, memory)
        mark, target = Mark.NOTHING, sight.target
        if event.kind is Kind.DOWN:
            mark = Mark.HIT if within(event, self.parameters, target.x, target.y, target.radius) else Mark.MISS
        elif event.kind is Kind.KEY and event.value != Key.ACT:
            mark = Mark.HIT if event.value == target.key else Mark.MISS
        return Ruling(mark, event.t, memory)
