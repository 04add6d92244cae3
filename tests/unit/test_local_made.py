"""Made and altered sessions are sessions, and the same seed makes the same ones."""

from __future__ import annotations

import numpy as np
import pytest

from playproof.scoring.local.made import FAMILIES, MORPHS, library_session, make_session, morph_session, rerecord
from playproof.telemetry import Session
from playproof.testing import human_session


def whole(session: Session) -> bytes:
    return b"".join(array.tobytes() for array in (session.t, session.x, session.y, session.click_t, session.click_x, session.click_y))


def check(session: Session) -> None:
    """What every decoded session keeps to, and every honest recorder."""
    assert len(session.t) == len(session.x) == len(session.y) > 20
    assert len(session.click_t) == len(session.click_x) == len(session.click_y)
    assert session.t[0] == 0.0
    assert (np.diff(session.t) >= 0.0).all()
    assert all(np.isfinite(array).all() for array in (session.t, session.x, session.y, session.click_t))


@pytest.mark.parametrize("family", FAMILIES)
def test_made_sessions_are_sessions_and_repeat(family: str) -> None:
    for seed in range(4):
        session = make_session(family, np.random.default_rng(seed))
        check(session)
        assert len(session.click_t) >= 2
        assert whole(session) == whole(make_session(family, np.random.default_rng(seed)))


@pytest.mark.parametrize("family", MORPHS)
def test_morphs_are_sessions_unlike_their_person_and_repeat(family: str) -> None:
    person = human_session(np.random.default_rng(1))
    for seed in range(4):
        morph = morph_session(family, person, np.random.default_rng(seed))
        again = morph_session(family, person, np.random.default_rng(seed))
        assert morph is not None
        assert again is not None
        check(morph)
        assert whole(morph) == whole(again) != whole(person)


@pytest.mark.parametrize("family", MORPHS)
def test_a_person_who_hardly_moved_is_not_morphed(family: str) -> None:
    assert morph_session(family, human_session(np.random.default_rng(1), targets=1), np.random.default_rng(1)) is None


def test_a_library_holds_the_moves_of_several_people() -> None:
    people = [human_session(np.random.default_rng(seed)) for seed in range(3)]
    for seed in range(8):
        session = library_session(people, np.random.default_rng(seed))
        again = library_session(people, np.random.default_rng(seed))
        assert session is not None
        assert again is not None
        check(session)
        assert whole(session) == whole(again)
    assert library_session([], np.random.default_rng(1)) is None


def test_another_recorder_logs_the_same_movement() -> None:
    person = human_session(np.random.default_rng(2), step_ms=4.0)
    for seed in range(4):
        other = rerecord(person, np.random.default_rng(seed))
        assert 0 < len(other.t) < len(person.t)
        assert (np.diff(other.t) > 0.0).all()
        scale = other.click_x / person.click_x
        assert np.allclose(scale, scale[0])
        assert 0.6 <= scale[0] <= 1.6
