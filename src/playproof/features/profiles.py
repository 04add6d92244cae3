"""How the speed rises and falls over the time of the strokes."""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import Floats, mean, median, rising, spread
from playproof.features.strokes import POINTS, Strokes

_TIME = (np.arange(POINTS) + 0.5) / POINTS
_TIMES = np.stack((_TIME, _TIME**2), axis=1) / POINTS
_BELL = 30.0 * _TIME**2 * (1.0 - _TIME) ** 2
_HALF = POINTS // 2
_SLOW = 0.25


def profiles(strokes: Strokes, peaks: Floats) -> dict[str, float]:
    """Shape of the strokes' speed profiles; `peaks` (s,) are a stroke's speed peaks."""
    profile = strokes.profile
    top = np.maximum.reduce(profile, axis=1)
    peak = profile.argmax(axis=1) * (1.0 / POINTS)
    centre, square = (profile @ _TIMES).T
    width = np.sqrt(np.maximum(square - centre * centre, 0.0))
    off = profile - _BELL
    bell = np.sqrt(np.add.reduce(off * off, axis=1) * (1.0 / POINTS))
    slow = profile < (_SLOW * top)[:, None]
    tops, times, centres, widths, bells = rising(np.array((top, peak, centre, width, bell)))
    cells = 1.0 / (_HALF * len(profile))
    return {
        "peak_time": median(times),
        "peak_to_mean": median(tops),
        "peak_to_mean_spread": spread(tops),
        "profile_centre": median(centres),
        "profile_centre_spread": spread(centres),
        "profile_width": median(widths),
        "bell_misfit": median(bells),
        "slow_head_share": int(np.count_nonzero(slow[:, :_HALF])) * cells,
        "slow_tail_share": int(np.count_nonzero(slow[:, _HALF:])) * cells,
        "profile_peaks": mean(peaks),
    }
