"""How the speed rises and falls over the time of the strokes, and what corrects the part that covers the distance."""

from __future__ import annotations

import numpy as np

from playproof.features.numbers import NAN, Floats, mean, share
from playproof.features.strokes import POINTS, Strokes

_TIME = (np.arange(POINTS) + 0.5) / POINTS
_TIMES = np.stack((_TIME, _TIME**2), axis=1) / POINTS
_BELL = 30.0 * _TIME**2 * (1.0 - _TIME) ** 2
_HALF = POINTS // 2
_PLACES = np.arange(POINTS - 1)
_SLOW = 0.25
_LEAST_PEAK = 0.15
"""Of the stroke's highest speed: lower peaks are ripple."""


def profiles(strokes: Strokes) -> tuple[dict[str, Floats], dict[str, float]]:
    """Shape of each stroke's speed profile, and what is told of all strokes at once."""
    profile = strokes.profile
    count = len(profile)
    turn = profile.argmax(axis=1)
    top = profile[np.arange(count), turn]
    centre, square = (profile @ _TIMES).T
    off = profile - _BELL
    slow = profile < (_SLOW * top)[:, None]
    rises = profile[:, 1:] > profile[:, :-1]
    peaks = np.add.reduce(rises[:, :-1] & ~rises[:, 1:] & (profile[:, 1:-1] > (_LEAST_PEAK * top)[:, None]), axis=1, dtype=np.float64)
    again = rises & (turn[:, None] <= _PLACES)
    valley = again.argmax(axis=1)
    covered = strokes.along[np.arange(count), valley]
    covered[valley == 0] = NAN  # a stroke cannot speed up again before its second point
    halves = 1.0 / (_HALF * count)
    quantities = {
        "peak": turn * (1.0 / POINTS),
        "top": top,
        "centre": centre,
        "width": np.sqrt(np.maximum(square - centre * centre, 0.0)),
        "bell": np.sqrt(np.add.reduce(off * off, axis=1) * (1.0 / POINTS)),
        "covered": covered,
        "peaks": peaks,
    }
    corrected = covered[valley > 0]
    return quantities, {
        "slow_head_share": int(np.count_nonzero(slow[:, :_HALF])) * halves,
        "slow_tail_share": int(np.count_nonzero(slow[:, _HALF:])) * halves,
        "profile_peaks": mean(peaks),
        "corrected_share": corrected.size / count,
        "primary_over_share": share(corrected > 1.0),
    }
