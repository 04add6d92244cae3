"""Every case of the policy `verify`: what movement, findings and evidence decide about a challenge, through the judge itself."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from playproof.decision import Decision, Judge, Judged, ReasonCode, Rules
from playproof.decision.reasons import EFFECT_MEANINGS, MEANINGS, Effect
from playproof.scoring.chain import Chain
from playproof.scoring.heuristic import Hit
from playproof.telemetry import Session
from playproof.testing import FakeClock, ScriptedScorer, human_session

GAMES = {"calibrated": "targets", "borrowed": "bubble-pop", "observing": "osu"}
"""A game of each kind of stratum; by mouse."""
SCORES = {"pass": 2.0, "review": 2.5, "fail": 9.0}
"""By what a score alone decides where people are known."""
FINDINGS: dict[str, tuple[Hit, ...]] = {
    "nothing": (),
    "a note": (Hit(ReasonCode.ACCESSIBLE_WAY, "proof of work instead of a game"),),
    "campaign": (Hit(ReasonCode.CAMPAIGN, "1 of 40 plays"),),
    "a failing one": (Hit(ReasonCode.REPLAYED_MOVEMENT, "play 7"),),
}
CASES = """
stratum     evidence  corroborate  movement | nothing  a note  campaign  a failing one

calibrated  enough    on           pass     | pass     pass    pass      fail
calibrated  enough    on           review   | review   review  review    fail
calibrated  enough    on           fail     | review   review  fail      fail
calibrated  enough    off          pass     | pass     pass    pass      fail
calibrated  enough    off          review   | review   review  review    fail
calibrated  enough    off          fail     | fail     fail    fail      fail
calibrated  short     on           pass     | review   review  review    fail
calibrated  short     on           review   | review   review  review    fail
calibrated  short     on           fail     | review   review  review    fail
calibrated  short     off          pass     | review   review  review    fail
calibrated  short     off          review   | review   review  review    fail
calibrated  short     off          fail     | review   review  review    fail

borrowed    enough    on           pass     | pass     pass    pass      fail
borrowed    enough    on           review   | review   review  review    fail
borrowed    enough    on           fail     | review   review  fail      fail
borrowed    enough    off          pass     | pass     pass    pass      fail
borrowed    enough    off          review   | review   review  review    fail
borrowed    enough    off          fail     | fail     fail    fail      fail
borrowed    short     on           pass     | review   review  review    fail
borrowed    short     on           review   | review   review  review    fail
borrowed    short     on           fail     | review   review  review    fail
borrowed    short     off          pass     | review   review  review    fail
borrowed    short     off          review   | review   review  review    fail
borrowed    short     off          fail     | review   review  review    fail

observing   enough    on           pass     | pass     pass    pass      fail
observing   enough    on           review   | pass     pass    pass      fail
observing   enough    on           fail     | pass     pass    pass      fail
observing   enough    off          pass     | pass     pass    pass      fail
observing   enough    off          review   | pass     pass    pass      fail
observing   enough    off          fail     | pass     pass    pass      fail
observing   short     on           pass     | review   review  review    fail
observing   short     on           review   | review   review  review    fail
observing   short     on           fail     | review   review  review    fail
observing   short     off          pass     | review   review  review    fail
observing   short     off          review   | review   review  review    fail
observing   short     off          fail     | review   review  review    fail
"""
PERSON = human_session(np.random.default_rng(1), device_type="mouse")
SHORT = 30
"""Movements: too few."""


def cases() -> list[tuple[str, ...]]:
    """Stratum, evidence, corroboration, movement, finding and decision."""
    found: list[tuple[str, ...]] = []
    for row in [line for line in CASES.splitlines() if line][1:]:
        given, decisions = row.split("|")
        found += [(*given.split(), finding, decision) for finding, decision in zip(FINDINGS, decisions.split(), strict=True)]
    return found


def play(game: str, *, short: bool = False, device: str = "mouse") -> Session:
    if not short:
        return replace(PERSON, game_type=game, device_type=device)
    none = np.empty(0)
    t, x, y = PERSON.t[:SHORT], PERSON.x[:SHORT] + 20.0 * np.arange(SHORT), PERSON.y[:SHORT]
    return replace(
        PERSON,
        game_type=game,
        device_type=device,
        t=t,
        x=x,
        y=y,
        trusted=None,
        duration_ms=float(t[-1]),
        click_t=none,
        click_x=none,
        click_y=none,
        click_hit=None,
    )


def judged(session: Session, score: float, rules: Rules, *found: Hit) -> Judged:
    """By a judge whose own rules are others."""
    return Judge(Chain(ScriptedScorer(score)), Rules(), FakeClock()).judge(session, "s", found=found, rules=rules)


def codes(judged: Judged) -> set[str]:
    return {reason.code for reason in judged.verdict.reasons}


@pytest.mark.parametrize(("stratum", "evidence", "corroborate", "movement", "finding", "decision"), cases())
def test_case(stratum: str, evidence: str, corroborate: str, movement: str, finding: str, decision: str) -> None:
    rules = Rules(policy="verify", corroborate=corroborate == "on")
    case = judged(play(GAMES[stratum], short=evidence == "short"), SCORES[movement], rules, *FINDINGS[finding])
    verdict = case.verdict
    assert verdict.decision == decision
    assert verdict.policy == "verify"
    assert {hit.code for hit in FINDINGS[finding]} <= codes(case)
    assert (ReasonCode.INSUFFICIENT_EVIDENCE in codes(case)) is (evidence == "short")
    assert (ReasonCode.UNCALIBRATED_STRATUM in codes(case)) is (stratum == "observing")
    softened = movement == "fail" and (evidence, corroborate) == ("enough", "on") and stratum != "observing"
    assert (ReasonCode.UNCORROBORATED in codes(case)) is (softened and finding in {"nothing", "a note"})
    assert verdict.calibration is not None
    assert verdict.calibration.stratum == f"{GAMES[stratum]}/mouse"


def test_every_combination_is_among_the_cases() -> None:
    seen = {case[:-1] for case in cases()}
    assert len(seen) == len(cases()) == 3 * 2 * 2 * 3 * 4


@pytest.mark.parametrize("effect", get_args(Effect))
def test_every_effect_is_explained(effect: Effect) -> None:
    assert EFFECT_MEANINGS[effect]


@pytest.mark.parametrize(
    "code", [ReasonCode.REPLAYED_MOVEMENT, ReasonCode.PROTOCOL_VIOLATION, ReasonCode.CHALLENGE_INCOMPLETE, ReasonCode.UNTRUSTED_EVENTS]
)
@pytest.mark.parametrize("game", GAMES.values())
def test_what_corroborates_by_itself_fails_by_itself(code: ReasonCode, game: str) -> None:
    assert MEANINGS[code].effect == "fail"
    case = judged(play(game), 0.5, Rules(policy="verify"), Hit(code, "so it is"))
    assert case.verdict.decision is Decision.FAIL
    assert case.verdict.reasons[0].detail == "so it is"


@pytest.mark.parametrize("game", GAMES.values())
def test_the_browser_s_own_word_of_a_script_fails(game: str) -> None:
    session = play(game)
    case = judged(replace(session, trusted=np.zeros(len(session.t), np.int8)), 0.5, Rules(policy="verify"))
    assert (case.verdict.decision, codes(case)) == (Decision.FAIL, codes(case) | {ReasonCode.UNTRUSTED_EVENTS})


@pytest.mark.parametrize(("strict", "decision"), [(False, Decision.PASS), (True, Decision.REVIEW)])
@pytest.mark.parametrize("game", GAMES.values())
def test_late_events_cost_a_pass_where_the_site_is_strict(game: str, strict: bool, decision: Decision) -> None:
    late = Hit(ReasonCode.LATE_EVENTS, "a dead spot")
    assert judged(play(game), 0.5, Rules(policy="verify", strict=strict), late).verdict.decision is decision
    assert judged(play(game), 0.5, Rules(policy="verify", strict=strict)).verdict.decision is Decision.PASS


@pytest.mark.parametrize("policy", ["score", "verify"])
@pytest.mark.parametrize("unscored", Decision)
@pytest.mark.parametrize("short", [False, True])
def test_keyboard_play_gets_what_the_rules_have_for_it(policy: str, unscored: Decision, short: bool) -> None:
    rules = Rules(policy=policy, unscored=unscored)  # type: ignore[arg-type]
    case = judged(play("targets", short=short, device="keyboard"), 9.0, rules)
    assert (case.verdict.decision, case.verdict.anomaly.anomaly_score) == (unscored, None)
    assert judged(play("targets", short=short, device="keyboard"), 9.0, rules, *FINDINGS["a failing one"]).verdict.decision is Decision.FAIL


@pytest.mark.parametrize("policy", ["score", "verify"])
def test_no_movement_is_reviewed_whatever_the_rules_have_for_keyboards(policy: str) -> None:
    none = np.empty(0)
    still = replace(play("targets", short=True), t=none, x=none, y=none, duration_ms=0.0)
    rules = Rules(policy=policy, unscored=Decision.PASS, fail_direction=Decision.PASS)  # type: ignore[arg-type]
    assert judged(still, 0.0, rules).verdict.decision is Decision.REVIEW


def test_rules_of_a_caller_go_before_the_judge_s() -> None:
    own = judged(play("targets"), 1.5, Rules(policy="verify", pass_threshold=1.0, review_threshold=2.0))
    assert (own.verdict.decision, own.verdict.anomaly.is_anomaly) == (Decision.REVIEW, True)
    assert own.verdict.confidence == 0.95  # calibrations that would fail it are told to review it, too
    assert own.rules is not None
    plain = Judge(Chain(ScriptedScorer(1.5)), Rules(), FakeClock()).judge(play("targets"), "s")
    assert (plain.verdict.decision, plain.verdict.anomaly.is_anomaly, plain.rules) == (Decision.PASS, False, None)
