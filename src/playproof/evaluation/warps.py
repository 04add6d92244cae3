"""What somebody who holds a recorded play may do to it before sending it again.

Each function takes a session and gives another: clicks follow the pointer, positions are whole pixels and times tenths of a
millisecond, as a browser would log them. Randomness is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from playproof.telemetry import Session
from playproof.telemetry.session import Floats

Points = NDArray[np.complex128]
"""Places as x + iy, y downwards."""

_REST_MS = 100.0
"""A longer silence parts two movements, where there are no clicks to tell them apart."""
NO_CHORD_PX = 10.0
"""A movement that ends so near to where it began has no direction."""


def placed(session: Session, turn: complex, shift: complex = 0j) -> Session:
    """Every place times `turn` plus `shift`: a factor scales, a number of modulus 1 rotates about the corner of the screen."""
    return _moved(session, _places(session) * turn + shift, _clicked(session) * turn + shift)


def mirrored(session: Session) -> Session:
    """Left and right exchanged."""
    return _moved(session, -_places(session).conjugate(), -_clicked(session).conjugate())


def stretched(session: Session, across: float, down: float) -> Session:
    """Each axis times a factor of its own, as in a field of other proportions."""

    def each(places: Points) -> Points:
        return np.asarray(places.real * across + 1j * (places.imag * down))

    return _moved(session, each(_places(session)), each(_clicked(session)))


def retimed(session: Session, factor: float) -> Session:
    """Every time times `factor`: above 1 is slower."""
    return _timed(session, session.t * factor, session.click_t * factor)


def time_warped(session: Session, spread: float, rng: np.random.Generator, knot_ms: float = 400.0) -> Session:
    """A pace that wavers: smooth between knots `knot_ms` apart, at each of which it is a log-normal factor of `spread`."""
    if session.t.size < 2:
        return session
    start, end = _span(session)
    grid = np.arange(start, end + 5.0, 5.0)
    knots = np.arange(start, end + 2.0 * knot_ms, knot_ms)
    pace = np.exp(np.interp(grid, knots, rng.normal(0.0, spread, knots.size)))
    clock = start + np.concatenate([[0.0], np.cumsum(pace[:-1] * np.diff(grid))])
    return _timed(session, np.interp(session.t, grid, clock), np.interp(session.click_t, grid, clock))


def jittered(session: Session, px: float, ms: float, rng: np.random.Generator) -> Session:
    """Normal noise of `px` on each axis and of `ms` on the times, of which the order is kept, each event by itself."""
    noise = rng.normal(0.0, px, session.t.size) + 1j * rng.normal(0.0, px, session.t.size)
    times = np.sort(session.t + rng.normal(0.0, ms, session.t.size))
    return _timed(_moved(session, _places(session) + noise, _clicked(session)), times, session.click_t)


def swayed(session: Session, px: float, rng: np.random.Generator, knot_ms: float = 150.0) -> Session:
    """Slow noise, that smoothing does not take off: normal of `px` on each axis at knots `knot_ms` apart, smooth between them."""
    if session.t.size < 2:
        return session
    start, end = _span(session)
    knots = np.arange(start - knot_ms, end + 2.0 * knot_ms, knot_ms)
    values = rng.normal(0.0, px, knots.size) + 1j * rng.normal(0.0, px, knots.size)

    def noise(times: Floats) -> Points:
        return _eased(times, knots, values)

    return _moved(session, _places(session) + noise(session.t), _clicked(session) + noise(session.click_t))


def cut(session: Session, head_ms: float, tail_ms: float) -> Session:
    """Without what came first and last."""
    start, end = _span(session)
    return _kept(session, (session.t >= start + head_ms) & (session.t <= end - tail_ms), start + head_ms, end - tail_ms)


def thinned(session: Session, share: float, rng: np.random.Generator) -> Session:
    """Without a random `share` of the movements."""
    return _kept(session, rng.random(session.t.size) >= share, -np.inf, np.inf)


def resampled(session: Session, hz: float, phase: float = 0.5) -> Session:
    """Logged anew `hz` times a second along straight lines, `phase` of a step later; nothing is logged while nothing moves."""
    times, places = ordered(session)
    if times.size < 2:
        return session
    grid = np.arange(times[0] + phase * 1000.0 / hz, times[-1] + 500.0 / hz, 1000.0 / hz)
    at = np.interp(grid, times, places.real) + 1j * np.interp(grid, times, places.imag)
    # A silence is a rest: what a straight line makes of it is not logged.
    gap = np.searchsorted(times, grid).clip(1, times.size - 1)
    silent = (times[gap] - times[gap - 1] > _REST_MS) & (times[gap] - grid > 1000.0 / hz)
    at[silent] = places[gap - 1][silent]
    at = _whole(at)
    keep = np.concatenate([[True], at[1:] != at[:-1]])
    return replace(session, t=np.round(grid[keep], 1), x=at.real[keep].copy(), y=at.imag[keep].copy(), trusted=None)


def reaimed(session: Session, rng: np.random.Generator, *, spread: float = 0.35, aspect: float = 0.0, angle: float = np.pi) -> Session:
    """Every movement turned towards another target: by up to `angle` radians, its length times a log-normal factor of `spread`.

    A movement is what lies between two clicks or, where there are fewer than three, between two silences; each keeps its own
    timing. `aspect` above 0 also bends each across its way by a log-normal factor of so much, which no similarity does.
    """

    def turn(_movement: int, _start: complex, _way: complex) -> complex:
        return complex(np.exp(rng.normal(0.0, spread) + 1j * rng.uniform(-angle, angle)))

    return _turned(session, turn, lambda: float(np.exp(rng.normal(0.0, aspect))))


def aimed(session: Session, targets: Points) -> Session:
    """Movement i, as in `reaimed`, turned and sized to end at `targets[i]`, after the last at the first again."""

    def turn(movement: int, start: complex, way: complex) -> complex:
        return complex((targets[movement % targets.size] - start) / way) if abs(way) > NO_CHORD_PX else 1.0 + 0j

    return _turned(session, turn, lambda: 1.0)


def _turned(session: Session, choose: Callable[[int, complex, complex], complex], bending: Callable[[], float]) -> Session:
    """Every movement times what `choose` gives for its number, where it now starts and its way, and bent across it."""
    times, places = ordered(session)
    clicked = _clicked(session)
    if times.size < 2:
        return session
    edges = anchors(session, times)
    out, clicks = places.copy(), clicked.copy()
    start = complex(places[0])
    for movement, (begin, end) in enumerate(pairwise(edges)):
        inside = (times >= begin) & (times <= end if end == edges[-1] else times < end)
        pressed = (session.click_t > begin) & (session.click_t <= end)
        first, last = _at(times, places, begin), _at(times, places, end)
        way = last - first
        turn, bend = choose(movement, start, way), bending()
        unit = way / abs(way) if abs(way) > NO_CHORD_PX else 1.0 + 0j

        out[inside] = start + _bent((places[inside] - first) / unit, bend) * unit * turn
        clicks[pressed] = start + _bent((clicked[pressed] - first) / unit, bend) * unit * turn
        start = complex(start + way * turn)
    straight = replace(session, t=times, x=places.real.copy(), y=places.imag.copy(), trusted=None)
    return _moved(straight, out, clicks)


def spliced(sessions: Sequence[Session], rng: np.random.Generator, run: int = 3) -> Session:
    """`run` movements of each of `sessions` in turn, one after the other, each run moved to where the last one ended."""
    t, z, click_t, click_z = [np.empty(0)], [np.empty(0, np.complex128)], [np.empty(0)], [np.empty(0, np.complex128)]
    now, here = 0.0, 0j
    for session in sessions:
        times, places = ordered(session)
        if times.size < 2:
            continue
        edges = anchors(session, times)
        first = int(rng.integers(0, max(1, edges.size - run)))
        begin, end = edges[first], edges[min(first + run, edges.size - 1)]
        inside = (times >= begin) & (times <= end)
        pressed = (session.click_t > begin) & (session.click_t <= end)
        shift = here - _at(times, places, begin)
        t.append(times[inside] - begin + now)
        z.append(places[inside] + shift)
        click_t.append(session.click_t[pressed] - begin + now)
        click_z.append(_clicked(session)[pressed] + shift)
        here = _at(times, places, end) + shift
        now += float(end - begin) + 17.0
    whole = replace(sessions[0], trusted=None, click_hit=None)
    moved = _moved(whole, np.concatenate(z), np.concatenate(click_z))
    return _timed(moved, np.concatenate(t), np.concatenate(click_t))


def _bent(places: Points, bend: float) -> Points:
    return np.asarray(places.real + 1j * bend * places.imag)


def anchors(session: Session, times: Floats) -> Floats:
    """Times between which a movement lies: start, clicks or the ends of silences, end."""
    inner = np.unique(session.click_t[(session.click_t > times[0]) & (session.click_t < times[-1])])
    if inner.size < 3:
        inner = times[1:][np.diff(times) > _REST_MS]
    return np.concatenate([[times[0]], inner, [times[-1]]]) if inner.size else times[[0, -1]]


def _at(times: Floats, places: Points, when: float) -> complex:
    return complex(np.interp(when, times, places.real), np.interp(when, times, places.imag))


def _eased(times: Floats, knots: Floats, values: Points) -> Points:
    """`values` at `knots`, passed into one another along half a cosine."""
    right = np.searchsorted(knots, times).clip(1, knots.size - 1)
    share = (1.0 - np.cos(np.pi * ((times - knots[right - 1]) / (knots[right] - knots[right - 1])).clip(0.0, 1.0))) / 2.0
    return np.asarray(values[right - 1] * (1.0 - share) + values[right] * share)


def _span(session: Session) -> tuple[float, float]:
    return (float(session.t.min()), float(session.t.max())) if session.t.size else (0.0, 0.0)


def ordered(session: Session) -> tuple[Floats, Points]:
    """Times that rise, and the places at them."""
    times, first = np.unique(session.t, return_index=True)
    return times, _places(session)[first]


def _places(session: Session) -> Points:
    return np.asarray(session.x + 1j * session.y)


def _clicked(session: Session) -> Points:
    return np.asarray(session.click_x + 1j * session.click_y)


def _whole(places: Points) -> Points:
    return np.asarray(np.round(places.real) + 1j * np.round(places.imag))


def _moved(session: Session, places: Points, clicked: Points) -> Session:
    places, clicked = _whole(places), _whole(clicked)
    return replace(session, x=places.real.copy(), y=places.imag.copy(), click_x=clicked.real.copy(), click_y=clicked.imag.copy())


def _timed(session: Session, t: Floats, click_t: Floats) -> Session:
    t, click_t = np.round(t, 1), np.round(click_t, 1)
    return replace(session, t=t, click_t=click_t, duration_ms=float(max([0.0, *t[-1:], *click_t[-1:]])))


def _kept(session: Session, movements: NDArray[np.bool_], start: float, end: float) -> Session:
    pressed = (session.click_t >= start) & (session.click_t <= end)
    return replace(
        session,
        t=session.t[movements],
        x=session.x[movements],
        y=session.y[movements],
        trusted=None if session.trusted is None else session.trusted[movements],
        click_t=session.click_t[pressed],
        click_x=session.click_x[pressed],
        click_y=session.click_y[pressed],
        click_hit=None if session.click_hit is None else session.click_hit[pressed],
    )
