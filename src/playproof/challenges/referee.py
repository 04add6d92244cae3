"""The referee: who hit what, worked out from the seed and the events alone. No event says that it hit."""

from __future__ import annotations

import msgspec

from playproof.challenges.contract import Violation
from playproof.challenges.events import Device, Event, Kind
from playproof.challenges.games.base import Game, Mark, Memory, Sight, Target
from playproof.challenges.seeds import step_seed


class Hit(msgspec.Struct, frozen=True):
    """One target that was hit."""

    shown: float
    """When it was shown, ms on the browser's clock."""
    t: float
    """When it was hit, on the same."""
    device: Device
    """What it was hit with."""


class Play(msgspec.Struct, frozen=True):
    """How far a play has come."""

    memory: Memory
    hits: tuple[Hit, ...] = ()
    misses: int = 0
    shown: float | None = None
    """When the target of the present step was shown; `None` where it was not yet."""

    @property
    def step(self) -> int:
        """The step that is being played: as many are behind it as targets were hit."""
        return len(self.hits)


def targets(game: Game, secret: bytes, challenge_id: str, count: int) -> list[Target]:
    """The targets of the first `count` steps."""
    laid: list[Target] = []
    for step in range(count):
        laid.append(game.layout(step_seed(secret, challenge_id, game.name, step), laid[-1] if laid else None))
    return laid


def judge(game: Game, play: Play, event: Event, device: Device | None, revealed: list[Target]) -> tuple[Play, Violation | None]:
    """The play after `event`, which `device` made, with `revealed` the targets that the browser was told of when it sent it.

    A press or key when no target is shown is nobody's: neither hit nor miss. So is a hit that comes sooner than
    `soonest_ms` after the target is shown; made with a pointer, which must get there, it is also a violation.
    """
    if event.kind is Kind.SHOWN:
        if event.value >= len(revealed):
            return play, Violation.BEFORE_REVEAL
        if event.value == play.step and play.shown is None:
            play = msgspec.structs.replace(play, shown=event.t)
        return play, None
    sight = None
    if play.shown is not None and play.step < len(revealed):
        sight = Sight(revealed[play.step], play.shown)
    mark, t, memory = game.judge(event, sight, play.memory)
    play = msgspec.structs.replace(play, memory=memory)
    if sight is None or mark is Mark.NOTHING:
        return play, None
    if mark is Mark.MISS:
        return msgspec.structs.replace(play, misses=play.misses + 1), None
    if t - sight.shown < game.parameters.soonest_ms:
        return play, Violation.TOO_SOON if event.kind is not Kind.KEY else None
    hit = Hit(sight.shown, t, Device.MOUSE if device is None else device)
    return msgspec.structs.replace(play, hits=(*play.hits, hit), shown=None), None
