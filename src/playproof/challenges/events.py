"""What a browser reports of a play: events in batches, on the playfield's own grid."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

import msgspec
from msgspec import Meta

WIDTH, HEIGHT = 1000, 600
"""The playfield in its own units, x to the right and y downwards, whatever its size on the screen."""
MOST_EVENTS = 32
"""Of a batch."""
LONGEST_MS = 3_600_000.0
FARTHEST = 100_000.0
"""Times and places beyond these are no events of a play, and refused with the body."""


class Kind(IntEnum):
    """What an event says happened; `value` is in the low eight bits of its flags."""

    MOVE = 0
    """The pointer is at x, y. Value: the `Device`."""
    DOWN = 1
    """It was pressed there."""
    UP = 2
    """It was let go there."""
    CANCEL = 3
    """The browser took the press away, for scrolling or because the pointer left."""
    KEY = 4
    """A key went down. Value: the `Key`; x and y are 0."""
    RELEASE = 5
    """It came up."""
    SHOWN = 6
    """The target of a step was drawn. Value: the step, from 0; x and y are 0."""
    TICK = 7
    """Time went on and nothing happened; x and y are 0."""


POINTER = frozenset({Kind.MOVE, Kind.DOWN, Kind.UP, Kind.CANCEL})
"""Kinds that say where the pointer is."""


class Device(IntEnum):
    """What made an event; the first three are the value of pointer events."""

    MOUSE = 0
    TOUCH = 1
    PEN = 2
    KEYS = 3


class Key(IntEnum):
    """The keys that games know; every other stays the browser's."""

    UP = 0
    RIGHT = 1
    DOWN = 2
    LEFT = 3
    ACT = 4
    """Space or Enter."""


UNTRUSTED = 0x100
"""Flag: the browser says that a script made the event."""


class Event(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """One event, on the wire ``[t, x, y, kind, flags]``."""

    t: Annotated[float, Meta(ge=0.0, le=LONGEST_MS)]
    """Milliseconds since the game was put on the page, of the browser's clock."""
    x: Annotated[float, Meta(ge=-FARTHEST, le=FARTHEST)]
    """Units of the playfield; may lie outside, which is a violation and no error."""
    y: Annotated[float, Meta(ge=-FARTHEST, le=FARTHEST)]
    kind: Kind
    flags: Annotated[int, Meta(ge=0, le=0x1FF)] = 0

    @property
    def value(self) -> int:
        """The device, key or step, by kind."""
        return self.flags & 0xFF

    @property
    def trusted(self) -> bool:
        """The browser does not say that a script made it, which proves nothing."""
        return not self.flags & UNTRUSTED

    @property
    def device(self) -> Device | None:
        """What made it; `None` for `SHOWN`, `TICK` and devices that no browser names."""
        if self.kind in (Kind.KEY, Kind.RELEASE):
            return Device.KEYS
        return Device(self.value) if self.kind in POINTER and self.value < Device.KEYS else None


class Batch(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What a browser sends while a game is played, every 100 to 250 ms and at each press."""

    sequence: Annotated[int, Meta(ge=1, le=1_000_000)]
    """From 1, without gaps."""
    receipt: Annotated[str, Meta(max_length=128)]
    """That of the answer before."""
    events: Annotated[tuple[Event, ...], Meta(min_length=1, max_length=MOST_EVENTS)]
    """In the order of their times."""
