"""What became of one labelled session: the verdict beside the label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playproof.decision.reasons import ReasonCode
from playproof.decision.verdict import Decision, Verdict
from playproof.telemetry import Labels

HUMAN = "human"
UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One judged session of a corpus."""

    labels: Labels
    decision: Decision
    score: float | None
    """-log10 p, higher is less human; `None` where only the rules answered."""
    raw: float | None
    reasons: tuple[ReasonCode, ...]
    observing: bool = False
    """The stratum is not calibrated, so its score promises no rate."""
    fold: int = 0
    """Which refit judged it; raw scores of different folds do not compare."""

    @property
    def human(self) -> bool:
        """The label says a person played."""
        return self.labels.label == HUMAN

    @property
    def passed(self) -> bool:
        """The decision is pass; review and fail are both `not passed`."""
        return self.decision is Decision.PASS


def outcome_of(labels: Labels, verdict: Verdict, *, observing: bool, fold: int = 0) -> Outcome:
    """The outcome of a session with `labels` on which `verdict` was given."""
    return Outcome(
        labels=labels,
        decision=verdict.decision,
        score=verdict.anomaly.anomaly_score,
        raw=verdict.anomaly.raw_score,
        reasons=tuple(ReasonCode(reason.code) for reason in verdict.reasons),
        observing=observing,
        fold=fold,
    )


def calibrated(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those whose score may be compared with other people's: of calibrated strata."""
    return [outcome for outcome in outcomes if not outcome.observing]


def person_of(labels: Labels) -> str:
    """Who moved, by a name unique across sources; all sessions of a source that names nobody count as one person's."""
    return f"{labels.source or UNNAMED}/{labels.subject}"


def source_of(labels: Labels) -> str:
    """Where the session was recorded."""
    return labels.source or UNNAMED


def generator_of(labels: Labels) -> str:
    """The code behind a bot session: bots are split by it, whatever drives the browser."""
    return labels.generator or labels.family or source_of(labels)


def family_of(labels: Labels) -> str:
    """The generator together with its driver."""
    return labels.family or generator_of(labels)
