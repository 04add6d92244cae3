"""The judge: a decoded session in, a verdict out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playproof.clock import Clock, iso
from playproof.decision.policy import Rules, Ruling, decide
from playproof.decision.reasons import EFFECTS, MEANINGS, ReasonCode
from playproof.decision.verdict import Anomaly, Calibration, Reason, Verdict
from playproof.decision.words import Portrait, movement_reason
from playproof.features import extract
from playproof.scoring.base import Floats
from playproof.scoring.chain import Case, Chain, Scored
from playproof.scoring.heuristic import Assessment, assess
from playproof.telemetry import GameContext, Session, inspect

SHORT_EVIDENCE_CONFIDENCE = 0.5
"""No verdict on short evidence is surer than this."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, with the catalogue row (k,) it rests on."""

    verdict: Verdict
    row: Floats


class Judge:
    """Turns sessions into verdicts: features, the scorer chain, the rules, the policy."""

    def __init__(self, chain: Chain, rules: Rules, clock: Clock) -> None:
        self.chain = chain
        self.rules = rules
        self._clock = clock

    def judge(self, session: Session, session_id: str, context: GameContext | None = None) -> Judged:
        """Judge one session under `session_id`; `context` is what the server itself knows of the game's targets."""
        started = self._clock.monotonic()
        return self._judged([session], [session_id], [extract(session, context)], started)[0]

    def judge_many(self, sessions: Sequence[Session], session_ids: Sequence[str]) -> list[Judged]:
        """Judge each session as `judge` does, one step for all of them and then the next: faster, because every step then
        finds its own code and tables in the processor's cache. `latency_ms` is a session's share of the time.
        """
        started = self._clock.monotonic()
        return self._judged(sessions, session_ids, [extract(session) for session in sessions], started)

    def _judged(self, sessions: Sequence[Session], session_ids: Sequence[str], rows: Sequence[Floats], started: float) -> list[Judged]:
        assessments = [assess(session, row, inspect(session)) for session, row in zip(sessions, rows, strict=True)]
        cases = [
            Case(row, session.game_type, session.device_type, assessment.measured)
            for session, row, assessment in zip(sessions, rows, assessments, strict=True)
        ]
        scored = self.chain.score(cases)
        return [
            Judged(self._verdict(*case, started, len(rows)), case[1]) for case in zip(session_ids, rows, assessments, scored, strict=True)
        ]

    def _verdict(self, session_id: str, row: Floats, assessment: Assessment, scored: Scored, started: float, together: int) -> Verdict:
        ruling = decide(
            scored.score,
            [EFFECTS[hit.code] for hit in assessment.hits],
            calibrated=scored.stratum.calibrated,
            enough=assessment.enough,
            fallback=scored.fallback is not None,
            rules=self.rules,
        )
        portrait = Portrait(row, self.chain.model.ranges)
        return Verdict(
            session_id=session_id,
            decision=ruling.decision,
            confidence=self._confidence(scored, assessment.enough, ruling),
            policy=self.rules.policy,
            anomaly=self._anomaly(scored),
            calibration=_calibration(scored),
            reasons=tuple(_reasons(assessment, scored, ruling.added, portrait)),
            feature_summary=portrait.summary(),
            status="final",
            revision=1,
            fallback_reason=scored.fallback,
            scored_at=iso(self._clock.now()),
            latency_ms=round((self._clock.monotonic() - started) * 1000.0 / together, 3),
        )

    def _anomaly(self, scored: Scored) -> Anomaly:
        score = scored.score
        return Anomaly(
            anomaly_score=score,
            raw_score=scored.raw,
            is_anomaly=None if score is None else score > self.rules.pass_threshold,
            model_id=scored.model_id,
            model_version=scored.model_version,
            source=scored.source,
        )

    def _confidence(self, scored: Scored, enough: bool, ruling: Ruling) -> float:
        """The share of bootstrap calibrations with which the rules and the policy come to the same decision."""
        if scored.raw is None or scored.calibration is None:
            return SHORT_EVIDENCE_CONFIDENCE
        shares = scored.calibration.shares(scored.raw, self.rules.pass_threshold, self.rules.review_threshold)
        share = sum([share for decision, share in zip(ruling.instead, shares, strict=True) if decision is ruling.decision])
        return round(share if enough else min(share, SHORT_EVIDENCE_CONFIDENCE), 3)


def _calibration(scored: Scored) -> Calibration | None:
    if scored.calibration is None:
        return None
    stratum = scored.stratum
    return Calibration(
        sessions=scored.calibration.sessions,
        people=scored.calibration.people,
        stratum=stratum.name,
        status="calibrated" if stratum.calibrated else "observing",
        reference=stratum.reference,
        resolved_to=round(scored.calibration.resolved_to, 4),
    )


def _reasons(assessment: Assessment, scored: Scored, added: tuple[ReasonCode, ...], portrait: Portrait) -> list[Reason]:
    reasons = [Reason(hit.code, hit.detail) for hit in assessment.hits]
    for code in added:
        if code is ReasonCode.UNUSUAL_MOVEMENT:
            reasons.append(movement_reason(scored))
            reasons.extend(portrait.reasons())
        else:
            reasons.append(Reason(code, MEANINGS[code].meaning))
    if scored.score is not None and scored.calibration is not None and scored.score > scored.calibration.resolved_to:
        reasons.append(Reason(ReasonCode.BEYOND_RESOLUTION, MEANINGS[ReasonCode.BEYOND_RESOLUTION].meaning))
    return reasons
