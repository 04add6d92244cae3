"""What the server's own knowledge of the targets adds: aim and reaction. Never fed to the embedded model."""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import Floats, median, rising, spread
from playproof.features.path import STEP_MS, Path
from playproof.features.strokes import Strokes
from playproof.telemetry import GameContext, Session


def context_features(session: Session, context: GameContext, path: Path, strokes: Strokes | None) -> dict[str, float]:
    """Aim at and reaction to the targets of a game."""
    if not context.t.size:
        return {}
    result: dict[str, float] = {}
    if session.click_t.size:
        (aim,) = rising(_aim(session, context)[None])
        result = {"aim_error": median(aim), "aim_error_spread": spread(aim)}
    if strokes is not None:
        begins = np.interp((strokes.start + 1) * STEP_MS, path.clock, path.times)
        after = np.searchsorted(begins, context.t, side="left")
        waited = begins[np.minimum(after, begins.size - 1)] - context.t
        waited[after == begins.size] = np.nan
        (waits,) = rising(waited[None])
        result |= {"reaction_time": median(waits), "reaction_time_spread": spread(waits)}
    return result


def _aim(session: Session, context: GameContext) -> Floats:
    """Each click's distance (m,) from the centre of the nearest target that had appeared, over its radius; NaN before the first."""
    distance = np.hypot(session.click_x[:, None] - context.x, session.click_y[:, None] - context.y) / np.maximum(context.radius, 1.0)
    distance[session.click_t[:, None] < context.t] = np.inf
    nearest: Floats = distance.min(axis=1)
    nearest[np.isinf(nearest)] = np.nan
    return nearest
