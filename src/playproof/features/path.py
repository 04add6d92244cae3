"""From the events of a session to an even path: cleaned, rested where nothing came, averaged in equal cells, smoothed.

Everything else in this package sees the path alone, so that a recorder's habits end here:

* positions are rounded to whole pixels first and taken from the first one, which makes translation and rounding exact;
* events are put in order of time, of several at one time the last counts, and events that do not move are dropped,
  because some recorders send them and some do not;
* where nothing came for `REST_MS` the pointer rested: it is held in place until shortly before it moves on;
* rests are cut to `LONGEST_REST_MS` and the path ends after `LONGEST_PATH_MS` of that shortened time, which bounds the cost;
* the straight lines between events are averaged over cells of `STEP_MS`, so that 250 events a second and 60 come to the
  same path but for what lies above the frequencies that both can carry; a binomial filter takes off most of the rounding.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.numbers import Floats, Mask, Places, Points, rising_order

STEP_MS = 20.0
"""Width of a cell."""
STEP_S = STEP_MS / 1000.0
SOONEST_MS = 1e-3
"""Events nearer to one another than this are at one time."""
REST_MS = 100.0
"""A longer silence is a rest, a shorter one is motion in a straight line."""
LEAD_MS = 16.0
"""How long before its first event a movement that ends a rest is taken to have begun: one frame of a browser."""
LONGEST_REST_MS = 2_000.0
LONGEST_PATH_MS = 60_000.0
LARGEST_PX = 1e6
"""Positions and times beyond any screen and any play are cut to these."""
LARGEST_MS = 1e9
MOVING_PX_S = 30.0
"""Slower than this is rest: a lone step of one pixel makes about 19 px/s after smoothing."""
FEWEST_EVENTS = 3
FEWEST_CELLS = 6


class Path(NamedTuple):
    """A session's path in n cells of `STEP_MS`, and its velocity in the m = n - 1 places between them.

    All arrays are empty where the session is too short to have a velocity and an acceleration.
    """

    cells: Points
    """(n,) mean position in each cell, px from the first event."""
    smooth: Points
    """(n,) the same after the binomial filter."""
    velocity: Points
    """(m,) px/s."""
    speed: Floats
    """(m,) px/s."""
    moving: Mask
    """(m,) speed above `MOVING_PX_S`."""
    travelled: Floats
    """(n,) px of smoothed path before each cell."""
    clicks: Places
    """(c,) the place in `speed` at each click, in order of time; clicks outside of the path are left out."""
    times: Floats
    """(e,) ms on the session's clock of the events that moved."""
    clock: Floats
    """(e,) ms of the path, rests cut, at the same events."""


@compiled
def trace(t: Floats, x: Floats, y: Floats, click_t: Floats) -> Path:
    """The path of a session's movements (k,) and its clicks (l,)."""
    times, places, clock = _clean(t, x, y)
    cells = _averaged(times, clock, places)
    smooth = _smoothed(cells)
    velocity = np.empty(max(cells.size - 1, 0), np.complex128)
    speed = np.empty(velocity.size)
    moving = np.empty(velocity.size, np.bool_)
    travelled = np.zeros(cells.size)
    total = 0.0
    for i in range(velocity.size):
        step = (smooth[i + 1] - smooth[i]) * (1.0 / STEP_S)
        velocity[i] = step
        pace = math.sqrt(step.real**2 + step.imag**2)
        speed[i] = pace
        moving[i] = pace > MOVING_PX_S
        total += pace
        travelled[i + 1] = total * STEP_S
    return Path(cells, smooth, velocity, speed, moving, travelled, _clicks(click_t, times, clock, speed.size), times, clock)


@compiled
def _clean(t: Floats, x: Floats, y: Floats) -> tuple[Floats, Points, Floats]:
    """Times (e,) that rise, whole positions (e,) from the first, of which no two neighbours are equal, and the path's clock (e,)."""
    count = t.size
    cut = np.empty(count)
    in_order = True
    for i in range(count):
        cut[i] = _cut(t[i], LARGEST_MS)
        in_order &= i == 0 or cut[i] - cut[i - 1] >= SOONEST_MS
    order = np.arange(count) if in_order else rising_order(cut)
    times, places, clock = np.empty(count), np.empty(count, np.complex128), np.empty(count)
    kept = 0
    first = place = 0j
    for i in range(count):
        now = order[i]
        if i + 1 < count and cut[order[i + 1]] - cut[now] < SOONEST_MS:
            continue
        last, place = place, complex(round(_cut(x[now], LARGEST_PX)), round(_cut(y[now], LARGEST_PX)))
        if kept == 0:
            first, clock[0] = place, 0.0
        elif place == last:
            continue
        else:
            clock[kept] = clock[kept - 1] + min(cut[now] - times[kept - 1], LONGEST_REST_MS)
            if clock[kept] > LONGEST_PATH_MS:
                break
        times[kept], places[kept] = cut[now], place - first
        kept += 1
    return times[:kept], places[:kept], clock[:kept]


@compiled
def _cut(value: float, most: float) -> float:
    """`value` between `-most` and `most`, whatever it is: places in arrays are reckoned from it."""
    return min(max(-most, value), most)


@compiled
def _averaged(times: Floats, clock: Floats, places: Points) -> Points:
    """Means (n,) over cells of `STEP_MS`, from the exact integral of the path through `places` (e,) at `clock` (e,)."""
    count = int(clock[-1] * (1.0 / STEP_MS)) if clock.size >= FEWEST_EVENTS else 0
    if count < FEWEST_CELLS:
        return np.empty(0, np.complex128)
    cells = np.empty(count, np.complex128)
    edge = 0
    area = before = 0j
    for i in range(clock.size - 1):
        # Between two events the pointer stays until `still` has passed, then goes in a straight line for `going`.
        gap = min(times[i + 1] - times[i], LONGEST_REST_MS)
        going = LEAD_MS if gap > REST_MS else gap
        still = gap - going
        start = places[i]
        rise = places[i + 1] - start
        bend = rise * (0.5 / going)
        # The end itself may be an edge.
        ends = math.ceil(clock[i + 1] * (1.0 / STEP_MS)) if i + 2 < clock.size else count + 1
        while edge < ends:
            into = edge * STEP_MS - clock[i]
            gone = max(into - still, 0.0)
            integral = area + start * into + bend * (gone * gone)
            if edge:
                cells[edge - 1] = (integral - before) * (1.0 / STEP_MS)
            before = integral
            edge += 1
        area += start * gap + rise * (0.5 * going)
    return cells


@compiled
def _smoothed(cells: Points) -> Points:
    """The binomial filter 1-4-6-4-1 along the cells (n,), the ends continued."""
    wide = np.empty(cells.size + 4, np.complex128)
    for i in range(wide.size if cells.size else 0):
        wide[i] = cells[min(max(i - 2, 0), cells.size - 1)]
    for last in range(wide.size - 1, cells.size - 1, -1):
        for i in range(last):
            wide[i] += wide[i + 1]
    for i in range(cells.size):
        wide[i] *= 0.0625
    return wide[: cells.size]


@compiled
def _clicks(click_t: Floats, times: Floats, clock: Floats, places: int) -> Places:
    """The place of each click, in order of time, among `places` of `STEP_MS`."""
    inside = np.empty(click_t.size)
    count = 0
    for click in click_t:
        if places and times[0] <= click <= times[-1] + LONGEST_REST_MS:
            inside[count] = click
            count += 1
    result = np.empty(count, np.intp)
    event = 0
    order = rising_order(inside[:count])
    for i in range(count):
        click = inside[order[i]]
        while event < times.size - 1 and times[event + 1] <= click:
            event += 1
        at = clock[event]
        if event < times.size - 1:
            at += (clock[event + 1] - clock[event]) / (times[event + 1] - times[event]) * (click - times[event])
        result[i] = min(int(at * (1.0 / STEP_MS)), places - 1)
    return result
