"""How the pointer comes to a click and rests there.

Some recorders give the press as the click and some the release, so that only what holds for both is measured: the rest
that the click lies in, and the movement before it.
"""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import mean, median, quantile, ratio, rising, share
from playproof.features.path import STEP_S, Path
from playproof.features.strokes import Strokes

_BEFORE = np.arange(-40, 0)
"""Places looked back from a click."""
_FINAL = 10
"""The last of them, right before the click."""
_HOLD = 5
"""Places on either side of a click in which the hand presses and lets go."""
_LARGEST_DRIFT_PX = 100.0
_SHORT_PX = 60.0
"""A shorter stroke before a click corrects the one before it."""


def clicks(path: Path, strokes: Strokes) -> dict[str, float]:
    """The rest around clicks and the approach to them."""
    click = path.clicks
    if not click.size:
        return {}
    moving = path.moving.nonzero()[0]
    edges = np.empty(moving.size + 2)
    edges[0] = edges[-1] = np.nan  # a rest at either end of the path may have been longer
    edges[1:-1] = moving
    after = moving.searchsorted(click)
    dwell = (edges[after + 1] - edges[after] - 1.0) * STEP_S
    drift = path.travelled.take(click + _HOLD, mode="clip") - path.travelled.take(click - _HOLD, mode="clip")
    before = path.speed.take(click[:, None] + _BEFORE, mode="clip")
    peak_before = (len(_BEFORE) - before.argmax(axis=1)) * STEP_S
    last_px = strokes.px.take(strokes.start.searchsorted(click, side="right") - 1, mode="clip")
    final = np.add.reduce(before[:, -_FINAL:], axis=1) * (1.0 / _FINAL)
    top = np.maximum.reduce(before, axis=1)
    dwells, lasts, tops, times = rising(np.array((dwell, final, top, peak_before)))
    return {
        "click_dwell": median(dwells),
        "click_dwell_low": quantile(dwells, 0.1),
        "click_drift": mean(np.minimum(drift, _LARGEST_DRIFT_PX)),
        "click_short_share": share(last_px < _SHORT_PX),
        "click_final_speed": ratio(median(lasts), median(tops)),
        "click_peak_before": median(times),
    }
