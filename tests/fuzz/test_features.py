"""Whatever can be decoded has a row: finite or NaN, without a warning, the same alone and among others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from playproof.features import CATALOGUE, NAMES, extract, extract_many
from playproof.telemetry import GameContext, Session
from playproof.testing import human_session

BASE = human_session(np.random.default_rng(0), targets=3)

anything = st.floats(allow_nan=False, allow_infinity=False)
screen = st.integers(0, 2000).map(float)
edges = st.sampled_from([0.0, 1.0, 1e308, -1e308, 5e-324, np.nan, np.inf, -np.inf])
"""No decoder lets the last three through, but compiled code has no bounds that it checks."""
near = st.floats(-3000.0, 3000.0)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    count = draw(st.integers(0, 120))
    kind = draw(st.sampled_from([anything, screen, near, edges]))
    values = st.lists(kind, min_size=count, max_size=count).map(lambda numbers: np.array(numbers, np.float64))
    clock = draw(st.sampled_from(["any", "even", "same", "backwards"]))
    t = draw(values) if clock == "any" else np.arange(float(count)) * draw(st.floats(0.01, 5000.0))
    t = {"same": np.zeros(count), "backwards": t[::-1].copy()}.get(clock, t)
    clicks = np.array(draw(st.lists(anything | st.floats(0.0, 5000.0), max_size=8)), np.float64)
    return replace(BASE, t=t, x=draw(values), y=draw(values), click_t=clicks, click_x=clicks, click_y=clicks)


@st.composite
def contexts(draw: st.DrawFn) -> GameContext:
    count = draw(st.integers(0, 5))
    columns = [np.array(draw(st.lists(near, min_size=count, max_size=count)), np.float64) for _ in range(4)]
    return GameContext(*columns)


@given(sessions(), contexts())
def test_a_row_is_finite_or_nan(session: Session, context: GameContext) -> None:
    for row in (extract(session), extract(session, context)):
        assert row.shape == (len(NAMES),)
        assert not np.isinf(row).any()
    for feature, number in zip(CATALOGUE, extract(session).tolist(), strict=True):
        if feature.role == "evidence":
            assert number >= 0.0


@given(st.lists(sessions(), min_size=1, max_size=4))
def test_rows_do_not_know_one_another(several: list[Session]) -> None:
    rows = extract_many(several)
    for row, session in zip(rows, several, strict=True):
        assert row.tobytes() == extract(session).tobytes()


@given(st.integers(0, 2**32 - 1), st.integers(1, 20_000))
def test_a_cut_session_has_a_row(seed: int, kept: int) -> None:
    session = human_session(np.random.default_rng(seed), targets=4)
    cut = replace(session, t=session.t[:kept], x=session.x[:kept], y=session.y[:kept])
    assert not np.isinf(extract(cut)).any()
