"""What the service makes of a session before anything is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest

from playproof.dataset import Channel
from playproof.decision import Decision, Judge, ReasonCode, Rules
from playproof.scoring.chain import Chain
from playproof.scoring.heuristic import Hit
from playproof.service import Service, decode_verdict, judge_with
from playproof.settings import Settings
from playproof.store import Store
from playproof.telemetry import GameContext, Session
from playproof.testing import FakeClock, ScriptedScorer, human_session

PLAY = human_session(np.random.default_rng(1), session_id="c1", game_type="bubble-pop", device_type="mouse")
STILL = replace(PLAY, t=PLAY.t[:2], x=PLAY.x[:2], y=PLAY.y[:2], trusted=None)
NOWHERE = cast(Store, None)
"""Nothing is stored here."""


def service(holder: str | None = "me") -> Service:
    return Service(Judge(Chain(ScriptedScorer(0.5)), Rules(), FakeClock()), NOWHERE, clock=FakeClock(), holder=holder)


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize(("session", "movement"), [(PLAY, True), (STILL, False), (replace(PLAY, device_type="keyboard"), False)])
def test_the_hosted_model_is_asked_about_the_movement_of_visitors_alone(channel: Channel, session: Session, movement: bool) -> None:
    prepared = service().prepare(session, "site:1", channel)
    asked = movement and channel in {Channel.API, Channel.CHALLENGE, Channel.DEMO}
    status = "preliminary" if asked else "final"
    assert (prepared.question(1) is not None, prepared.record.awaited is not None, prepared.judged.verdict.status) == (asked, asked, status)


@pytest.mark.parametrize("channel", Channel)
def test_which_channels_rows_are_eligible(channel: Channel) -> None:
    assert service(None).prepare(PLAY, "site:1", channel).record.eligible is (channel in {Channel.API, Channel.CHALLENGE})


def test_a_record_tells_what_was_decided_and_by_what() -> None:
    rules = Rules(policy="verify", strict=True)
    late = Hit(ReasonCode.LATE_EVENTS, "a dead spot")
    prepared = service().prepare(PLAY, "site:1", Channel.CHALLENGE, found=[late], rules=rules)
    record, question = prepared.record, prepared.question(7)
    assert (record.scope, record.session_id, record.decision) == ("site:1", "c1", "review")
    assert decode_verdict(record.verdict) == prepared.judged.verdict
    assert question is not None
    assert (question.number, question.scope, question.rules, question.channel) == (7, "site:1", rules, Channel.CHALLENGE)
    assert late in question.assessment.hits
    assert question.received == prepared.received


def test_what_the_server_knows_of_the_game_is_in_the_features() -> None:
    where = GameContext(t=PLAY.click_t - 400.0, x=PLAY.click_x, y=PLAY.click_y, radius=np.full(len(PLAY.click_t), 20.0))
    with_targets = service().prepare(PLAY, "site:1", Channel.CHALLENGE, context=where)
    assert with_targets.record.features != service().prepare(PLAY, "site:1", Channel.CHALLENGE).record.features


@pytest.mark.parametrize("corroborate", [False, True])
def test_settings_are_the_rules_that_a_site_s_begin_from(corroborate: bool) -> None:
    settings = Settings(anomaly_threshold_pass=1.0, anomaly_threshold_review=3.0, corroborate=corroborate, fail_direction="fail")
    rules = judge_with(ScriptedScorer(), settings).rules
    assert rules == Rules("score", 1.0, 3.0, corroborate=corroborate, fail_direction=Decision.FAIL)
