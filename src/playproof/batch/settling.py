"""Where the answers about a batch lead: each of its sessions to its final verdict, or back into the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from playproof.batch.queue import BURIED
from playproof.batch.retry import Failure, Retry
from playproof.batch.scorers import Outcome
from playproof.clock import Clock, milliseconds
from playproof.decision import Judge, Verdict
from playproof.errors import HostedReason
from playproof.store import Done, Entry, Later
from playproof.woodwide.question import Question
from playproof.woodwide.settlement import WriteNotice, final_of

UNREAD_SECONDS = 3600.0
"""How long a session that cannot be read, as after a downgrade, is left alone."""


class Case(NamedTuple):
    """One session of a batch."""

    entry: Entry
    question: Question


@dataclass(frozen=True, slots=True)
class Settled:
    """What is to be stored of a batch."""

    done: list[Done] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    """Of `done`."""
    tried: list[int] = field(default_factory=list)
    """How often those had failed before for what they are."""
    later: list[Later] = field(default_factory=list)
    unread: list[Later] = field(default_factory=list)
    """As `later`, but nobody could be asked: what is stored of them cannot be read."""


class Settling:
    """Decides what becomes of each session of a batch."""

    def __init__(self, judge: Judge, retry: Retry, *, longest: timedelta, notice: WriteNotice | None, clock: Clock) -> None:
        """After `longest` a session that could not be scored keeps the verdict it has; `notice` writes what a site is told."""
        self._judge = judge
        self._retry = retry
        self._longest = longest
        self._notice = notice
        self._clock = clock

    def settle(self, cases: Sequence[Case], outcomes: Sequence[Outcome], together: int, unread: Sequence[Entry] = ()) -> Settled:
        """What to store where `outcomes` are known; a failure is that of `together` sessions, which had one answer."""
        settled = Settled()
        for case, outcome in zip(cases, outcomes, strict=True):
            if isinstance(outcome, Failure):
                self._failed(settled, case, outcome, together)
            else:
                self._done(settled, case, outcome)
        again = milliseconds(self._clock.now() + timedelta(seconds=UNREAD_SECONDS))
        for entry in unread:
            settled.unread.append(
                Later(
                    number=entry.session.number, epoch=entry.epoch, next_at=again, reason=HostedReason.CLIENT_ERROR, sharing=entry.sharing
                )
            )
        return settled

    def conclude(self, cases: Sequence[Case], reason: str, unread: Sequence[Entry] = ()) -> Settled:
        """What to store where sessions keep the verdicts they have, for `reason`."""
        verdicts = [self._judge.conclude(question.earlier, question.received, reason) for _, question in cases]
        return self.settle(cases, verdicts, 1, unread)

    def _failed(self, settled: Settled, case: Case, failure: Failure, together: int) -> None:
        entry, question = case
        now = milliseconds(self._clock.now())
        over = entry.enqueued_at + self._longest // timedelta(milliseconds=1)  # from there, not from its receipt: it may be exhumed
        failed = question.attempts + failure.attempt
        if failure.attempt and self._retry.hopeless(failed, together):
            self._done(settled, case, self._judge.conclude(question.earlier, question.received, BURIED), failure)
            return
        if now >= over:
            self._done(settled, case, self._judge.conclude(question.earlier, question.received, failure.reason))
            return
        # Halves of a batch that failed go on at once: what is wrong with it does not pass by itself.
        halved = failure.attempt and together > 1
        pause = 0.0 if halved else self._retry.pause(failed, failure.retry_after)
        settled.later.append(
            Later(
                number=question.number,
                epoch=entry.epoch,
                next_at=min(over, now + int(pause * 1000)),
                reason=failure.reason,
                error=failure.error,
                attempted=failure.attempt,
                sharing=self._retry.sharing(together) if failure.attempt else entry.sharing,
            )
        )

    def _done(self, settled: Settled, case: Case, verdict: Verdict, buried: Failure | None = None) -> None:
        entry, question = case
        final = final_of(question, verdict, self._notice)
        reason, error = (buried.reason, buried.error) if buried is not None else (None, None)
        settled.done.append(Done(epoch=entry.epoch, final=final, buried=buried is not None, reason=reason, error=error))
        settled.verdicts.append(verdict)
        settled.tried.append(question.attempts)
