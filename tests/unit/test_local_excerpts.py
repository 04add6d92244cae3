"""Parts of sessions: nothing in them that the session did not hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from playproof.scoring.local.excerpts import excerpt
from playproof.testing import human_session


def test_a_part_is_a_run_of_the_session_on_a_clock_of_its_own() -> None:
    rng = np.random.default_rng(1)
    session = human_session(rng)
    for _ in range(20):
        part = excerpt(session, rng)
        assert part is not None
        first = int(np.flatnonzero(session.x == part.x[0])[0])
        assert any(
            np.array_equal(session.x[at : at + len(part.x)], part.x) and np.array_equal(session.y[at : at + len(part.y)], part.y)
            for at in range(first, len(session.x))
        )
        assert part.t.min() >= 0.0
        assert part.t.max() <= part.duration_ms < session.duration_ms
        assert ((part.click_t >= 0.0) & (part.click_t <= part.duration_ms)).all()
        assert part.id is None


def test_too_little_has_no_parts() -> None:
    session = human_session(np.random.default_rng(2))
    few = replace(session, t=session.t[:19], x=session.x[:19], y=session.y[:19], trusted=None)
    assert excerpt(few, np.random.default_rng(3)) is None
