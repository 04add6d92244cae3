"""What replays are made of: each change does what it says, and leaves a session that a browser could have sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from playproof.evaluation import warps
from playproof.telemetry import Session
from playproof.telemetry.session import require_whole
from playproof.testing import human_session

Warp = Callable[[Session, np.random.Generator], Session]

ALL: dict[str, Warp] = {
    "placed": lambda play, _: warps.placed(play, 1.3 - 0.4j, 7.0 + 3.0j),
    "mirrored": lambda play, _: warps.mirrored(play),
    "stretched": lambda play, _: warps.stretched(play, 1.2, 0.8),
    "retimed": lambda play, _: warps.retimed(play, 1.5),
    "time_warped": lambda play, rng: warps.time_warped(play, 0.3, rng),
    "jittered": lambda play, rng: warps.jittered(play, 2.0, 2.0, rng),
    "swayed": lambda play, rng: warps.swayed(play, 5.0, rng),
    "cut": lambda play, _: warps.cut(play, 500.0, 700.0),
    "thinned": lambda play, rng: warps.thinned(play, 0.3, rng),
    "resampled": lambda play, _: warps.resampled(play, 50.0),
    "reaimed": lambda play, rng: warps.reaimed(play, rng, aspect=0.1),
    "aimed": lambda play, rng: warps.aimed(play, rng.uniform(0.0, 600.0, 5) + 1j * rng.uniform(0.0, 400.0, 5)),
    "spliced": lambda play, rng: warps.spliced([play, human_session(rng)], rng),
}


@pytest.fixture(scope="module")
def play() -> Session:
    return human_session(np.random.default_rng(21), trusted=True)


@pytest.mark.parametrize("name", ALL)
def test_a_changed_session_is_one_that_could_be_sent(name: str, play: Session) -> None:
    changed = ALL[name](play, np.random.default_rng(1))
    require_whole(changed)
    assert len(changed.t) > 20
    assert (np.diff(changed.t) >= 0.0).all()
    for axis in (changed.x, changed.y, changed.click_x, changed.click_y):
        np.testing.assert_array_equal(axis, np.round(axis))
    assert changed.t[-1] != play.t[-1] or (changed.x[: len(play.x)] != play.x[: len(changed.x)]).any() or len(changed.t) != len(play.t)


@pytest.mark.parametrize("name", ALL)
def test_a_session_without_movement_is_left_as_it_is(name: str, play: Session) -> None:
    nothing = np.empty(0)
    empty = replace(play, t=nothing, x=nothing, y=nothing, trusted=None, click_t=nothing, click_x=nothing, click_y=nothing)
    if name == "spliced":
        assert len(warps.spliced([empty, empty], np.random.default_rng(1)).t) == 0
    else:
        assert len(ALL[name](empty, np.random.default_rng(1)).t) == 0


def test_movements_end_where_they_are_aimed(play: Session) -> None:
    targets = np.array([300.0 + 100.0j, 50.0 + 400.0j, 700.0 + 250.0j])
    changed = warps.aimed(play, targets)
    clicked = changed.click_x + 1j * changed.click_y
    wanted = targets[np.arange(clicked.size) % targets.size]
    # The pointer may still move a little while it presses.
    assert np.median(abs(clicked - wanted)) < 3.0
    np.testing.assert_allclose(changed.t, play.t, atol=0.06)


def test_a_splice_has_so_many_movements_of_each() -> None:
    rng = np.random.default_rng(5)
    plays = [human_session(rng) for _ in range(3)]
    made = warps.spliced(plays, rng, run=4)
    assert 9 <= len(made.click_t) <= 12
    assert made.duration_ms == pytest.approx(max(made.t[-1], made.click_t[-1]))


def test_what_is_logged_anew_follows_the_same_path(play: Session) -> None:
    changed = warps.resampled(play, 100.0)
    near = np.interp(changed.t, play.t, play.x)
    assert np.median(abs(near - changed.x)) <= 1.0
    assert np.median(np.diff(changed.t)) == pytest.approx(10.0, abs=0.11)
