"""How the pointer comes to a click and rests there.

Some recorders give the press as the click and some the release, so that only what holds for both is measured: the rest
that the click lies in, and the movement before it.
"""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import median, ordered, quantile, ratio, spread
from playproof.features.path import STEP_S, Path
from playproof.features.strokes import Strokes

_BEFORE = 40
"""Places looked back from a click."""
_FINAL = 10
"""The last of them, right before the click."""
_SHORTEST_WAY_PX = 20.0


def clicks(path: Path, strokes: Strokes) -> dict[str, float]:
    """The rest around clicks and the approach to them."""
    click = path.clicks
    if not click.size or not strokes.start.size:
        return {}
    place = np.arange(path.speed.size)
    last_moving = np.maximum.accumulate(np.where(path.moving, place, -1))[click]
    next_moving = np.minimum.accumulate(np.where(path.moving, place, place.size)[::-1])[::-1][click]
    dwell = np.maximum(next_moving - last_moving - 1, 0) * STEP_S
    dwell[(last_moving < 0) | (next_moving == place.size)] = np.nan
    at = np.maximum(click[:, None] - np.arange(_BEFORE, 0, -1), 0)
    before = path.speed[at]
    peak_before = (_BEFORE - before.argmax(axis=1)) * STEP_S
    x, y = path.smooth
    start = strokes.start[np.maximum(np.searchsorted(strokes.start, click, side="right") - 1, 0)]
    to_x, to_y = x[click] - x[start], y[click] - y[start]
    way = np.hypot(to_x, to_y)
    way[way < _SHORTEST_WAY_PX] = np.nan
    past = ((x[at] - x[click][:, None]) * to_x[:, None] + (y[at] - y[click][:, None]) * to_y[:, None]).max(axis=1) / way
    dwells = ordered(dwell)
    return {
        "click_dwell": quantile(dwells, 0.5),
        "click_dwell_low": quantile(dwells, 0.1),
        "click_dwell_spread": ratio(quantile(dwells, 0.75) - quantile(dwells, 0.25), quantile(dwells, 0.5)),
        "click_moving_share": float(path.moving[click].mean()),
        "click_final_speed": ratio(median(before[:, -_FINAL:].mean(axis=1)), median(before.max(axis=1))),
        "click_peak_before": median(peak_before),
        "click_peak_before_spread": spread(peak_before),
        "click_overshoot": quantile(ordered(past), 0.75),
    }
