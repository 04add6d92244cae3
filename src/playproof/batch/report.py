"""What became of a batch, for metrics, the log and whoever asked for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from playproof.batch.retry import Failure
from playproof.batch.settling import Settled


class Times(NamedTuple):
    """Of one batch, in monotonic seconds."""

    begun: float
    claimed: float
    settled: float
    """When it was known what becomes of each of its sessions."""
    ended: float


@dataclass(frozen=True, slots=True)
class Report:
    """One batch."""

    sessions: int
    seconds: float
    claiming: float
    """Seconds of them that the store took to claim it."""
    storing: float
    """Seconds of them until all that follows from it was on disk."""
    failure: Failure | None
    """Of the batch as a whole, or of the first where none of its sessions has a score."""
    final: Counter[str]
    """Sessions whose verdict is final now, by who decided: a source, or the reason why none better did."""
    tried: tuple[int, ...]
    """How often each of them had failed before for what it is."""
    retried: Counter[str]
    """Sessions that failed for what they are and are tried again, by reason."""
    postponed: Counter[str]
    """Sessions put off for the provider's state, by reason."""
    buried: int
    lost: int
    """Sessions that another process has claimed since, or that are gone."""

    @property
    def outcome(self) -> str:
        """`ok`, or the reason why the batch as a whole failed."""
        return "ok" if self.failure is None else self.failure.reason


Listener = Callable[[Report], None]


def unheard(_: Report) -> None:
    """The listener of a caller who looks at what is returned."""


def report_of(settled: Settled, first: Sequence[bool], times: Times, failure: Failure | None) -> Report:
    """What to tell of a batch; `first` says of each of its verdicts whether this process stored it."""
    stored = [place for place, was in enumerate(first) if was]
    verdicts = [settled.verdicts[place] for place in stored]
    return Report(
        sessions=len(settled.done) + len(settled.later) + len(settled.unread),
        seconds=times.ended - times.begun,
        claiming=times.claimed - times.begun,
        storing=times.ended - times.settled,
        failure=failure,
        final=Counter(verdict.fallback_reason or verdict.anomaly.source for verdict in verdicts),
        tried=tuple(settled.tried[place] for place in stored),
        retried=Counter(later.reason for later in settled.later if later.attempted),
        postponed=Counter(later.reason for later in settled.later if not later.attempted),
        buried=sum(settled.done[place].buried for place in stored),
        lost=len(first) - len(stored),
    )
