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

from dataclasses import dataclass

import numpy as np

from playproof.features.numbers import Floats, Mask, Places
from playproof.telemetry import Session

STEP_MS = 20.0
"""Width of a cell."""
STEP_S = STEP_MS / 1000.0
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
FEWEST_CELLS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """A session's path in n cells of `STEP_MS`, and its velocity in the m = n - 1 places between them."""

    cells: Floats
    """(2, n) mean position in each cell, px from the first event."""
    smooth: Floats
    """(2, n) the same after the binomial filter."""
    velocity: Floats
    """(2, m) px/s."""
    speed: Floats
    """(m,) px/s."""
    moving: Mask
    """(m,) bool, speed above `MOVING_PX_S`."""
    travelled: Floats
    """(m + 1,) px of smoothed path before each cell."""
    clicks: Places
    """(c,) the place in `speed` at each click, in order of time; clicks outside of the path are left out."""
    session_ms: Floats
    """(m,) the session's own time at each place of `speed`, rests uncut."""


def trace(session: Session) -> Path | None:
    """The path of a session; `None` where it is too short to have a velocity and an acceleration."""
    t, x, y = _clean(session)
    if t.size < 3:
        return None
    t, clock, x, y = _rested(t, x, y)
    ends = int(np.searchsorted(clock, LONGEST_PATH_MS, side="right"))
    clock, places = clock[:ends], np.stack((x[:ends], y[:ends]))
    cells = _averaged(clock, places)
    if cells.shape[1] < FEWEST_CELLS + 1:
        return None
    smooth = _smoothed(cells)
    velocity = (smooth[:, 1:] - smooth[:, :-1]) / STEP_S
    speed = np.hypot(velocity[0], velocity[1])
    travelled = np.concatenate(((0.0,), np.cumsum(speed))) * STEP_S
    session_ms = np.interp(np.arange(1, speed.size + 1) * STEP_MS, clock, t[:ends])
    clicks = _clicks(session, t[:ends], clock, speed.size)
    return Path(cells, smooth, velocity, speed, speed > MOVING_PX_S, travelled, clicks, session_ms)


def _clean(session: Session) -> tuple[Floats, Floats, Floats]:
    """Times (n,) that rise and whole positions (n,) of which no two neighbours are equal."""
    t = np.clip(session.t, -LARGEST_MS, LARGEST_MS)
    x = np.clip(np.rint(session.x), -LARGEST_PX, LARGEST_PX)
    y = np.clip(np.rint(session.y), -LARGEST_PX, LARGEST_PX)
    if t.size < 2:
        return t, x, y
    later = t[1:] > t[:-1]
    if not later.all():
        order = np.argsort(t, kind="stable")
        t, x, y = t[order], x[order], y[order]
        last = np.append(t[1:] > t[:-1], True)
        t, x, y = t[last], x[last], y[last]
    moved = np.concatenate(((True,), (x[1:] != x[:-1]) | (y[1:] != y[:-1])))
    if not moved.all():
        t, x, y = t[moved], x[moved], y[moved]
    return t, x - x[0], y - y[0]


def _rested(t: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Events with one more at the end of each rest: own time, time with rests cut, x, y."""
    gap = t[1:] - t[:-1]
    rests = np.flatnonzero(gap > REST_MS)
    if rests.size:
        t = np.insert(t, rests + 1, t[rests + 1] - LEAD_MS)
        x = np.insert(x, rests + 1, x[rests])
        y = np.insert(y, rests + 1, y[rests])
        gap = np.minimum(t[1:] - t[:-1], LONGEST_REST_MS)
    return t, np.concatenate(((0.0,), np.cumsum(gap))), x, y


def _averaged(clock: Floats, places: Floats) -> Floats:
    """The mean of the straight lines through `places` (2, n) at `clock` (n,) over cells of `STEP_MS`, by the exact integral."""
    gap = clock[1:] - clock[:-1]
    rise = places[:, 1:] - places[:, :-1]
    area = np.zeros_like(places)
    np.cumsum((places[:, :-1] + 0.5 * rise) * gap, axis=1, out=area[:, 1:])
    edges = np.arange(int(clock[-1] / STEP_MS) + 1) * STEP_MS
    before = np.minimum(np.searchsorted(clock, edges, side="right") - 1, gap.size - 1)
    into = edges - clock[before]
    halves = 0.5 * rise[:, before] / gap[before]
    integral = area[:, before] + (places[:, before] + halves * into) * into
    means: Floats = (integral[:, 1:] - integral[:, :-1]) / STEP_MS
    return means


def _smoothed(cells: Floats) -> Floats:
    """The binomial filter 1-4-6-4-1 along the cells, the ends continued."""
    wide = np.concatenate((cells[:, :1], cells[:, :1], cells, cells[:, -1:], cells[:, -1:]), axis=1)
    pairs = wide[:, 1:] + wide[:, :-1]
    pairs = pairs[:, 1:] + pairs[:, :-1]
    pairs = pairs[:, 1:] + pairs[:, :-1]
    result: Floats = (pairs[:, 1:] + pairs[:, :-1]) * 0.0625
    return result


def _clicks(session: Session, t: Floats, clock: Floats, places: int) -> Places:
    times = np.sort(np.clip(session.click_t, -LARGEST_MS, LARGEST_MS))
    times = times[(times >= t[0]) & (times <= t[-1] + LONGEST_REST_MS)]
    place: Places = (np.interp(times, t, clock) / STEP_MS).astype(np.intp)
    place = np.minimum(place, places - 1)
    return place
