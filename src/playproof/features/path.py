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

from typing import NamedTuple

import numpy as np

from playproof.features.numbers import Floats, Mask, Places, Points
from playproof.telemetry import Session

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
FEWEST_CELLS = 6


_LARGEST = np.array(((LARGEST_MS,), (LARGEST_PX,), (LARGEST_PX,)))
_LEAST = -_LARGEST
_NO_PLACES = np.empty(0, np.intp)


class Path(NamedTuple):
    """A session's path in n cells of `STEP_MS`, and its velocity in the m = n - 1 places between them."""

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


def trace(session: Session) -> Path | None:
    """The path of a session; `None` where it is too short to have a velocity and an acceleration."""
    times, places = _clean(session)
    if times.size < 3:
        return None
    gap = np.minimum(times[1:] - times[:-1], LONGEST_REST_MS)
    clock = np.zeros(times.size)
    np.add.accumulate(gap, out=clock[1:])
    if clock[-1] > LONGEST_PATH_MS:
        ends = max(int(clock.searchsorted(LONGEST_PATH_MS, side="right")), 2)
        times, places, clock, gap = times[:ends], places[:ends], clock[:ends], gap[: ends - 1]
    cells = _averaged(clock, places, gap)
    if cells.size < FEWEST_CELLS:
        return None
    smooth = _smoothed(cells)
    velocity = smooth[1:] - smooth[:-1]
    velocity *= 1.0 / STEP_S
    speed = np.abs(velocity)
    travelled = np.zeros(cells.size)
    np.add.accumulate(speed, out=travelled[1:])
    travelled *= STEP_S
    clicks = _clicks(session, times, clock, speed.size)
    return Path(cells, smooth, velocity, speed, speed > MOVING_PX_S, travelled, clicks, times, clock)


def _clean(session: Session) -> tuple[Floats, Points]:
    """Times (n,) that rise and whole positions (n,) from the first, of which no two neighbours are equal."""
    rows = np.array((session.t, session.x, session.y))
    np.minimum(rows, _LARGEST, out=rows)
    np.maximum(rows, _LEAST, out=rows)
    times = rows[0]
    places = np.empty(times.size, np.complex128)
    np.rint(rows[1:], out=places.view(np.float64).reshape(-1, 2).T)
    if times.size < 2:
        return times, places
    if np.minimum.reduce(times[1:] - times[:-1]) < SOONEST_MS:
        order = times.argsort(kind="stable")
        order = order[np.append(times[order[1:]] - times[order[:-1]] >= SOONEST_MS, True)]
        times, places = times[order], places[order]
    moved = np.ones(times.size, np.bool_)
    np.not_equal(places[1:], places[:-1], out=moved[1:])
    kept = moved.nonzero()[0]
    if kept.size < times.size:
        times, places = times[kept], places[kept]
    places -= places[0]
    return times, places


def _averaged(clock: Floats, places: Points, gap: Floats) -> Points:
    """Means (n,) over cells of `STEP_MS`, from the exact integral of the path through `places` (e,) at `clock` (e,)."""
    # Between two events the pointer stays until `still` has passed, then goes in a straight line for `going`.
    going = gap.copy()
    going[gap > REST_MS] = LEAD_MS
    still = gap - going
    start = places[:-1]
    rise = places[1:] - start
    area = np.zeros(places.size, np.complex128)
    np.add.accumulate(start * gap + rise * (0.5 * going), out=area[1:])
    # Which edges of cells lie between which events: counted, which is quicker than looking each up.
    edge = np.ceil(clock * (1.0 / STEP_MS)).astype(np.intp)
    edge[-1] = int(clock[-1] * (1.0 / STEP_MS)) + 1  # the end itself may be one
    before = np.arange(gap.size).repeat(edge[1:] - edge[:-1])
    into = np.arange(before.size) * STEP_MS - clock[before]
    gone = np.maximum(into - still[before], 0.0)
    integral = area[before] + start[before] * into + (rise * (0.5 / going))[before] * (gone * gone)
    means: Points = integral[1:] - integral[:-1]
    means *= 1.0 / STEP_MS
    return means


def _smoothed(cells: Points) -> Points:
    """The binomial filter 1-4-6-4-1 along the cells, the ends continued."""
    wide = np.empty(cells.size + 4, np.complex128)
    wide[:2], wide[2:-2], wide[-2:] = cells[0], cells, cells[-1]
    for _ in range(4):
        wide = wide[1:] + wide[:-1]
    wide *= 0.0625
    return wide


def _clicks(session: Session, times: Floats, clock: Floats, places: int) -> Places:
    if not session.click_t.size:
        return _NO_PLACES
    click = np.sort(session.click_t)
    click = click[click.searchsorted(times[0]) : click.searchsorted(times[-1] + LONGEST_REST_MS, side="right")]
    place: Places = np.minimum((np.interp(click, times, clock) * (1.0 / STEP_MS)).astype(np.intp), places - 1)
    return place
