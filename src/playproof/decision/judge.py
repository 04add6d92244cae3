"""The judge: a decoded session in, a verdict out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from playproof.clock import Clock, iso
from playproof.decision.policy import Rules, Ruling, decide
from playproof.decision.reasons import EFFECTS, MEANINGS, ReasonCode
from playproof.decision.verdict import Anomaly, Calibration, HostedOpinion, Reason, Verdict
from playproof.decision.words import Portrait, movement_reason
from playproof.features import extract
from playproof.scoring.base import Floats
from playproof.scoring.chain import SCORE_DIGITS, Case, Chain, Scored
from playproof.scoring.heuristic import Assessment, Hit, assess
from playproof.scoring.hosted import HostedScore, Standing
from playproof.scoring.strata import stratum_of
from playproof.telemetry import GameContext, Session, inspect

SHORT_EVIDENCE_CONFIDENCE = 0.5
"""No verdict on short evidence is surer than this."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, with what it rests on."""

    verdict: Verdict
    case: Case
    assessment: Assessment
    rules: Rules | None = None
    """What it was judged by, where those are not the judge's own."""

    @property
    def row(self) -> Floats:
        """(k,) the catalogue row."""
        return self.case.row

    @property
    def scorable(self) -> bool:
        """Whether there is movement that a model, this or another, can be asked about."""
        return self.case.scorable


class Judge:
    """Turns sessions into verdicts: features, the scorer chain, the rules, the policy."""

    def __init__(self, chain: Chain, rules: Rules, clock: Clock) -> None:
        self.chain = chain
        self.rules = rules
        self._clock = clock

    def judge(
        self,
        session: Session,
        session_id: str,
        context: GameContext | None = None,
        *,
        found: Sequence[Hit] = (),
        rules: Rules | None = None,
    ) -> Judged:
        """Judge one session under `session_id`; `context` is what the server itself knows of the game's targets.

        `found` are grounds that the caller has found, beside which the judge puts its own; `rules` go before the judge's.
        """
        started = self._clock.monotonic()
        return self._judged([session], [session_id], [extract(session, context)], started, found, rules)[0]

    def judge_many(self, sessions: Sequence[Session], session_ids: Sequence[str]) -> list[Judged]:
        """Judge each session as `judge` does, one step for all of them and then the next: faster, because every step then
        finds its own code and tables in the processor's cache. `latency_ms` is a session's share of the time.
        """
        started = self._clock.monotonic()
        return self._judged(sessions, session_ids, [extract(session) for session in sessions], started)

    def settle(
        self, earlier: Verdict, case: Case, assessment: Assessment, hosted: HostedScore, received: datetime, rules: Rules | None = None
    ) -> Verdict:
        """The final verdict of a session `received` then, whose preliminary one is `earlier`, once the hosted model has answered.

        The hosted score decides as far as its calibration lets it; where that is not at all, the decision stays what it was.
        `rules` are those the session was judged by, where they are not the judge's.
        """
        score = None
        calibration = hosted.calibration
        if calibration is not None and hosted.standing is not Standing.SHOWN:
            score = round(calibration.score(hosted.raw), SCORE_DIGITS)
        opinion = HostedOpinion(hosted.model_id, hosted.version_id, hosted.raw, hosted.flagged, score, hosted.standing)
        notes = [ReasonCode.SYNTHETIC_MODEL] if hosted.synthetic else []
        if score is None or calibration is None:
            notes.append(ReasonCode.HOSTED_UNCALIBRATED)
            verdict = self.conclude(earlier, received, ReasonCode.HOSTED_UNCALIBRATED)
        else:
            stratum = stratum_of(case.game_type, case.device_type, self.chain.model.calibrators)
            scored = Scored("woodwide", hosted.model_id, hosted.version_id, stratum, hosted.raw, score, calibration)
            few = hosted.standing is Standing.REVIEWS
            now = self._clock.monotonic()
            verdict = self._verdict(earlier.session_id, case.row, assessment, scored, now, rules=rules, reviews_at_most=few)
            anomaly = msgspec.structs.replace(verdict.anomaly, raw_score=calibration.oriented(hosted.raw))
            verdict = self._concluded(msgspec.structs.replace(verdict, anomaly=anomaly), earlier, received)
        told = tuple(Reason(code, MEANINGS[code].meaning) for code in notes)
        return msgspec.structs.replace(verdict, hosted=opinion, reasons=verdict.reasons + told)

    def rescore(
        self,
        earlier: Sequence[Verdict],
        cases: Sequence[Case],
        assessments: Sequence[Assessment],
        received: Sequence[datetime],
        rules: Sequence[Rules | None],
    ) -> list[Verdict]:
        """The final verdicts of sessions `received` then, whose preliminary ones are `earlier`, by the model that scores here now.

        `rules` are those each was judged by, where they are not the judge's.
        """
        scores = self.chain.score(cases)
        finals = []
        for before, case, assessment, came, own, scored in zip(earlier, cases, assessments, received, rules, scores, strict=True):
            verdict = self._verdict(before.session_id, case.row, assessment, scored, self._clock.monotonic(), rules=own)
            finals.append(self._concluded(verdict, before, came))
        return finals

    def conclude(self, earlier: Verdict, received: datetime, reason: str) -> Verdict:
        """The final verdict where nothing better than the preliminary one is to be had, and why."""
        return self._concluded(msgspec.structs.replace(earlier, fallback_reason=reason), earlier, received)

    def _concluded(self, verdict: Verdict, earlier: Verdict, received: datetime) -> Verdict:
        now = self._clock.now()
        return msgspec.structs.replace(
            verdict,
            status="final",
            revision=earlier.revision + 1,
            earlier_decision=earlier.decision,
            scored_at=iso(now),
            latency_ms=round((now - received).total_seconds() * 1000.0, 3),
        )

    def _judged(
        self,
        sessions: Sequence[Session],
        session_ids: Sequence[str],
        rows: Sequence[Floats],
        started: float,
        found: Sequence[Hit] = (),
        rules: Rules | None = None,
    ) -> list[Judged]:
        """The sessions judged, `found` and `rules` being of each of them."""
        assessments = [assess(session, row, inspect(session), found) for session, row in zip(sessions, rows, strict=True)]
        cases = [
            Case(row, session.game_type, session.device_type, assessment.measured)
            for session, row, assessment in zip(sessions, rows, assessments, strict=True)
        ]
        judged = []
        for name, case, assessment, scored in zip(session_ids, cases, assessments, self.chain.score(cases), strict=True):
            verdict = self._verdict(name, case.row, assessment, scored, started, len(rows), rules=rules)
            judged.append(Judged(verdict, case, assessment, rules))
        return judged

    def _verdict(
        self,
        session_id: str,
        row: Floats,
        assessment: Assessment,
        scored: Scored,
        started: float,
        together: int = 1,
        *,
        rules: Rules | None = None,
        reviews_at_most: bool = False,
    ) -> Verdict:
        rules = rules or self.rules
        ruling = decide(
            scored.score,
            [EFFECTS[hit.code] for hit in assessment.hits],
            calibrated=scored.stratum.calibrated,
            enough=assessment.enough,
            fallback=scored.fallback is not None,
            rules=rules,
            reviews_at_most=reviews_at_most,
        )
        portrait = Portrait(row, self.chain.model.ranges)
        return Verdict(
            session_id=session_id,
            decision=ruling.decision,
            confidence=_confidence(scored, assessment.enough, ruling, rules),
            policy=rules.policy,
            anomaly=_anomaly(scored, rules),
            calibration=_calibration(scored),
            reasons=tuple(_reasons(assessment, scored, ruling.added, portrait)),
            feature_summary=portrait.summary(),
            status="final",
            revision=1,
            fallback_reason=scored.fallback,
            scored_at=iso(self._clock.now()),
            latency_ms=round((self._clock.monotonic() - started) * 1000.0 / together, 3),
        )


def _anomaly(scored: Scored, rules: Rules) -> Anomaly:
    score = scored.score
    return Anomaly(
        anomaly_score=score,
        raw_score=scored.raw,
        is_anomaly=None if score is None else score > rules.pass_threshold,
        model_id=scored.model_id,
        model_version=scored.model_version,
        source=scored.source,
    )


def _confidence(scored: Scored, enough: bool, ruling: Ruling, rules: Rules) -> float:
    """The share of bootstrap calibrations with which the grounds and the policy come to the same decision."""
    if scored.raw is None or scored.calibration is None:
        return SHORT_EVIDENCE_CONFIDENCE
    shares = scored.calibration.shares(scored.raw, rules.pass_threshold, rules.review_threshold)
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
