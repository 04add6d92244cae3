"""A session in, a verdict out: with a scripted model, so that every branch can be reached."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from playproof.decision import MEANINGS, Decision, Judge, ReasonCode, Rules, Verdict
from playproof.features import NAMES
from playproof.scoring.base import Floats
from playproof.scoring.chain import Chain, Fallback
from playproof.service import decode_verdict, encode_verdict
from playproof.telemetry import Session, decode_object
from playproof.testing import FakeClock, ScriptedScorer, human_session


def session(**changes: object) -> Session:
    return changed(human_session(np.random.default_rng(1)), **changes)


def changed(base: Session, **changes: object) -> Session:
    return replace(base, **changes)  # type: ignore[arg-type]


def judge(model: ScriptedScorer, of: Session | None = None, rules: Rules | None = None) -> Verdict:
    return Judge(Chain(model), rules or Rules(), FakeClock()).judge(of or session(), "s1").verdict


def codes(verdict: Verdict) -> set[str]:
    return {reason.code for reason in verdict.reasons}


def test_a_usual_person_passes_without_a_word_against_them() -> None:
    verdict = judge(ScriptedScorer(0.5), session(game_type="targets", device_type="mouse"))
    assert verdict.decision is Decision.PASS
    assert verdict.confidence == 0.9
    assert verdict.anomaly.anomaly_score == 0.5
    assert verdict.anomaly.is_anomaly is False
    assert verdict.anomaly.source == "local"
    assert verdict.calibration is not None
    assert verdict.calibration.status == "calibrated"
    assert (verdict.status, verdict.revision, verdict.fallback_reason) == ("final", 1, None)
    assert not codes(verdict)


def test_an_unusual_session_says_how_far_out_its_features_lie() -> None:
    verdict = judge(ScriptedScorer(3.0), session(game_type="targets", device_type="mouse"))
    assert verdict.decision is Decision.FAIL
    assert {"unusual_movement", "feature_high", "beyond_resolution"} <= codes(verdict)
    named = [reason for reason in verdict.reasons if reason.code == "feature_high"]
    assert all(reason.feature in NAMES and "99 % of people" in reason.detail for reason in named)


def test_an_unknown_game_is_reviewed_at_worst() -> None:
    verdict = judge(ScriptedScorer(9.0), session(game_type="chess", device_type="mouse"))
    assert verdict.decision is Decision.REVIEW
    assert verdict.confidence == 0.95  # calibrations that would fail it are told to review it, too
    assert "uncalibrated_stratum" in codes(verdict)
    assert verdict.calibration is not None
    assert (verdict.calibration.stratum, verdict.calibration.status, verdict.calibration.reference) == (
        "unknown/mouse",
        "observing",
        "targets/mouse",
    )


def test_keyboard_play_is_never_scored() -> None:
    verdict = judge(ScriptedScorer(9.0), session(device_type="keyboard"))
    assert verdict.decision is Decision.REVIEW
    assert verdict.anomaly.anomaly_score is None
    assert verdict.anomaly.source == "heuristic"
    assert "keyboard_not_scored" in codes(verdict)
    assert verdict.fallback_reason is None


@pytest.mark.parametrize(
    "movements", [[], [{"x": 1, "y": 1, "timestamp": 0}], [{"x": 5, "y": 5, "timestamp": t} for t in range(0, 5000, 16)]]
)
def test_no_movement_never_passes(movements: list[dict[str, float]]) -> None:
    still = decode_object(
        {"movements": movements, "gameType": "targets", "deviceType": "mouse", "clicks": [{"x": 1, "y": 1, "timestamp": 10}]}
    )
    verdict = judge(ScriptedScorer(0.0), still, Rules(fail_direction=Decision.PASS))
    assert verdict.decision is Decision.REVIEW
    assert "no_movement" in codes(verdict)
    assert verdict.confidence <= 0.5


def test_little_movement_never_passes_and_never_fails() -> None:
    base = session(game_type="targets", device_type="mouse")
    few = 12
    short = changed(base, t=base.t[:few], x=base.x[:few] + np.arange(few) * 20.0, y=base.y[:few], trusted=None)
    for score in (0.0, 9.0):
        verdict = judge(ScriptedScorer(score), short)
        assert verdict.decision is Decision.REVIEW
        assert verdict.confidence <= 0.5
        assert codes(verdict) & {"insufficient_evidence", "no_movement"}


@pytest.mark.parametrize("device", ["mouse", "touch", "unknown"])
@pytest.mark.parametrize("leaps", [0, 20])
def test_trembling_on_the_spot_never_passes(device: str, leaps: int) -> None:
    """However long the path it adds up to, and with a few leaps that only widen its bounds."""
    rng = np.random.default_rng(3)
    n = 1000
    x = 300 + 3 * np.sin(np.arange(n) / 5) + rng.normal(0, 0.5, n)
    x[:leaps] += 400
    times = np.arange(n) * 8.0
    verdict = judge(ScriptedScorer(0.1), session(t=times, x=x, y=300 + rng.normal(0, 0.5, n), trusted=None, device_type=device))
    assert verdict.decision is Decision.REVIEW
    assert "insufficient_evidence" in codes(verdict)


@pytest.mark.parametrize("speed", [0.01, 0.02, 0.12])
def test_creeping_never_passes(speed: float) -> None:
    """Slow drift and tremble make path and samples enough, but not one stroke to measure."""
    rng = np.random.default_rng(3)
    times = np.arange(3000) * 8.0
    drift = 100 + speed / 8 * times
    x, y = np.round(drift + 3 * np.sin(np.arange(3000) / 5)), np.round(300 + rng.normal(0, 0.5, 3000))
    verdict = judge(ScriptedScorer(0.1), session(t=times, x=x, y=y, trusted=None))
    assert verdict.decision is Decision.REVIEW
    assert {"insufficient_evidence", "no_movement"} & codes(verdict)


def test_events_made_by_a_script_fail() -> None:
    base = session()
    forged = changed(base, trusted=np.zeros(len(base.t), np.int8))
    verdict = judge(ScriptedScorer(0.0), forged)
    assert verdict.decision is Decision.FAIL
    assert "untrusted_events" in codes(verdict)


@pytest.mark.parametrize(
    "model", [ScriptedScorer(error=RuntimeError("broken")), ScriptedScorer(float("nan")), ScriptedScorer(float("inf"))]
)
def test_a_broken_model_falls_back_with_a_reason(model: ScriptedScorer) -> None:
    heard: list[Fallback] = []
    chain = Chain(model, lambda fallback, error: heard.append(fallback))
    verdict = Judge(chain, Rules(), FakeClock()).judge(session(), "s1").verdict
    assert verdict.decision is Decision.REVIEW
    assert verdict.fallback_reason == "model_error"
    assert verdict.anomaly.source == "heuristic"
    assert "heuristic_only" in codes(verdict)
    assert heard == [Fallback.MODEL_ERROR]


class Choosy(ScriptedScorer):
    """Has no score for rows without clicks, and none for whoever they come with."""

    def raw(self, rows: Floats) -> Floats:
        if not rows[:, NAMES.index("click_count")].all():
            raise ValueError("a row without clicks")
        return super().raw(rows)


def test_what_the_model_cannot_score_is_no_trouble_to_the_others() -> None:
    none = np.empty(0)
    sessions = [session(), session(click_t=none, click_x=none, click_y=none), session()]
    heard: list[str] = []
    judging = Judge(Chain(Choosy(0.5), lambda fallback, error: heard.append(str(error))), Rules(), FakeClock())
    told = [judged.verdict for judged in judging.judge_many(sessions, ["a", "b", "c"])]
    assert [verdict.fallback_reason for verdict in told] == [None, "model_error", None]
    assert heard == ["a row without clicks"]


def test_a_model_that_answers_too_few_rows_answers_none() -> None:
    class Short(ScriptedScorer):
        def raw(self, rows: Floats) -> Floats:
            return np.empty(0)

    assert judge(Short()).fallback_reason == "model_error"


def test_a_verdict_survives_its_json() -> None:
    verdict = judge(ScriptedScorer(3.0))
    assert decode_verdict(encode_verdict(verdict)) == verdict


def test_every_code_has_a_meaning() -> None:
    assert set(MEANINGS) == set(ReasonCode)


def test_many_together_are_judged_as_each_alone() -> None:
    sessions = [session(id=f"s{index}") for index in range(3)]
    sessions.append(decode_object({"movements": []}))
    clock = FakeClock()
    judging = Judge(Chain(ScriptedScorer(3.0)), Rules(), clock)
    together = judging.judge_many(sessions, ["a", "b", "c", "d"])
    alone = [judging.judge(one, name) for one, name in zip(sessions, "abcd", strict=True)]
    assert [judged.verdict for judged in together] == [judged.verdict for judged in alone]
    assert all(np.array_equal(one.row, other.row, equal_nan=True) for one, other in zip(together, alone, strict=True))
    assert judging.judge_many([], []) == []
