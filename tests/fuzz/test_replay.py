"""Whatever can be decoded has a signature, which can be looked up and compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from playproof.challenges.memory_index import MemoryIndex
from playproof.challenges.replay import compare, nearest
from playproof.challenges.shape import WIDTH, shapes_of
from playproof.challenges.signature import MOST_STROKES, Signature, sign, strokes_of
from playproof.telemetry import Session
from playproof.testing import human_session

BASE = human_session(np.random.default_rng(0))
KNOWN = [sign(human_session(np.random.default_rng(seed))) for seed in range(3)]
INDEX = MemoryIndex(KNOWN)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """Events at random, or a play with some of its numbers replaced or all of them blown up."""
    numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-2000, 2000).map(float)
    if draw(st.booleans()):
        count = draw(st.integers(0, 80))
        columns = [np.array(draw(st.lists(numbers, min_size=count, max_size=count)), np.float64) for _ in range(3)]
        return replace(BASE, t=columns[0], x=columns[1], y=columns[2])
    t, x, y = (column * draw(st.sampled_from([1.0, 1e-9, 3.0, 1e6, 1e300])) for column in (BASE.t, BASE.x, BASE.y))
    for column in (t, x, y):
        for place in draw(st.lists(st.integers(0, len(t) - 1), max_size=5)):
            column[place] = draw(numbers)
    return replace(BASE, t=t, x=x, y=y)


@given(sessions(), st.sampled_from([0.63, 1.0, 1.6]))
def test_anything_has_a_signature(session: Session, rate: float) -> None:
    shapes = shapes_of(session.t, session.x, session.y, rate)
    assert shapes.shape[1] == WIDTH
    assert np.isfinite(shapes).all()
    signature = sign(session, rate)
    assert len(signature.times) <= MOST_STROKES
    assert np.isfinite(strokes_of(signature.codes, signature.times)).all()
    again = Signature.unpack(signature.pack())
    assert again.codes.tobytes() == signature.codes.tobytes()


@given(sessions())
def test_anything_can_be_looked_up(session: Session) -> None:
    match = nearest(session, INDEX)
    assert match is None or (0 <= match.number < len(INDEX) and np.isfinite(match.log_odds))
    odds = compare(sign(session), KNOWN)
    assert np.isfinite(odds).all()
    assert (odds >= 0.0).all()


@given(st.lists(st.integers(-128, 127), max_size=36), st.lists(st.integers(0, 65535), min_size=3, max_size=3))
def test_any_codes_can_be_compared(numbers: list[int], times: list[int]) -> None:
    count = min(len(numbers) // 12, 3)
    codes = np.array(numbers[: 12 * count], np.int8).reshape(count, 12)
    strange = Signature(codes, np.array(times[:count], np.uint16))
    assert np.isfinite(compare(strange, KNOWN)).all()
    assert np.isfinite(compare(KNOWN[0], [strange, *KNOWN])).all()
    assert len(MemoryIndex([strange])) == 1
