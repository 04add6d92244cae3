"""What became of each call and of each flight, for metrics and the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from playproof.errors import HostedError, HostedReason
from playproof.observe.metrics import Metrics
from playproof.woodwide.settlement import Settled

OK = "ok"
HOSTED = "hosted"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallReport:
    """One call, from its first try to its last."""

    call: str
    seconds: float
    tries: int
    """How often it was sent; 0 where no key could be used."""
    sent: int
    """Bytes of the file it carried, over all tries."""
    failure: HostedError | None = None

    @property
    def outcome(self) -> str:
        """`ok`, or the reason."""
        return OK if self.failure is None else str(self.failure.reason)


@dataclass(frozen=True, slots=True)
class FlightReport:
    """Some sessions that were scored together."""

    sessions: int
    seconds: float
    failure: HostedReason | None = None

    @property
    def outcome(self) -> str:
        """`ok`, or the reason why none of them has a score."""
        return OK if self.failure is None else str(self.failure)


R = TypeVar("R", CallReport, FlightReport, Settled)
Listener = Callable[[R], None]


def unheard(report: object) -> None:
    """The listener of a caller who looks at errors and answers alone."""


def call_observer(metrics: Metrics) -> Listener[CallReport]:
    """A listener that counts every call, and logs those that failed as one structured line each."""

    def note(report: CallReport) -> None:
        metrics.count("playproof_woodwide_calls_total", report.call, report.outcome)
        metrics.observe("playproof_woodwide_call_seconds", report.seconds, report.call)
        if report.tries > 1:
            metrics.count("playproof_woodwide_repeats_total", report.call, by=report.tries - 1)
        if report.sent:
            metrics.count("playproof_woodwide_sent_bytes_total", report.call, by=report.sent)
        if report.failure is not None:
            told = {"call": report.call, "reason": report.outcome, "tries": report.tries, "seconds": round(report.seconds, 3)}
            _log.warning("woodwide_call_failed", extra={**told, "detail": str(report.failure), "answered": report.failure.answered})

    return note


def flight_observer(metrics: Metrics) -> Listener[FlightReport]:
    """A listener that counts every flight."""

    def note(report: FlightReport) -> None:
        metrics.count("playproof_woodwide_flights_total", report.outcome)
        metrics.observe("playproof_woodwide_flight_sessions", report.sessions)

    return note


def settled_observer(metrics: Metrics) -> Listener[Settled]:
    """A listener that counts what became of awaited sessions."""

    def note(settled: Settled) -> None:
        if settled.verdict is None or not settled.first:
            return
        if settled.verdict.status == "preliminary":
            metrics.count("playproof_postponed_total", str(settled.reason))
        else:
            metrics.count("playproof_settled_total", settled.verdict.fallback_reason or HOSTED)

    return note
