"""Where the session lies, how often it was logged and how finely: within the catalogue's tolerances it does not matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from playproof.features import CATALOGUE, extract, extract_many
from playproof.telemetry import Session
from playproof.testing import human_session

SESSIONS = 30
FINE_MS = 4.0
"""250 events a second."""


def logged(step_ms: float) -> list[Session]:
    """The same plays, logged every `step_ms`."""
    return [human_session(np.random.default_rng(seed), step_ms=step_ms) for seed in range(SESSIONS)]


def moved(session: Session, dx: float, dy: float) -> Session:
    return replace(session, x=session.x + dx, y=session.y + dy, click_x=session.click_x + dx, click_y=session.click_y + dy)


def assert_within_tolerance(rows: np.ndarray, others: np.ndarray) -> None:
    """No model feature of the median session moves by more than its tolerance."""
    broken = {}
    for i, feature in enumerate(CATALOGUE):
        if feature.role != "model":
            continue
        both = ~(np.isnan(rows[:, i]) | np.isnan(others[:, i]))
        a, b = rows[both, i], others[both, i]
        assert a.size >= SESSIONS // 2, f"{feature.name} is hardly ever measured"
        low, high = np.quantile(a, [0.1, 0.9])
        shift = float(np.median(np.abs(b - a))) / float(high - low)
        if shift > feature.tolerance:
            broken[feature.name] = round(shift, 3)
    assert not broken


@pytest.fixture(scope="module")
def fine() -> np.ndarray:
    return extract_many(logged(FINE_MS))


@pytest.mark.parametrize("step_ms", [8.0, 1000.0 / 75.0, 1000.0 / 60.0], ids=["125 Hz", "75 Hz", "60 Hz"])
def test_polling_rate(fine: np.ndarray, step_ms: float) -> None:
    assert_within_tolerance(fine, extract_many(logged(step_ms)))


def test_translation_by_whole_pixels_changes_nothing() -> None:
    for session in logged(8.0)[:5]:
        assert extract(moved(session, -4000.0, 123.0)).tobytes() == extract(session).tobytes()


def test_rounding_beforehand_changes_nothing() -> None:
    for seed, session in enumerate(logged(8.0)[:5]):
        rng = np.random.default_rng(seed)
        fractions = replace(
            session, x=session.x + rng.uniform(-0.49, 0.49, session.x.size), y=session.y + rng.uniform(-0.49, 0.49, session.y.size)
        )
        assert extract(fractions).tobytes() == extract(session).tobytes()


def test_a_part_of_a_pixel_hardly_matters(fine: np.ndarray) -> None:
    # A fine track and its whole-pixel log, which lie at most half a pixel apart.
    smooth = logged(FINE_MS)
    kernel = np.array([0.25, 0.5, 0.25])
    eased = [replace(s, x=s.x + 0.4 * (np.convolve(s.x, kernel, "same") - s.x).clip(-1, 1)) for s in smooth]
    assert_within_tolerance(fine, extract_many(eased))


def test_the_clock_may_begin_anywhere() -> None:
    for session in logged(8.0)[:3]:
        later = replace(session, t=session.t + 7.0, click_t=session.click_t + 7.0)
        np.testing.assert_allclose(extract(later), extract(session), rtol=1e-6, atol=1e-6)
