"""Altered recordings: what an attacker makes of people's tracks, and what another recorder makes of the same people.

`morph_session` turns a person's session into a bot's: moves cut out, bent to other targets, smoothed, or made
anew between the person's own pauses. It is a counterexample. `rerecord` leaves the movement a person's and changes only how it was logged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from playproof.scoring.local.made.borrowing import Borrower, Borrowing, smoothed
from playproof.scoring.local.made.families import Habits
from playproof.scoring.local.made.moves import Floats, Move, Rng
from playproof.scoring.local.made.play import Mover, logged, play
from playproof.telemetry.session import Session

MORPHS = ("morph-moves", "morph-blend", "morph-smooth", "morph-replaced", "morph-borrowed")
LIBRARY = "morph-library"
"""Made of several people's sessions."""

_REPLACING = (
    "made-hand-submovements",
    "made-hand-lognormal",
    "made-hand-profile",
    "made-bezier-noise",
    "made-profile-noise",
    "made-lognormal",
    "made-submovements",
    "made-steered",
)
_PAUSE_MS = 120.0
_SHORTEST = 8
_FEWEST = 3
_LEG_PX = 40.0
_LONGEST_LEG_MS = 3000.0


def morph_session(family: str, session: Session, rng: Rng) -> Session | None:
    """A bot's session of a member of `MORPHS` made of a person's; `None` where there is too little to make it of."""
    if family == "morph-borrowed":
        return library_session([session], rng)
    moves = cut(session)
    if len(moves) < _FEWEST:
        return None
    match family:
        case "morph-moves" | "morph-blend":
            return play(_borrower(moves, family == "morph-blend", rng), rng)
        case "morph-smooth":
            width = rng.uniform(25.0, 90.0)
            moves = [(t, smoothed(t, p, width)) for t, p in moves]
        case _:
            habits = Habits.draw(str(rng.choice(_REPLACING)), rng)
            moves = [_replaced(move, habits, rng) for move in moves]
    t = np.concatenate([t for t, _ in moves])
    p = np.concatenate([p for _, p in moves])
    clicks = np.stack([session.click_t, session.click_x, session.click_y], axis=1)
    return logged(t, p, clicks, rng)


def library_session(sessions: Sequence[Session], rng: Rng) -> Session | None:
    """A bot's session of moves borrowed from some people's sessions; `None` where there is too little to make it of."""
    parts = legs if rng.random() < 0.5 else cut
    moves = [move for session in sessions for move in parts(session)]
    return play(Borrower(moves, Borrowing.draw(rng)).move, rng) if len(moves) >= _FEWEST else None


def legs(session: Session) -> list[Move]:
    """The moves of a session from click to click, hesitations and all, in the session's own time; short ones are left out."""
    t, p = _track(session)
    pieces = np.split(np.arange(len(t)), t.searchsorted(np.sort(session.click_t)))[1:-1]
    moves = [(t[piece], p[piece]) for piece in pieces if len(piece) >= _SHORTEST]
    return [(t, p) for t, p in moves if float(np.hypot(*(p[-1] - p[0]))) > _LEG_PX and t[-1] - t[0] <= _LONGEST_LEG_MS]


def cut(session: Session) -> list[Move]:
    """The moves of a session between pauses, in the session's own time; short ones are left out."""
    t, p = _track(session)
    breaks = np.flatnonzero(np.diff(t) > _PAUSE_MS) + 1
    pieces = zip(np.split(t, breaks), np.split(p, breaks), strict=True)
    return [(t, p) for t, p in pieces if len(t) >= _SHORTEST and float(np.hypot(*(p[-1] - p[0]))) > 20.0]


def _track(session: Session) -> Move:
    """Times (n,), rising, and places (n, 2) of a session."""
    order = np.argsort(session.t, kind="stable")
    t = session.t[order]
    p = np.stack([session.x[order], session.y[order]], axis=1)
    fresh = np.append(True, np.diff(t) > 0.0)[: len(t)]
    return t[fresh], p[fresh]


def _borrower(moves: Sequence[Move], blend: bool, rng: Rng) -> Mover:
    """A mover that turns and scales people's moves on to its own targets; with `blend`, it also mixes, bends and retimes them."""
    lengths = np.array([float(np.hypot(*(p[-1] - p[0]))) for _, p in moves])
    keep_time = rng.random() < 0.5
    mixes, bends, warps = (bool(flag) and blend for flag in rng.random(3) < 0.6)

    def move(start: Floats, end: Floats, _duration: float, step: float, rng: Rng) -> Move:
        distance = float(np.hypot(*(end - start)))
        near = rng.permutation(np.argsort(np.abs(np.log(lengths / distance)))[:4])
        t, _ = moves[near[0]]
        lasts = float(t[-1] - t[0])
        if not keep_time:
            lasts *= float(np.clip(distance / lengths[near[0]], 0.5, 2.0)) ** 0.5
        at = np.append(np.arange(0.0, lasts, step), lasts)
        u = _warped(at / lasts, rng) if warps else at / lasts
        z = _shape(moves[near[0]], u, rng)
        if mixes and len(near) > 1:
            share = rng.uniform(0.2, 0.5)
            z = (1.0 - share) * z + share * _shape(moves[near[1]], u, rng)
        z = z * complex(*(end - start))
        if bends:
            knots = rng.normal(0.0, 0.04 * distance, (2, 4))
            knots[:, [0, -1]] = 0.0
            z = z + np.interp(u, np.linspace(0.0, 1.0, 4), knots[0]) + 1j * np.interp(u, np.linspace(0.0, 1.0, 4), knots[1])
        return at, start + np.stack([z.real, z.imag], axis=1)

    return move


def _shape(move: Move, u: Floats, rng: Rng) -> NDArray[np.complex128]:
    """(n,) a move as a curve from 0 to 1 in the complex plane at shares `u` of its time; mirrored now and then."""
    t, p = move
    own = (p[:, 0] - p[0, 0]) + 1j * (p[:, 1] - p[0, 1])
    own = own / own[-1]
    share = (t - t[0]) / float(t[-1] - t[0])
    z: NDArray[np.complex128] = np.interp(u, share, own.real) + 1j * np.interp(u, share, own.imag)
    mirrored: NDArray[np.complex128] = z.conj()
    return mirrored if rng.random() < 0.3 else z


def _warped(u: Floats, rng: Rng) -> Floats:
    """`u` (n,), from 0 to 1, under a clock that runs fast and slow."""
    ticks = np.append(0.0, np.cumsum(np.exp(rng.normal(0.0, 0.4, 5))))
    warped: Floats = np.interp(u, np.linspace(0.0, 1.0, 6), ticks / ticks[-1])
    return warped


def _replaced(move: Move, habits: Habits, rng: Rng) -> Move:
    """A made move from and to where the person's went, in about their time."""
    t, p = move
    made_t, made_p = habits.move(p[0], p[-1], float(t[-1] - t[0]), float(np.median(np.diff(t))), rng)
    lasts = min(1.0, float(t[-1] - t[0]) / float(made_t[-1]))
    return t[0] + made_t * lasts, made_p


def rerecord(session: Session, rng: Rng) -> Session:
    """The same movement as another screen, mouse and browser would have logged it."""
    scale = float(np.exp(rng.uniform(np.log(0.6), np.log(1.6))))
    slower = float(np.exp(rng.normal(0.0, 0.08)))
    t, x, y = session.t * slower, session.x * scale, session.y * scale
    period = 1000.0 / float(rng.choice([60.0, 75.0, 100.0, 125.0, 144.0]))
    frame = np.floor((t + rng.uniform(0.0, period)) / period)
    last = np.append(frame[1:] != frame[:-1], True) if len(t) else np.zeros(0, dtype=bool)
    t, x, y = t[last], x[last], y[last]
    if rng.random() < 0.7:
        x, y = np.round(x), np.round(y)
    return Session(
        id=None,
        game_type=session.game_type,
        device_type=session.device_type,
        duration_ms=session.duration_ms * slower,
        t=t,
        x=x,
        y=y,
        trusted=session.trusted[last] if session.trusted is not None else None,
        click_t=session.click_t * slower,
        click_x=session.click_x * scale,
        click_y=session.click_y * scale,
        click_hit=session.click_hit,
        hits=session.hits,
        misses=session.misses,
        ignored_fields=session.ignored_fields,
    )
