"""A circuit breaker: after failures in a row nobody is asked for a while, then one call tries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from playproof.clock import Clock
from playproof.errors import HostedError, HostedReason
from playproof.woodwide.reasons import WHY

LONGEST_GROWTH = 12.0
"""The rest doubles with every probe that fails, up to this many times the first: a minute by default, because a call a minute is nothing
to a provider that is out, and sessions wait as long for their score when it is back."""


class State(StrEnum):
    """Whether calls are let through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(slots=True)
class Counts:
    """What has passed so far."""

    admitted: int = 0
    refused: int = 0
    succeeded: int = 0
    failed: int = 0
    opened: int = 0


class Permit:
    """Leave to make one call within a context, whose end tells how it went.

    An end without an error, or with one that lies in the rows, speaks for the provider, any other `HostedError` against
    it; whatever else ends it, such as being cancelled, says nothing.
    """

    blames: bool
    """Whether an error that lies in the rows speaks against the provider as well."""

    def __init__(self, breaker: Breaker, era: int) -> None:
        self.blames = False
        self._breaker = breaker
        self._era = era

    def __enter__(self) -> Permit:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            self._breaker.ended(self._era, healthy=True)
        elif isinstance(error, HostedError):
            self._breaker.ended(self._era, healthy=not (self.blames or WHY[error.reason].postpones))
        else:
            self._breaker.ended(self._era, healthy=None)


class Breaker:
    """Counts failures in a row. Not safe to use from several threads: it belongs to one event loop."""

    def __init__(self, clock: Clock, *, failures: int, rest: float) -> None:
        """Opens after `failures` in a row, for `rest` seconds at first."""
        self.counts = Counts()
        self._clock = clock
        self._most = failures
        self._rest = rest
        self._in_a_row = 0
        self._growth = 1.0
        self._until: float | None = None
        self._probing = False
        # What was let through before the last change of state says nothing about the time since.
        self._era = 0

    @property
    def state(self) -> State:
        """The state now."""
        if self._until is None:
            return State.CLOSED
        return State.HALF_OPEN if self._clock.monotonic() >= self._until else State.OPEN

    @property
    def left(self) -> float:
        """Seconds until a call is let through to try; 0 where it is already."""
        return 0.0 if self._until is None else max(0.0, self._until - self._clock.monotonic())

    def enter(self) -> Permit:
        """Leave to make a call. Raises `HostedError` (`circuit_open`) where none is given."""
        state = self.state
        if state is State.CLOSED or (state is State.HALF_OPEN and not self._probing):
            if state is State.HALF_OPEN:
                self._probing = True
                self._era += 1
            self.counts.admitted += 1
            return Permit(self, self._era)
        self.counts.refused += 1
        raise HostedError("Woodwide is not asked for a while", reason=HostedReason.CIRCUIT_OPEN, retry_after=self.left)

    def ended(self, era: int, *, healthy: bool | None) -> None:
        """A call that was let through in `era` has ended; `healthy` is None where that says nothing. For `Permit`."""
        if healthy is not None:
            self.counts.succeeded += healthy
            self.counts.failed += not healthy
        if era != self._era:
            return
        probe, self._probing = self._probing, False
        if healthy:
            self._in_a_row = 0
            if probe:
                self._until, self._growth = None, 1.0
                self._era += 1
        elif healthy is False:
            self._in_a_row += 1
            if probe or self._in_a_row >= self._most:
                self._open(again=probe)

    def _open(self, *, again: bool) -> None:
        self._growth = min(LONGEST_GROWTH, self._growth * 2.0) if again else 1.0
        self._until = self._clock.monotonic() + self._rest * self._growth
        self._in_a_row = 0
        self._era += 1
        self.counts.opened += 1
