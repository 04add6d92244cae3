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
    after = moving.searchsorted(click)
    dwell = (moving[np.minimum(after, moving.size - 1)] - moving[np.maximum(after - 1, 0)] - 1) * STEP_S
    dwell[(after == 0) | (after == moving.size)] = np.nan
    ends = path.travelled.size - 1
    drift = path.travelled[np.minimum(click + _HOLD, ends)] - path.travelled[np.maximum(click - _HOLD, 0)]
    at = np.maximum(click[:, None] + _BEFORE, 0)
    before = path.speed[at]
    peak_before = (len(_BEFORE) - before.argmax(axis=1)) * STEP_S
    stroke = np.maximum(strokes.start.searchsorted(click, side="right") - 1, 0)
    final = np.add.reduce(before[:, -_FINAL:], axis=1) * (1.0 / _FINAL)
    dwells, lasts, tops, times = rising(np.array((dwell, final, np.maximum.reduce(before, axis=1), peak_before)))
    return {
        "click_dwell": median(dwells),
        "click_dwell_low": quantile(dwells, 0.1),
        "click_drift": mean(np.minimum(drift, _LARGEST_DRIFT_PX)),
        "click_short_share": share(strokes.px[stroke] < _SHORT_PX),
        "click_final_speed": ratio(median(lasts), median(tops)),
        "click_peak_before": median(times),
    }
