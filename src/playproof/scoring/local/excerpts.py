"""Parts of sessions: the same movement, seen for less time.

A classifier that sees short play of few people takes being short for a sign. So it is shown parts of long play as well, of
people and of bots alike.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from playproof.telemetry.session import Session

_SHARES = 0.25, 0.8
"""Of a session's time that a part lasts."""
_SHORTEST = 20
"""Fewer movements than this show nothing."""


def excerpt(session: Session, rng: np.random.Generator) -> Session | None:
    """A part of `session`, of random length and place, its clock starting at 0; `None` where there is too little of it."""
    if len(session.t) < _SHORTEST:
        return None
    first, last = float(session.t.min()), float(session.t.max())
    length = rng.uniform(*_SHARES) * (last - first)
    start = first + rng.uniform() * (last - first - length)
    moves = (session.t >= start) & (session.t <= start + length)
    clicks = (session.click_t >= start) & (session.click_t <= start + length)
    if moves.sum() < _SHORTEST:
        return None
    return replace(
        session,
        id=None,
        duration_ms=length,
        t=session.t[moves] - start,
        x=session.x[moves],
        y=session.y[moves],
        trusted=session.trusted[moves] if session.trusted is not None else None,
        click_t=session.click_t[clicks] - start,
        click_x=session.click_x[clicks],
        click_y=session.click_y[clicks],
        click_hit=session.click_hit[clicks] if session.click_hit is not None else None,
    )
