"""The builders: deterministic, plausible, and true to the wire forms."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest

from playproof.telemetry import Labels, Session, canonical, decode, decode_labelled, inspect
from playproof.testing import KINDS, FakeClock, bot_session, columns_body, human_session, labelled_lines, rows_body


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def every_session() -> list[Session]:
    return [human_session(rng()), *(bot_session(rng(), kind=kind) for kind in KINDS)]


def test_the_same_seed_builds_the_same_session() -> None:
    assert [canonical(session) for session in every_session()] == [canonical(session) for session in every_session()]
    assert canonical(human_session(rng(1))) != canonical(human_session(rng(2)))


def test_every_session_is_as_if_decoded() -> None:
    for session in every_session():
        for body in (rows_body(session), columns_body(session)):
            assert canonical(decode(body)) == canonical(session)


def test_a_browser_logs_only_what_moved_in_order_and_whole_pixels() -> None:
    for session in every_session():
        assert (np.diff(session.t) > 0.0).all()
        assert (np.hypot(np.diff(session.x), np.diff(session.y)) > 0.0).all()
        assert np.array_equal(np.round(session.x), session.x)
        assert session.t[0] == 0.0
        assert len(session.click_t) == 12


def test_people_make_enough_movement_to_judge_and_nothing_impossible() -> None:
    for seed in range(5):
        session = human_session(rng(seed))
        assert len(session.t) > 200
        assert 4_000.0 < session.duration_ms < 40_000.0
        assert inspect(session) == ()


@pytest.mark.parametrize("step_ms", [4.0, 8.0, 1000.0 / 60.0])
def test_the_polling_rate_can_be_chosen(step_ms: float) -> None:
    assert float(np.median(np.diff(human_session(rng(), step_ms=step_ms).t))) == pytest.approx(step_ms, abs=1.0)


def test_what_is_asked_for_is_said() -> None:
    session = human_session(rng(), session_id="s", targets=3, game_type="g", device_type="trackpad", trusted=False)
    assert (session.id, session.game_type, session.device_type, len(session.click_t)) == ("s", "g", "trackpad", 3)
    assert session.trusted is not None
    assert not session.trusted.any()
    body = json.loads(rows_body(session, extra=1))
    assert body["sessionId"] == "s"
    assert body["extra"] == 1
    assert "sessionId" not in json.loads(columns_body(human_session(rng())))


def test_labelled_lines_are_a_corpus() -> None:
    labels = [Labels("human", source="made", subject="made/1"), Labels("bot", family="linear", generator="made")]
    lines = labelled_lines(zip((human_session(rng()), bot_session(rng())), labels, strict=True)).splitlines()
    assert [decode_labelled(line)[1] for line in lines] == labels


def test_the_clock_moves_when_told_to() -> None:
    clock = FakeClock()
    now, monotonic = clock.now(), clock.monotonic()
    assert (clock.now(), clock.monotonic()) == (now, monotonic)
    clock.advance(2.5)
    assert clock.now() - now == timedelta(seconds=2.5)
    assert clock.monotonic() - monotonic == 2.5
    assert now.utcoffset() == timedelta(0)
