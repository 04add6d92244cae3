"""From a score and the rules' findings to pass, review or fail.

Two policies: `score` for callers who judge a session by itself, `verify` for challenges, where a failing verdict that
rests on movement alone is softened to review unless the operator says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from playproof.decision.reasons import Effect, ReasonCode
from playproof.decision.verdict import Decision, Policy

_SEVERITY = {Decision.PASS: 0, Decision.REVIEW: 1, Decision.FAIL: 2}


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator may set about decisions."""

    policy: Policy = "score"
    pass_threshold: float = 2.0
    """Highest anomaly score that passes."""
    review_threshold: float = 2.5
    """Highest anomaly score that is only reviewed."""
    corroborate: bool = True
    """Under `verify`: movement alone fails nobody."""
    fail_direction: Decision = Decision.REVIEW
    """The decision where no model could answer and no rule speaks against the session."""


class Ruling(NamedTuple):
    """A decision and the grounds that the policy itself adds."""

    decision: Decision
    added: tuple[ReasonCode, ...]


def by_threshold(score: float, rules: Rules) -> Decision:
    """What `score` (-log10 p, higher is less human) alone would decide."""
    if score <= rules.pass_threshold:
        return Decision.PASS
    return Decision.REVIEW if score <= rules.review_threshold else Decision.FAIL


def decide(score: float | None, effects: Iterable[Effect], *, calibrated: bool, enough: bool, fallback: bool, rules: Rules) -> Ruling:
    """Decide.

    `score` is `None` where no model answered, and `fallback` says that one should have. `effects` are those of the
    grounds found so far. `calibrated` is false in an observing stratum, `enough` where the evidence is short: in both
    the movement score alone can fail nobody, because nobody knows its rate there.
    """
    if score is None:
        movement = rules.fail_direction if fallback else Decision.REVIEW
        return Ruling(_worst(movement, effects), (ReasonCode.HEURISTIC_ONLY,) if fallback else ())
    movement = by_threshold(score, rules)
    added: list[ReasonCode] = []
    if movement is not Decision.PASS:
        added.append(ReasonCode.UNUSUAL_MOVEMENT)
    if not calibrated:
        added.append(ReasonCode.UNCALIBRATED_STRATUM)
    elif enough and movement is Decision.FAIL and _asks_for_more(rules):
        added.append(ReasonCode.UNCORROBORATED)
    return Ruling(settle(movement, effects, calibrated=calibrated, enough=enough, rules=rules), tuple(added))


def settle(movement: Decision, effects: Iterable[Effect], *, calibrated: bool, enough: bool, rules: Rules) -> Decision:
    """The decision where the score alone would decide `movement`; the rest as for `decide`."""
    worst = Decision.FAIL
    if not calibrated:
        worst = Decision.PASS if rules.policy == "verify" else Decision.REVIEW
    elif not enough or _asks_for_more(rules):
        worst = Decision.REVIEW
    return _worst(min(movement, worst, key=_SEVERITY.__getitem__), effects)


def _asks_for_more(rules: Rules) -> bool:
    """Whether movement alone fails nobody."""
    return rules.policy == "verify" and rules.corroborate


def _worst(movement: Decision, effects: Iterable[Effect]) -> Decision:
    return max([movement, *(Decision(effect) for effect in effects if effect != "note")], key=_SEVERITY.__getitem__)
