"""The verdict: what the service answers about one session."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from playproof.scoring.base import Source
from playproof.scoring.hosted import Standing


class Decision(StrEnum):
    """What a site should do with the visitor."""

    PASS = "pass"  # noqa: S105 - no password
    REVIEW = "review"
    FAIL = "fail"


Policy = Literal["score", "verify"]
Status = Literal["preliminary", "final"]


class Anomaly(msgspec.Struct, frozen=True, rename="camel"):
    """How unusual the movement is among people; higher is less human."""

    anomaly_score: float | None
    """s = -log10 p, where p is the share of people at least this unusual; 2.0 is one in a hundred. `None`: not scored."""
    raw_score: float | None
    """The detector's own output, higher is less human; ranks sessions where `anomaly_score` no longer can."""
    is_anomaly: bool | None
    """`anomaly_score` is above the pass threshold."""
    model_id: str
    model_version: str
    source: Source


class Calibration(msgspec.Struct, frozen=True, rename="camel"):
    """What the anomaly score may promise."""

    sessions: int
    people: int
    stratum: str
    """Of the session, `game/input class`, such as `targets/mouse`."""
    status: Literal["calibrated", "observing"]
    reference: str
    """The stratum whose people the score compares with; differs from `stratum` where that is observing."""
    resolved_to: float
    """log10(people + 1): above it the score ranks but promises no rate."""


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """One ground of the verdict."""

    code: str
    """A member of `playproof.decision.reasons.ReasonCode`."""
    detail: str
    """The ground in words, with figures."""
    feature: str | None = None
    """The feature it speaks of, by catalogue name."""


class HostedOpinion(msgspec.Struct, frozen=True, rename="camel"):
    """What the hosted model said, whether or not it decided."""

    model_id: str
    model_version: str
    raw_score: float
    """As the provider answered it: neither its range nor its direction is promised."""
    flagged: bool | None
    """Whether the provider calls the session anomalous, where it says so."""
    anomaly_score: float | None
    """-log10 p among the people whose scores by this version are known; `None` where there are too few of them."""
    standing: Standing
    """What it may decide: `shown` nothing, `reviews` up to review, `decides` everything."""


class Verdict(msgspec.Struct, frozen=True, rename="camel"):
    """The answer about one session."""

    session_id: str
    decision: Decision
    confidence: float
    """0 to 1: share of bootstrap calibrations (over people) that decide alike; at most 0.5 where evidence is short."""
    policy: Policy
    anomaly: Anomaly
    calibration: Calibration | None
    """`None` where no calibrated model answered."""
    reasons: tuple[Reason, ...]
    feature_summary: dict[str, float]
    """The features that say most, by catalogue name, in the catalogue's units."""
    status: Status
    revision: int
    """1 for the first answer, counted up when a preliminary verdict becomes final."""
    fallback_reason: str | None
    """Why a lower scorer answered than the one configured; `None` where none was passed over."""
    scored_at: str
    """RFC 3339, UTC."""
    latency_ms: float
    """From the decoded session to the verdict."""
    hosted: HostedOpinion | None = None
    """`None` where no hosted model has answered."""
    earlier_decision: Decision | None = None
    """What the preliminary verdict had decided, where there was one."""
