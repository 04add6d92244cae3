"""Made-up sessions for the benchmarks: 800 movements at 60 Hz, reaching for targets and clicking them."""

from __future__ import annotations

import json

import numpy as np

MOVEMENTS = 800
SESSIONS = 200
STEP_MS = 1000 / 60
REACH = 40


def bodies(form: str, sessions: int = SESSIONS, movements: int = MOVEMENTS, seed: int = 1) -> list[bytes]:
    """JSON bodies in the `rows` or the `columns` form, each another session, none with an id."""
    rng = np.random.default_rng(seed)
    return [_body(form, rng, movements) for _ in range(sessions)]


def _body(form: str, rng: np.random.Generator, movements: int) -> bytes:
    share = (np.arange(movements) % REACH) / REACH
    eased = share**3 * (10 - 15 * share + 6 * share**2)  # least jerk between two points
    reach = np.arange(movements) // REACH
    spots = rng.uniform([60, 60], [1200, 700], size=(movements // REACH + 2, 2))
    path = spots[reach] + (spots[reach + 1] - spots[reach]) * eased[:, None] + rng.normal(0, 1.2, size=(movements, 2))
    t = np.cumsum(rng.normal(STEP_MS, 0.4, movements).clip(4))
    last = np.arange(REACH - 1, movements, REACH)
    x, y = np.round(path).T.tolist()
    times = np.round(t, 1).tolist()
    if form == "columns":
        moves: object = {"t": times, "x": x, "y": y}
        clicks: object = {"t": [times[i] for i in last], "x": [x[i] for i in last], "y": [y[i] for i in last]}
    else:
        moves = [{"x": a, "y": b, "timestamp": c, "isTrusted": True} for a, b, c in zip(x, y, times, strict=True)]
        clicks = [{"x": x[i], "y": y[i], "timestamp": times[i], "targetHit": True} for i in last]
    session = {"gameType": "targets", "deviceType": "mouse", "durationMs": times[-1], "movements": moves, "clicks": clicks}
    return json.dumps(session, separators=(",", ":")).encode()
