"""What is told of the queue, its scheduler and the sessions that were given up."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from playproof.batch.scheduler import SchedulerStatus
from playproof.clock import Clock, iso, milliseconds
from playproof.decision import Verdict
from playproof.store import Backlog, Grave


class SchedulerStatement(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the scheduler of all processes stands."""

    running: bool
    changed_at: str | None
    """When somebody started or stopped it; null where nobody has."""
    interval_seconds: float
    """How often somebody looks whether there is a batch to form."""
    least: int
    """So many queued sessions make a batch."""
    most: int
    """Most sessions of a batch."""
    wait_seconds: float
    """How long the oldest waits; then fewer make a batch too."""
    last_tick_at: str | None
    """When somebody looked last."""
    batches: int
    """Formed so far."""
    paused_until: str | None
    """Until when the hosted model is left alone after it failed."""
    failures: int
    """Of the hosted model in a row."""
    reason: str | None
    """Of the latest one."""


class QueueStatement(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the queue stands."""

    queued: int
    claimed: int
    """Somebody works at them."""
    settled: int
    """Their verdicts are final; forgotten after BATCH_KEEP."""
    buried: int
    oldest_age_seconds: float | None
    """How long the oldest that is queued or claimed has waited; null where there is none."""
    scheduler: SchedulerStatement


class GraveStatement(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A session that was given up."""

    scope: str
    """The name of the API key it came with."""
    session_id: str
    buried_at: str
    attempts: int
    """That failed for what it is."""
    reason: str | None
    error: str | None
    """What exactly went wrong."""
    verdict: Verdict
    """The final one."""


_verdict = msgspec.json.Decoder(Verdict).decode


def scheduler_statement(status: SchedulerStatus) -> SchedulerStatement:
    """What is told of the scheduler."""
    return SchedulerStatement(
        running=status.running,
        changed_at=_time(status.changed_at),
        interval_seconds=status.interval_seconds,
        least=status.least,
        most=status.most,
        wait_seconds=status.wait_seconds,
        last_tick_at=_time(status.last_tick_at),
        batches=status.batches,
        paused_until=_time(status.paused_until),
        failures=status.failures,
        reason=status.reason,
    )


def queue_statement(backlog: Backlog, status: SchedulerStatus, clock: Clock) -> QueueStatement:
    """What is told of the queue."""
    oldest = backlog.oldest_enqueued_at
    return QueueStatement(
        queued=backlog.queued,
        claimed=backlog.claimed,
        settled=backlog.settled,
        buried=backlog.buried,
        oldest_age_seconds=None if oldest is None else max(0, milliseconds(clock.now()) - oldest) / 1000.0,
        scheduler=scheduler_statement(status),
    )


def grave_statement(grave: Grave) -> GraveStatement:
    """What is told of a session that was given up."""
    return GraveStatement(
        scope=grave.scope,
        session_id=grave.session_id,
        buried_at=_moment(grave.buried_at),
        attempts=grave.attempts,
        reason=grave.reason,
        error=grave.error,
        verdict=_verdict(grave.verdict),
    )


def _time(at: int | None) -> str | None:
    return None if at is None else _moment(at)


def _moment(at: int) -> str:
    return iso(datetime.fromtimestamp(at / 1000, UTC))
