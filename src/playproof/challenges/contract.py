"""What any play of any game keeps to, whoever plays: how its events must follow one another.

A violation is noted, never told: the game goes on, and the browser learns nothing. What cannot happen in an honest browser
is a violation; what a slow network does is not, it costs trust.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from math import hypot, inf

import msgspec

from playproof.challenges.events import HEIGHT, POINTER, WIDTH, Batch, Device, Event, Key, Kind

FASTEST = 60.0
"""Units a millisecond between two events of one pointer: all across the field in a frame. Hands that flick a mouse across a small
playfield come to about half."""
SHORTEST_MS = 16.0
"""Times nearer than this count as so far apart: browsers that blur their clock give several events one time."""
DRIFT_MS = 150.0
"""How far the two clocks may part within a challenge, quantised clocks included."""
LATE_MS = 1_500.0
"""A batch that comes so much later than the promptest one lay somewhere: a dead spot, or a workshop."""


_KEYS = (1 << len(Key)) - 1


class Violation(StrEnum):
    """What no honest browser reports. Stable names."""

    TIME_REVERSED = "time_reversed"
    CLOCK_AHEAD = "clock_ahead"
    OUTSIDE = "outside"
    UP_WITHOUT_DOWN = "up_without_down"
    DOWN_TWICE = "down_twice"
    IMPOSSIBLE_SPEED = "impossible_speed"
    UNKNOWN_DEVICE = "unknown_device"
    BEFORE_REVEAL = "before_reveal"
    TOO_SOON = "too_soon"


VIOLATIONS: Mapping[Violation, str] = {
    Violation.TIME_REVERSED: "Time runs backwards from one event to the next.",
    Violation.CLOCK_AHEAD: "An event is said to be later than it arrived, or a hit took longer than the server waited for it.",
    Violation.OUTSIDE: "The pointer is outside of the playfield.",
    Violation.UP_WITHOUT_DOWN: "It is let go, and was not pressed; the same of a key.",
    Violation.DOWN_TWICE: "It is pressed, and was pressed already.",
    Violation.IMPOSSIBLE_SPEED: "It leaps faster than any hand moves it.",
    Violation.UNKNOWN_DEVICE: "An event names a device or key that is none.",
    Violation.BEFORE_REVEAL: "A target is said to have been shown before the browser was told of it.",
    Violation.TOO_SOON: "A target is hit sooner after it was shown, or revealed, than anybody can.",
}
"""What each means."""


class Conduct(msgspec.Struct, frozen=True):
    """What the contract must know of the events so far."""

    t: float = 0.0
    """Of the latest event, ms on the browser's clock."""
    place: tuple[float, float, float] | None = None
    """Time and place of the latest event of the pointer; `None` where the next may be anywhere."""
    device: Device | None = None
    """What moved or pressed last."""
    pressed: bool = False
    keys: int = 0
    """Bit k: key k is down."""
    events: int = 0
    untrusted: int = 0
    """Events that the browser says a script made."""
    violations: tuple[tuple[Violation, int], ...] = ()
    """How many events broke each rule; in order of the first."""

    def broken(self, *violations: Violation) -> Conduct:
        """With one more event that breaks each of `violations`."""
        counts = dict(self.violations)
        for violation in violations:
            counts[violation] = counts.get(violation, 0) + 1
        return msgspec.structs.replace(self, violations=tuple(counts.items())) if violations else self


class Timing(msgspec.Struct, frozen=True):
    """What arrival times tell of the browser's clock and the way from it."""

    origin: float = inf
    """Milliseconds since 1970, UTC, at which the browser's clock was at 0 at the latest: the least arrival less event time."""
    late: int = 0
    """Batches that came late, and targets that were shown late."""

    def arrived(self, t: float, now: int) -> Timing:
        """After an event of time `t` arrived at `now`."""
        begun = now - t
        origin = min(self.origin, begun)
        return Timing(origin, self.late + (begun - origin > LATE_MS))

    def shown(self, t: float, revealed_at: int) -> tuple[Timing, bool]:
        """After a target that was revealed at `revealed_at` is said to have been shown at `t`; and whether that is possible."""
        since = self.origin + t - revealed_at
        return Timing(self.origin, self.late + (since > LATE_MS)), since >= -DRIFT_MS


def watch(conduct: Conduct, event: Event) -> Conduct:
    """The conduct after `event`."""
    broken = [*_clock(conduct, event), *_pointer(conduct, event), *_keys(conduct, event)]
    pressed, keys, place = conduct.pressed, conduct.keys, conduct.place
    if event.kind in POINTER:
        pressed = event.kind is Kind.DOWN or (pressed and event.kind is Kind.MOVE)
        lifted = event.kind is not Kind.MOVE and not pressed and event.device is not Device.MOUSE
        place = None if lifted or event.kind is Kind.CANCEL else (event.t, event.x, event.y)
    elif event.kind is Kind.KEY:
        keys |= 1 << event.value & _KEYS
    elif event.kind is Kind.RELEASE:
        keys &= ~(1 << event.value)
    after = Conduct(
        t=max(conduct.t, event.t),
        place=place,
        device=conduct.device if event.device is None else event.device,
        pressed=pressed,
        keys=keys,
        events=conduct.events + 1,
        untrusted=conduct.untrusted + (not event.trusted),
        violations=conduct.violations,
    )
    return after.broken(*broken)


def ahead(batch: Batch, issued_at: int, now: int) -> bool:
    """Events of `batch` are later on the browser's clock, which began after the challenge was issued, than now."""
    return issued_at + max(event.t for event in batch.events) > now + DRIFT_MS


def _clock(conduct: Conduct, event: Event) -> list[Violation]:
    return [Violation.TIME_REVERSED] if event.t < conduct.t else []


def _pointer(conduct: Conduct, event: Event) -> list[Violation]:
    if event.kind not in POINTER:
        return []
    broken = []
    if event.device is None:
        broken.append(Violation.UNKNOWN_DEVICE)
    if not (0.0 <= event.x <= WIDTH and 0.0 <= event.y <= HEIGHT):
        broken.append(Violation.OUTSIDE)
    if event.kind is Kind.DOWN and conduct.pressed:
        broken.append(Violation.DOWN_TWICE)
    if event.kind is Kind.UP and not conduct.pressed:
        broken.append(Violation.UP_WITHOUT_DOWN)
    if conduct.place and conduct.device is event.device:
        t, x, y = conduct.place
        if hypot(event.x - x, event.y - y) > FASTEST * max(event.t - t, SHORTEST_MS):
            broken.append(Violation.IMPOSSIBLE_SPEED)
    return broken


def _keys(conduct: Conduct, event: Event) -> list[Violation]:
    if event.kind not in (Kind.KEY, Kind.RELEASE):
        return []
    if event.value >= len(Key):
        return [Violation.UNKNOWN_DEVICE]
    if event.kind is Kind.RELEASE and not conduct.keys >> event.value & 1:
        return [Violation.UP_WITHOUT_DOWN]
    return []
