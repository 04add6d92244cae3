"""Grain and phases: what lies along an axis, what steps to and fro, what rises and falls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from playproof.features import NAMES, extract
from playproof.telemetry import Session
from playproof.testing import human_session

STEP_MS = 10.0


def strokes(aside: np.ndarray, *, skew: float = 1.0, count: int = 8) -> Session:
    """Strokes of 600 px to the right and back, with rests between, the y of each given by `aside` (61,)."""
    u = np.linspace(0.0, 1.0, 61) ** skew
    way = 600.0 * u**3 * (10.0 - 15.0 * u + 6.0 * u**2)
    t, x, y = [], [], []
    for i in range(count):
        t.append(i * 1400.0 + np.arange(61) * STEP_MS)
        x.append(way if i % 2 == 0 else 600.0 - way)
        y.append(aside)
    base = human_session(np.random.default_rng(0))
    none = np.empty(0)
    return replace(
        base, t=np.concatenate(t), x=np.concatenate(x), y=np.concatenate(y), trusted=None, click_t=none, click_x=none, click_y=none
    )


def values(session: Session) -> dict[str, float]:
    return dict(zip(NAMES, extract(session).tolist(), strict=True))


def test_motion_along_an_axis_has_no_grain_of_its_own() -> None:
    straight = values(strokes(np.zeros(61)))
    for name in ("one_axis_near", "one_axis_sheer", "one_axis_early", "one_axis_ending", "one_axis_runs"):
        assert straight[name] == 1.0, name
    for name in ("grain_switch_slow", "grain_switch_brisk", "axis_switch", "grazing_share", "side_step_share", "one_axis_variety"):
        assert straight[name] == 0.0, name


def test_steps_to_and_fro_are_told_from_steps_in_one_direction() -> None:
    there = values(strokes(np.floor(np.arange(61) / 4.0)))
    to_and_fro = values(strokes(np.arange(61) // 4 % 2 * 2.0))
    assert there["side_step_back"] < 0.2
    assert to_and_fro["side_step_back"] > 0.4
    assert there["one_axis_near"] < 1.0


def test_a_stroke_that_is_fastest_early_falls_longer_and_pulls_harder_than_it_brakes() -> None:
    even, early = values(strokes(np.zeros(61))), values(strokes(np.zeros(61), skew=0.6))
    assert even["rise_time"] == pytest.approx(even["fall_time"], abs=0.021)
    assert early["fall_time"] > early["rise_time"] + 0.05
    assert early["pull_balance"] > 0.3 > abs(even["pull_balance"])
    assert early["onset_speed"] > even["onset_speed"]
