"""From scores and grounds to decisions."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playproof.decision.policy import Rules, Ruling, decide
from playproof.decision.reasons import Effect, ReasonCode
from playproof.decision.verdict import Decision, Policy

ORDER = [Decision.PASS, Decision.REVIEW, Decision.FAIL]
scores = st.floats(0.0, 12.0)
effects: st.SearchStrategy[list[Effect]] = st.lists(st.sampled_from(get_args(Effect)), max_size=4)


def ruling(
    score: float | None,
    grounds: tuple[Effect, ...] = (),
    *,
    calibrated: bool = True,
    enough: bool = True,
    fallback: bool = False,
    rules: Rules | None = None,
) -> Decision:
    return decide(score, grounds, calibrated=calibrated, enough=enough, fallback=fallback, rules=rules or Rules()).decision


@pytest.mark.parametrize(
    ("score", "decision"),
    [
        (0.0, Decision.PASS),
        (2.0, Decision.PASS),
        (2.0001, Decision.REVIEW),
        (2.5, Decision.REVIEW),
        (2.5001, Decision.FAIL),
        (9.0, Decision.FAIL),
    ],
)
def test_thresholds_are_upper_bounds(score: float, decision: Decision) -> None:
    assert ruling(score) is decision


@given(scores, scores, effects)
def test_a_higher_score_is_never_judged_milder(first: float, second: float, grounds: list[Effect]) -> None:
    low, high = sorted((first, second))
    assert ORDER.index(ruling(low, tuple(grounds))) <= ORDER.index(ruling(high, tuple(grounds)))


@given(scores, effects, st.booleans(), st.booleans(), st.sampled_from(["score", "verify"]), st.booleans())
def test_what_another_score_would_decide_is_known(
    score: float, grounds: list[Effect], calibrated: bool, enough: bool, policy: Policy, corroborate: bool
) -> None:
    rules = Rules(policy=policy, corroborate=corroborate)

    def ruled(score: float) -> Ruling:
        return decide(score, grounds, calibrated=calibrated, enough=enough, fallback=False, rules=rules)

    assert ruled(score).instead == (ruled(2.0).decision, ruled(2.5).decision, ruled(2.6).decision)


@given(scores, effects)
def test_a_ground_is_never_outvoted_by_a_good_score(score: float, grounds: list[Effect]) -> None:
    decision = ruling(score, tuple(grounds))
    for ground in grounds:
        if ground in {"review", "fail"}:
            assert ORDER.index(decision) >= ORDER.index(Decision(ground))


@given(scores, effects, st.sampled_from(get_args(Effect)), st.booleans(), st.sampled_from(get_args(Policy)), st.booleans())
def test_nothing_found_makes_a_scored_session_s_decision_milder(
    score: float, grounds: list[Effect], another: Effect, calibrated: bool, policy: Policy, strict: bool
) -> None:
    rules = Rules(policy=policy, strict=strict, unscored=Decision.PASS)
    fewer, more = (ruling(score, each, calibrated=calibrated, rules=rules) for each in (tuple(grounds), (*grounds, another)))
    assert ORDER.index(fewer) <= ORDER.index(more)


@given(scores)
def test_an_observing_stratum_is_reviewed_at_worst(score: float) -> None:
    outcome = decide(score, [], calibrated=False, enough=True, fallback=False, rules=Rules())
    assert outcome.decision is not Decision.FAIL
    assert ReasonCode.UNCALIBRATED_STRATUM in outcome.added


@given(scores)
def test_a_challenge_in_an_observing_stratum_is_not_decided_by_movement(score: float) -> None:
    assert ruling(score, calibrated=False, rules=Rules(policy="verify")) is Decision.PASS
    assert ruling(score, ("review",), calibrated=False, rules=Rules(policy="verify")) is Decision.REVIEW


def test_verify_softens_what_rests_on_movement_alone() -> None:
    assert ruling(5.0, rules=Rules(policy="verify")) is Decision.REVIEW
    assert ruling(5.0, rules=Rules(policy="verify", corroborate=False)) is Decision.FAIL
    assert ruling(5.0, ("fail",), rules=Rules(policy="verify")) is Decision.FAIL
    added = decide(5.0, [], calibrated=True, enough=True, fallback=False, rules=Rules(policy="verify")).added
    assert ReasonCode.UNCORROBORATED in added


def test_short_evidence_cannot_fail_by_movement() -> None:
    assert ruling(9.0, ("review",), enough=False) is Decision.REVIEW


@pytest.mark.parametrize("direction", ORDER)
def test_without_a_model_the_configured_direction_decides(direction: Decision) -> None:
    rules = Rules(fail_direction=direction)
    assert ruling(None, fallback=True, rules=rules) is direction
    assert decide(None, [], calibrated=True, enough=True, fallback=True, rules=rules).instead == (direction,) * 3
    assert ruling(None, ("fail",), fallback=True, rules=rules) is Decision.FAIL


def test_a_session_that_nothing_could_score_is_reviewed_whatever_the_direction() -> None:
    assert ruling(None, fallback=False, rules=Rules(fail_direction=Decision.PASS)) is Decision.REVIEW
