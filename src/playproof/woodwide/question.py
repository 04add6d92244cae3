"""A session whose hosted score is asked for, with all it takes to judge it again, here or in another process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np

from playproof.dataset.eligibility import Channel
from playproof.decision import Judged, Rules, Verdict
from playproof.features import CATALOGUE_VERSION
from playproof.scoring.chain import Case
from playproof.scoring.heuristic import Assessment
from playproof.store import Awaited

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of a judgement beside verdict and row."""

    assessment: Assessment
    channel: Channel
    rules: Rules | None = None
    """See `Judged.rules`."""


_encode = msgspec.json.Encoder().encode
_kept = msgspec.json.Decoder(Kept).decode
_verdict = msgspec.json.Decoder(Verdict).decode


@dataclass(frozen=True, slots=True)
class Question:
    """One session that awaits its hosted score."""

    number: int
    """Of the session in the store."""
    scope: str
    earlier: Verdict
    """The preliminary verdict."""
    case: Case
    assessment: Assessment
    channel: Channel
    received: datetime
    attempts: int = 0
    """That failed for what was sent."""
    current: bool = True
    """False where its features are of another catalogue than today's, so that nobody can be asked any more."""
    rules: Rules | None = None
    """See `Judged.rules`."""


def kept(judged: Judged, channel: Channel) -> bytes:
    """JSON of what `question_of` needs beside what the store keeps anyway."""
    return _encode(Kept(judged.assessment, channel, judged.rules))


def question_of(awaited: Awaited) -> Question:
    """The question that a session in the store stands for."""
    memory = _kept(awaited.assessment)
    row = np.frombuffer(awaited.vector, dtype="<f8")
    return Question(
        number=awaited.number,
        scope=awaited.scope,
        earlier=_verdict(awaited.verdict),
        case=Case(row, awaited.game_type, awaited.device_type, memory.assessment.measured),
        assessment=memory.assessment,
        channel=memory.channel,
        received=_EPOCH + timedelta(milliseconds=awaited.received_at),
        attempts=awaited.attempts,
        current=awaited.catalogue_version == CATALOGUE_VERSION,
        rules=memory.rules,
    )
