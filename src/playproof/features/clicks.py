"""How the pointer comes to a click and rests there.

Some recorders give the press as the click and some the release, so that only what holds for both is measured: the rest
that the click lies in, and the movement before it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.numbers import NAN, Floats, median_of, quantile_of, ratio, spread_of
from playproof.features.path import STEP_S, Path
from playproof.features.strokes import Strokes

_BEFORE = 40
"""Places looked back from a click."""
_FINAL = 10
"""The last of them, right before the click."""
_HOLD = 5
"""Places on either side of a click in which the hand presses and lets go."""
_LARGEST_DRIFT_PX = 100.0
_SLIP_PX = (0.5, 6.0)
_SHORT_PX = 60.0
"""A shorter stroke before a click corrects the one before it."""


class Clicks(NamedTuple):
    """The rest around clicks and the approach to them; the catalogue says what each is."""

    click_dwell: float
    click_dwell_low: float
    click_dwell_spread: float
    click_drift: float
    click_slip_share: float
    click_short_share: float
    click_final_speed: float
    click_peak_before: float


_UNKNOWN = Clicks(*[NAN] * len(Clicks._fields))


@compiled
def clicks(path: Path, strokes: Strokes) -> Clicks:
    """The rest around clicks and the approach to them."""
    count, end = path.clicks.size, path.speed.size
    if not count:
        return _UNKNOWN
    dwells, tops, finals, times = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    behind, ahead = -1, 0  # the nearest places in motion before the click, and from it on
    last = 0  # the stroke that last began before the click, or else the first
    rests = short = slips = 0
    drift = 0.0
    for k in range(count):
        click = path.clicks[k]
        while ahead < end and (ahead < click or not path.moving[ahead]):
            if path.moving[ahead]:
                behind = ahead
            ahead += 1
        if behind >= 0 and ahead < end:  # a rest at either end of the path may have been longer
            dwells[rests] = (ahead - behind - 1.0) * STEP_S
            rests += 1
        way = path.travelled[min(click + _HOLD, end)] - path.travelled[max(click - _HOLD, 0)]
        drift += min(way, _LARGEST_DRIFT_PX)
        slips += _SLIP_PX[0] <= way < _SLIP_PX[1]
        while last + 1 < strokes.start.size and strokes.start[last + 1] <= click:
            last += 1
        short += strokes.px[last] < _SHORT_PX
        tops[k], finals[k], times[k] = _approach(path.speed, click)
    return Clicks(
        click_dwell=median_of(dwells[:rests]),
        click_dwell_low=quantile_of(dwells[:rests], 0.1),
        click_dwell_spread=ratio(spread_of(dwells[:rests]), median_of(dwells[:rests])),
        click_drift=drift / count,
        click_slip_share=slips / count,
        click_short_share=short / count,
        click_final_speed=ratio(median_of(finals), median_of(tops)),
        click_peak_before=median_of(times),
    )


@compiled
def _approach(speed: Floats, click: int) -> tuple[float, float, float]:
    """The highest speed before a click, the mean of the last places there, and the seconds from the former to the click."""
    top, final, peak = -1.0, 0.0, 0
    for before in range(_BEFORE, 0, -1):
        here = speed[max(click - before, 0)]
        if here > top:
            top, peak = here, before
        if before <= _FINAL:
            final += here
    return top, final / _FINAL, peak * STEP_S
