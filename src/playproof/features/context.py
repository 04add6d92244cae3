"""What the server's own knowledge of the targets adds: aim and reaction. Never fed to the embedded model."""

from __future__ import annotations

import numpy as np

from playproof.compiled import kernel
from playproof.features.numbers import NAN, Floats
from playproof.features.path import STEP_MS, trace
from playproof.features.strokes import split
from playproof.telemetry import GameContext, Session


def context_features(session: Session, context: GameContext) -> dict[str, float]:
    """Aim at and reaction to the targets of a game, by feature."""
    aims, waits = np.empty(0), np.empty(0)
    if context.t.size:
        aims = _aim(session, context) if session.click_t.size else aims
        begins = stroke_times(session.t, session.x, session.y, session.click_t)
        after = np.searchsorted(begins, context.t, side="left")
        known = after < begins.size
        waits = begins[after[known]] - context.t[known]
    return {
        "aim_error": _quantile(aims, 0.5),
        "aim_error_spread": _spread(aims),
        "reaction_time": _quantile(waits, 0.5),
        "reaction_time_spread": _spread(waits),
    }


@kernel("f8[::1](Array(f8, 1, 'A', True), Array(f8, 1, 'A', True), Array(f8, 1, 'A', True), Array(f8, 1, 'A', True))")
def stroke_times(t: Floats, x: Floats, y: Floats, click_t: Floats) -> Floats:
    """When each stroke (s,) of a session begins, ms on the session's clock."""
    path = trace(t, x, y, click_t)
    start = split(path).start
    result = np.empty(start.size)
    event = 0
    for i in range(start.size):
        at = (start[i] + 1) * STEP_MS
        while event < path.clock.size - 2 and path.clock[event + 1] <= at:
            event += 1
        slope = (path.times[event + 1] - path.times[event]) / (path.clock[event + 1] - path.clock[event])
        result[i] = path.times[event] + slope * (at - path.clock[event])
    return result


def _aim(session: Session, context: GameContext) -> Floats:
    """Each click's distance (m,) from the centre of the nearest target that had appeared, over its radius; none for clicks before."""
    distance = np.hypot(session.click_x[:, None] - context.x, session.click_y[:, None] - context.y) / np.maximum(context.radius, 1.0)
    distance[session.click_t[:, None] < context.t] = np.inf
    nearest: Floats = distance.min(axis=1)
    return nearest[np.isfinite(nearest)]


def _quantile(values: Floats, level: float) -> float:
    return float(np.quantile(values, level)) if values.size else NAN


def _spread(values: Floats) -> float:
    return _quantile(values, 0.75) - _quantile(values, 0.25) if values.size >= 3 else NAN
