"""Where an answer about an awaited session leads: to its final verdict, or to being asked again later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import msgspec

from playproof.clock import Clock, milliseconds
from playproof.dataset.eligibility import eligible
from playproof.decision import Judge, Verdict
from playproof.errors import HostedReason
from playproof.ids import RandomBytes
from playproof.patience import fraction
from playproof.scoring.hosted import HostedScore, VersionCalibration
from playproof.store import Final, Notice, Postponed, Store
from playproof.woodwide.mapping import Answer, RawScore
from playproof.woodwide.question import Question
from playproof.woodwide.reasons import WHY

MOST_ATTEMPTS = 5
"""Times a session is asked for where the reason may lie in what was sent."""
SOONEST_SECONDS = 1.0
LATEST_SECONDS = 60.0
_GROWTH = 0.5

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Verdict).decode


class Yardstick(NamedTuple):
    """What is known of a version of the hosted model."""

    model_id: str
    calibration: VersionCalibration | None
    synthetic: bool


Yardsticks = Callable[[str], Yardstick]
"""What is known of the version of this id."""
WriteNotice = Callable[[str, Verdict], Notice | None]
"""What a site is to be told of a final verdict in a scope; `None` where it wants to hear nothing."""


class Reply(NamedTuple):
    """An answer to a question, and whether the caller was told a preliminary verdict before."""

    question: Question
    answer: Answer
    told: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a question."""

    verdict: Verdict | None
    """The verdict now; `None` where its session was erased, or it is left to be asked about again."""
    reason: HostedReason | None
    """Why the hosted model has not decided, where it has not."""
    first: bool = True
    """False where another process made it final, or this one in a commit whose answer was lost."""

    @property
    def body(self) -> bytes | None:
        """Its JSON."""
        return None if self.verdict is None else _encode(self.verdict)


def verdict_of(judge: Judge, model: Yardstick, question: Question, answer: RawScore) -> Verdict:
    """The final verdict once `model` has answered."""
    score = HostedScore(model.model_id, answer.version_id, answer.raw, answer.flagged, model.calibration, model.synthetic)
    return judge.settle(question.earlier, question.case, question.assessment, score, question.received, question.rules)


def final_of(question: Question, verdict: Verdict, notice: WriteNotice | None, *, told: bool = True) -> Final:
    """A final verdict as it is stored, with what `notice` writes to the site; see `Final.told`."""
    anomaly = verdict.anomaly
    return Final(
        number=question.number,
        verdict=_encode(verdict),
        decision=verdict.decision,
        anomaly_score=anomaly.anomaly_score,
        raw_score=anomaly.raw_score,
        source=anomaly.source,
        model_version=anomaly.model_version,
        eligible=eligible(question.channel, verdict.decision, [reason.code for reason in verdict.reasons]),
        notice=notice(question.scope, verdict) if notice is not None else None,
        told=told,
    )


class Settlement:
    """Judges again and writes; blocks, and belongs into a thread."""

    def __init__(
        self,
        judge: Judge,
        store: Store,
        yardsticks: Yardsticks,
        *,
        holder: str,
        longest: timedelta,
        notice: WriteNotice | None,
        clock: Clock,
        random: RandomBytes,
    ) -> None:
        """`holder` holds the sessions in question; after `longest` the embedded model's verdict is final."""
        self._judge = judge
        self._store = store
        self._awaited = store.awaited
        self._yardsticks = yardsticks
        self._holder = holder
        self._longest = longest
        self._notice = notice
        self._clock = clock
        self._random = random

    def settle(self, replies: Sequence[Reply], unwanted_seconds: float = 0.0) -> list[Settled]:
        """Write what `replies` lead to; nobody is asked again within `unwanted_seconds`. Raises `StoreUnavailable`: nothing is lost."""
        outcomes: list[Settled] = []
        finals: list[tuple[int, Final]] = []
        postponed: list[Postponed] = []
        for place, reply in enumerate(replies):
            verdict, reason = self._judged(reply)
            outcomes.append(Settled(verdict, reason))
            if verdict.status == "final":
                finals.append((place, self._final(reply, verdict)))
            else:
                postponed.append(self._postponed(reply, verdict, reason, unwanted_seconds))
        # First, because it can be repeated: a verdict that was made final before a failure would look like another process's.
        self._awaited.postpone(postponed, self._holder)
        done = self._awaited.finalise([final for _, final in finals])
        for (place, _), first in zip(finals, done, strict=True):
            if not first:
                outcomes[place] = Settled(self._stored(replies[place].question), None, first=False)
        return outcomes

    def _stored(self, question: Question) -> Verdict | None:
        """The verdict that is stored now; None where the session was erased."""
        found = self._store.get(question.scope, question.earlier.session_id)
        return None if found is None else _decode(found.verdict)

    def _judged(self, reply: Reply) -> tuple[Verdict, HostedReason | None]:
        question, answer = reply.question, reply.answer
        if not isinstance(answer, HostedReason):
            return verdict_of(self._judge, self._yardsticks(answer.version_id), question, answer), None
        tried = question.attempts + (not WHY[answer].postpones)
        if not question.current or tried >= MOST_ATTEMPTS or self._clock.now() - question.received >= self._longest:
            return self._judge.conclude(question.earlier, question.received, answer), answer
        # Whoever was told something is not told otherwise before it is final.
        return question.earlier if reply.told else msgspec.structs.replace(question.earlier, fallback_reason=answer), answer

    def _final(self, reply: Reply, verdict: Verdict) -> Final:
        return final_of(reply.question, verdict, self._notice, told=reply.told)

    def _postponed(self, reply: Reply, verdict: Verdict, reason: HostedReason | None, unwanted_seconds: float) -> Postponed:
        assert reason is not None, "what has a score is final"
        question = reply.question
        now = self._clock.now()
        return Postponed(
            number=question.number,
            next_at=milliseconds(now + timedelta(seconds=self._pause((now - question.received).total_seconds(), unwanted_seconds))),
            reason=reason,
            attempted=not WHY[reason].postpones,
            verdict=None if reply.told else _encode(verdict),
        )

    def _pause(self, waited: float, unwanted: float) -> float:
        """Seconds until a session is asked for again: up to half of what it has waited, at most a minute, after what the provider wants."""
        bound = min(LATEST_SECONDS, max(SOONEST_SECONDS, _GROWTH * waited))
        return unwanted + bound * (0.5 + 0.5 * fraction(self._random))
