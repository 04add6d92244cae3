"""From a score and the grounds found to pass, review or fail.

Two policies: `score` for callers who judge a session by itself, `verify` for challenges, where a failing verdict that
rests on movement alone is softened to review unless the operator says otherwise, and where movement decides nothing as long
as too few people of a stratum are known. `docs/verdict.md` has every case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from playproof.decision.reasons import Effect, ReasonCode
from playproof.decision.verdict import Decision, Policy

_PASS, _REVIEW, _FAIL = range(3)
_DECISIONS = (Decision.PASS, Decision.REVIEW, Decision.FAIL)
"""From the mildest to the severest; decisions are compared by their place here."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator, or a site, may set about decisions."""

    policy: Policy = "score"
    pass_threshold: float = 2.0
    """Highest anomaly score that passes."""
    review_threshold: float = 2.5
    """Highest anomaly score that is only reviewed."""
    corroborate: bool = True
    """Under `verify`: movement alone fails nobody."""
    fail_direction: Decision = Decision.REVIEW
    """The decision where no model could answer and no rule speaks against the session."""
    unscored: Decision = Decision.REVIEW
    """The decision where movement is not to be judged, as of keyboard play, and nothing speaks against the session."""
    strict: bool = False
    """What costs trust without being wrong, such as events that come late, rules out a pass."""


class Ruling(NamedTuple):
    """A decision and the grounds that the policy itself adds."""

    decision: Decision
    added: tuple[ReasonCode, ...]
    instead: tuple[Decision, Decision, Decision]
    """The decision if the score lay in the range that passes, in the one that is reviewed, in the one that fails."""


def decide(
    score: float | None,
    effects: Iterable[Effect],
    *,
    calibrated: bool,
    enough: bool,
    fallback: bool,
    rules: Rules,
    reviews_at_most: bool = False,
) -> Ruling:
    """Decide.

    `score` (-log10 p, higher is less human) is `None` where no model answered, and `fallback` says that one should have.
    `effects` are those of the grounds found so far. `calibrated` is false in an observing stratum, `enough` where the evidence
    is short, `reviews_at_most` is true for a hosted score that few people's stand behind: in each case the movement score alone
    can fail nobody, because nobody knows its rate there.
    """
    least, corroborated, unscored = _weighed(effects, rules)
    if score is None:
        decision = _DECISIONS[max(_DECISIONS.index(rules.fail_direction) if fallback else unscored, least)]
        return Ruling(decision, (ReasonCode.HEURISTIC_ONLY,) if fallback else (), (decision, decision, decision))
    movement = _PASS if score <= rules.pass_threshold else _REVIEW if score <= rules.review_threshold else _FAIL
    added: list[ReasonCode] = []
    if movement != _PASS:
        added.append(ReasonCode.UNUSUAL_MOVEMENT)
    worst = _FAIL
    if not calibrated:
        worst = _PASS if rules.policy == "verify" else _REVIEW
        added.append(ReasonCode.UNCALIBRATED_STRATUM)
    elif not enough:
        worst = _REVIEW
    elif reviews_at_most:
        worst = _REVIEW
        if movement == _FAIL:
            added.append(ReasonCode.HOSTED_FEW_PEOPLE)
    elif rules.policy == "verify" and rules.corroborate and not corroborated:
        worst = _REVIEW
        if movement == _FAIL:
            added.append(ReasonCode.UNCORROBORATED)
    passing = _DECISIONS[least]
    reviewed = _DECISIONS[max(least, min(_REVIEW, worst))]
    failing = _DECISIONS[max(least, worst)]
    instead = (passing, reviewed, failing)
    return Ruling(instead[movement], tuple(added), instead)


def _weighed(effects: Iterable[Effect], rules: Rules) -> tuple[int, bool, int]:
    """The mildest decision that `effects` leave, whether they bear out a failing score, and the decision where there is none to have."""
    least, corroborated, unscored = _PASS, False, _REVIEW
    for effect in effects:
        if effect == "fail":
            least, corroborated = _FAIL, True
        elif effect == "review" or (effect == "strict" and rules.strict):
            least = max(least, _REVIEW)
        elif effect == "corroborates":
            corroborated = True
        elif effect == "unscored":
            unscored = _DECISIONS.index(rules.unscored)
    return least, corroborated, unscored
