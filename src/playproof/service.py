"""The service: one way from a decoded session to a verdict on disk, for HTTP, Python and the command line alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from playproof.clock import Clock, SystemClock, milliseconds
from playproof.dataset.eligibility import Channel, eligible
from playproof.decision import Decision, Judge, Judged, Rules, Verdict
from playproof.decision.verdict import Status
from playproof.errors import HostedReason, QueueFull
from playproof.ids import RandomBytes, session_id
from playproof.scoring.base import Scorer
from playproof.scoring.chain import Chain, Fallback
from playproof.scoring.heuristic import Hit
from playproof.scoring.local import load_artefact, reference_path
from playproof.telemetry import GameContext, Session, canonical, digest

if TYPE_CHECKING:
    from playproof.batch.queue import SessionQueue
    from playproof.settings import Settings
    from playproof.store import Awaiting, Live, PutOutcome, SessionRecord, Store
    from playproof.woodwide.question import Question

OPEN_SCOPE = "open"
"""The scope of ids where no API key separates one caller from another."""

ASKED = frozenset({Channel.API, Channel.CHALLENGE, Channel.DEMO})
"""The channels whose sessions the hosted model is asked about."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Verdict).decode


def encode_verdict(verdict: Verdict) -> bytes:
    """The JSON of a verdict, as stored and as answered."""
    return _encode(verdict)


def decode_verdict(body: bytes) -> Verdict:
    """The verdict in stored JSON."""
    return _decode(body)


def live_of(settings: Settings) -> Live:
    """The live dataset that stored sessions become rows of."""
    from playproof.store import Live

    return Live(settings.woodwide_persistent_dataset, settings.dataset_max_rows)


def build_judge(
    settings: Settings,
    *,
    model: Path | None = None,
    clock: Clock | None = None,
    on_fallback: Callable[[Fallback, Exception | None], None] | None = None,
) -> Judge:
    """The judge that `settings` describe, with `model` before theirs. Raises `ArtefactError` where it cannot be loaded."""
    artefact = load_artefact(model or (Path(settings.model) if settings.model else reference_path()))
    return judge_with(artefact, settings, clock=clock, on_fallback=on_fallback)


def judge_with(
    model: Scorer,
    settings: Settings,
    *,
    clock: Clock | None = None,
    on_fallback: Callable[[Fallback, Exception | None], None] | None = None,
) -> Judge:
    """The judge that decides as `settings` say on what `model` scores."""
    chain = Chain(model, on_fallback) if on_fallback else Chain(model)
    rules = Rules(
        policy="score",
        pass_threshold=settings.anomaly_threshold_pass,
        review_threshold=settings.anomaly_threshold_review,
        corroborate=settings.corroborate,
        fail_direction=Decision(settings.fail_direction),
    )
    return Judge(chain, rules, clock or SystemClock())


@dataclass(frozen=True, slots=True)
class Prepared:
    """A judged session that is ready for the disk."""

    judged: Judged
    record: SessionRecord
    channel: Channel
    received: datetime

    def question(self, number: int) -> Question | None:
        """What the hosted model is to be asked about it now, stored under `number`; `None` where it is not."""
        if self.record.awaited is None:
            return None
        from playproof.woodwide.question import Question

        judged = self.judged
        return Question(
            number, self.record.scope, judged.verdict, judged.case, judged.assessment, self.channel, self.received, rules=judged.rules
        )


@dataclass(frozen=True, slots=True)
class Submission:
    """A judged session on its way to the disk."""

    prepared: Prepared
    outcome: Future[PutOutcome]
    """Resolves when the verdict is on disk, or when the id turned out to be taken."""
    queued: bool = False
    """It waits for a batch, which makes its verdict final."""
    refused: QueueFull | None = None
    """It was to be queued and found no room: its verdict is final instead, and whoever sent it is to be told so with this."""

    @property
    def judged(self) -> Judged:
        """The verdict, with what it rests on."""
        return self.prepared.judged

    @property
    def body(self) -> bytes:
        """The verdict's JSON; the answer, once `outcome` says it is stored."""
        return self.prepared.record.verdict

    def question(self, number: int) -> Question | None:
        """See `Prepared.question`."""
        return self.prepared.question(number)


class Service:
    """Judges sessions and stores their verdicts."""

    def __init__(
        self,
        judge: Judge,
        store: Store,
        *,
        clock: Clock,
        keep_telemetry: bool = True,
        random: RandomBytes = os.urandom,
        holder: str | None = None,
        unasked: HostedReason | None = None,
        queue: SessionQueue | None = None,
    ) -> None:
        """With `holder`, the name of this process, the hosted model is to be asked: verdicts are preliminary until it has answered.

        `unasked` is why it cannot be, where there is one. Sessions may be queued for a batch in `queue`.
        """
        self.judge = judge
        self.store = store
        self._clock = clock
        self._keep_telemetry = keep_telemetry
        self._random = random
        self._holder = holder
        self._unasked = unasked
        self._queue = queue

    def submit(
        self, session: Session, scope: str = OPEN_SCOPE, channel: Channel = Channel.LIBRARY, *, use_batch: bool = False
    ) -> Submission:
        """Judge `session` and hand its verdict to the store, where it becomes a row of the live dataset too.

        Ids are unique within `scope`, which also stands for who sent it; `channel` is how it came in. With `use_batch` the verdict is
        preliminary, and the session is queued with it: a batch makes it final.

        Raises `StoreUnavailable` where the store takes nothing now; nothing is acknowledged then.
        """
        if use_batch:
            return self._enqueue(session, scope, channel)
        prepared = self.prepare(session, scope, channel)
        return Submission(prepared, self.store.put(prepared.record))

    def prepare(
        self,
        session: Session,
        scope: str,
        channel: Channel,
        *,
        context: GameContext | None = None,
        found: Sequence[Hit] = (),
        rules: Rules | None = None,
    ) -> Prepared:
        """Judge `session` and make the record of it, for whoever stores it together with other things.

        `context`, `found` and `rules` are those of `Judge.judge`; whatever makes the verdict final goes by the same findings and rules.
        """
        received = self._clock.now()
        judged = self.judge.judge(session, self._name(session, received), context, found=found, rules=rules)
        awaited = None
        if judged.scorable and channel in ASKED:
            if self._holder is not None:
                judged = _stepped_down(judged, HostedReason.TIMEOUT, "preliminary")
                awaited = _awaited(judged, channel, self._holder, milliseconds(received))
            elif self._unasked is not None:
                judged = _stepped_down(judged, self._unasked, "final")
        return self._prepared(session, judged, scope, channel, received, awaited)

    def _enqueue(self, session: Session, scope: str, channel: Channel) -> Submission:
        from playproof.batch.queue import FULL
        from playproof.woodwide.question import kept

        assert self._queue is not None, "whoever offers batches has a queue"
        received = self._clock.now()
        judged = self.judge.judge(session, self._name(session, received))
        waiting = self._prepared(session, _with_status(judged, "preliminary", judged.verdict.fallback_reason), scope, channel, received)
        try:
            return Submission(waiting, self._queue.enqueue(waiting.record, kept(judged, channel)), queued=True)
        except QueueFull as error:
            refused = error
        final = self._prepared(session, _with_status(judged, "final", FULL), scope, channel, received)
        refused.verdict = final.record.verdict
        return Submission(final, self.store.put(final.record), refused=refused)

    def _name(self, session: Session, received: datetime) -> str:
        return session.id or session_id(received, self._random)

    def _prepared(
        self, session: Session, judged: Judged, scope: str, channel: Channel, received: datetime, awaited: Awaiting | None = None
    ) -> Prepared:
        from playproof.features import CATALOGUE_VERSION
        from playproof.store import SessionRecord

        verdict = judged.verdict
        content = canonical(session)
        record = SessionRecord(
            scope=scope,
            session_id=verdict.session_id,
            digest=digest(content),
            received_at=milliseconds(received),
            game_type=session.game_type,
            device_type=session.device_type,
            verdict=encode_verdict(verdict),
            decision=str(verdict.decision),
            anomaly_score=verdict.anomaly.anomaly_score,
            raw_score=verdict.anomaly.raw_score,
            source=verdict.anomaly.source,
            model_version=verdict.anomaly.model_version,
            features=judged.row.astype("<f8").tobytes(),
            catalogue_version=CATALOGUE_VERSION,
            telemetry=content if self._keep_telemetry else None,
            origin=scope,
            stratum=f"{session.game_type}/{session.device_type}",
            eligible=eligible(channel, verdict.decision, [reason.code for reason in verdict.reasons]),
            awaited=awaited,
        )
        return Prepared(judged, record, channel, received)


def _stepped_down(judged: Judged, reason: HostedReason, status: Status) -> Judged:
    """`judged` without the hosted model: it is past its deadline unless it is heard in time, or cannot be asked at all."""
    return _with_status(judged, status, judged.verdict.fallback_reason or reason)


def _with_status(judged: Judged, status: Status, reason: str | None) -> Judged:
    return replace(judged, verdict=msgspec.structs.replace(judged.verdict, status=status, fallback_reason=reason))


def _awaited(judged: Judged, channel: Channel, holder: str, received_at: int) -> Awaiting:
    from playproof.store import Awaiting
    from playproof.woodwide.question import kept
    from playproof.woodwide.resume import HOLD_SECONDS

    until = received_at + int(HOLD_SECONDS * 1000)
    return Awaiting(assessment=kept(judged, channel), next_at=received_at, holder=holder, held_until=until)
