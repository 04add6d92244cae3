"""Who answers about the sessions of a batch: the hosted model, where there is one, else the embedded one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

from playproof.batch.retry import Failure
from playproof.decision import Judge, Verdict
from playproof.errors import HostedError, HostedReason
from playproof.woodwide.flights import Fly, Passenger
from playproof.woodwide.mapping import Answer
from playproof.woodwide.question import Question
from playproof.woodwide.reasons import WHY
from playproof.woodwide.settlement import Yardsticks, verdict_of

_log = logging.getLogger(__name__)

Outcome = Verdict | Failure
"""The final verdict on a session, or why there is none."""


class BatchFailed(Exception):
    """None of the sessions that were asked about has a score; nobody knows whose doing that is."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.error)
        self.failure = failure


class BatchScorer(Protocol):
    """Judges the sessions of a batch again."""

    @property
    def hosted(self) -> bool:
        """Whether somebody else is asked, who may be out."""
        ...

    async def score(self, questions: Sequence[Question]) -> list[Outcome]:
        """What is known of each session, in order. Raises `BatchFailed`, `StoreUnavailable`."""
        ...


class Embedded:
    """Scores with the embedded model, from the stored feature rows."""

    hosted = False

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    async def score(self, questions: Sequence[Question]) -> list[Outcome]:
        """See `BatchScorer.score`."""
        return await asyncio.to_thread(self.rescored, questions)

    def rescored(self, questions: Sequence[Question]) -> list[Outcome]:
        """As `score`, in the caller's thread."""
        current = [question for question in questions if question.current]
        try:
            verdicts = self._judge.rescore(
                [question.earlier for question in current],
                [question.case for question in current],
                [question.assessment for question in current],
                [question.received for question in current],
                [question.rules for question in current],
            )
        except Exception as error:  # one session's trouble must not become that of all
            raise BatchFailed(_fault(error, attempt=True)) from error
        judged = {question.number: verdict for question, verdict in zip(current, verdicts, strict=True)}
        return [judged.get(question.number) or self._outdated(question) for question in questions]

    def _outdated(self, question: Question) -> Verdict:
        """The verdict on a row of an older catalogue, which nobody can score any more: the one it has."""
        return self._judge.conclude(question.earlier, question.received, HostedReason.COLUMN_MISMATCH)


class Hosted:
    """Asks the hosted model about what it can be asked about; the others have all they get from the embedded one."""

    hosted = True

    def __init__(self, judge: Judge, fly: Fly[int], yardsticks: Yardsticks) -> None:
        """`fly` is how sessions are sent; `yardsticks` knows what the answers are worth."""
        self._judge = judge
        self._embedded = Embedded(judge)
        self._fly = fly
        self._yardsticks = yardsticks

    async def score(self, questions: Sequence[Question]) -> list[Outcome]:
        """See `BatchScorer.score`."""
        asked = [question for question in questions if question.current and question.case.scorable]
        answers = await self._answers(asked) if asked else {}
        return await asyncio.to_thread(self._judged, questions, {question.number for question in asked}, answers)

    async def _answers(self, asked: Sequence[Question]) -> Mapping[int, Answer]:
        try:
            return await self._fly([Passenger(question.number, question.case.row) for question in asked])
        except HostedError as error:
            told = error
        except Exception as error:
            _log.exception("batch_not_sent")
            raise BatchFailed(_fault(error, attempt=False)) from error
        raise BatchFailed(_failure(told.reason, str(told), told.retry_after)) from told

    def _judged(self, questions: Sequence[Question], asked: set[int], answers: Mapping[int, Answer]) -> list[Outcome]:
        others = [question for question in questions if question.number not in asked]
        rescored = dict(zip((question.number for question in others), self._embedded.rescored(others), strict=True))
        outcomes: list[Outcome] = []
        for question in questions:
            if question.number in rescored:
                outcomes.append(rescored[question.number])
                continue
            answer = answers.get(question.number, HostedReason.ROW_MISMATCH)
            if isinstance(answer, HostedReason):
                outcomes.append(_failure(answer, WHY[answer].meaning, None))
            else:
                outcomes.append(verdict_of(self._judge, self._yardsticks(answer.version_id), question, answer))
        return outcomes


def _failure(reason: HostedReason, error: str, retry_after: float | None) -> Failure:
    return Failure(reason, error, attempt=not WHY[reason].postpones, retry_after=retry_after or 0.0)


def _fault(error: Exception, *, attempt: bool) -> Failure:
    """What is wrong is ours."""
    return Failure(HostedReason.CLIENT_ERROR, f"{type(error).__name__}: {error}", attempt)
