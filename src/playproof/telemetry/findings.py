"""What is well-formed but impossible or telling, as values.

Every code is a reason code of the verdict (`playproof.decision.reasons`); `docs/wire.md` says when each is found.
"""

from __future__ import annotations

import numpy as np

from playproof.compiled import compiled, kernel
from playproof.telemetry.session import Finding, Floats, Session

FARTHEST_PX = 100_000.0
"""No game's pointer is further out: many times the widest desktop."""
LONGEST_MS = 24 * 3600 * 1000.0
"""No play lasts a day; a clock that changed its origin seems to."""
DURATION_TOLERANCE = 0.10
"""Share of the longer of the two by which the stated duration may miss the last time."""
TELEPORT_PX = 100.0
"""A click this far from the pointer's last and next place was not made by that pointer."""
TELLING_SHARE = 0.10
"""Of movements; up to it fractional and zero-distance movements are any browser's, and scripted ones an extension's."""

_TAPPED = frozenset({"touch", "stylus", "keyboard"})
"""Devices whose clicks no movement needs to lead to."""


def inspect(session: Session) -> tuple[Finding, ...]:
    """What is impossible or telling in `session`, in a fixed order; most sessions give nothing."""
    found: list[Finding] = []
    if session.trusted is not None:
        _trust(session.trusted.tobytes(), found)
    back, last, longest, far, still, fractional, astray = _look(
        session.t, session.x, session.y, session.click_t, session.click_x, session.click_y, session.duration_ms
    )
    _times(session, back, last, longest, found)
    _places(session, far, still, fractional, found)
    if len(session.click_t) and session.device_type not in _TAPPED:
        _clicks(session, astray, found)
    return tuple(found)


def _trust(trusted: bytes, found: list[Finding]) -> None:
    if (forged := trusted.count(0)) > TELLING_SHARE * len(trusted):
        found.append(Finding("untrusted_events", f"{forged} of {len(trusted)} movements were made by a script", forged))


def _times(session: Session, back: int, last: float, longest: float, found: list[Finding]) -> None:
    t, n = session.t, len(session.t)
    if back:
        found.append(Finding("time_reversed", f"time runs backwards at {back} of {n + len(session.click_t)} events", back))
    elif n > 1 and t[0] == t[-1]:
        found.append(Finding("single_instant", f"all {n} movements have the same time", n))
    stated = session.duration_ms
    if longest > LONGEST_MS:
        found.append(Finding("implausible_time", f"the session spans {longest / 3.6e6:.4g} hours"))
    elif abs(stated - last) > DURATION_TOLERANCE * max(last, stated):
        found.append(Finding("duration_mismatch", f"the stated duration is {stated:.0f} ms, but the last event is at {last:.0f} ms"))


def _places(session: Session, far: int, still: int, fractional: int, found: list[Finding]) -> None:
    n = len(session.x)
    if far:
        detail = f"{far} of {n + len(session.click_x)} events lie more than {FARTHEST_PX:.0f} px out"
        found.append(Finding("implausible_coordinates", detail, far))
    if n and still == n - 1:
        found.append(Finding("single_point", f"all movements ({n}) are at the same place", n))
    elif still > TELLING_SHARE * n:
        found.append(Finding("zero_distance_moves", f"{still} of {n} movements go nowhere", still))
    if fractional > TELLING_SHARE * n:
        found.append(Finding("fractional_coordinates", f"{fractional} of {n} movements are at fractions of a pixel", fractional))


def _clicks(session: Session, astray: int, found: list[Finding]) -> None:
    clicks = len(session.click_t)
    if not len(session.t):
        found.append(Finding("clicks_without_movement", f"there are {clicks} clicks and no movement", clicks))
    elif 2 * astray > clicks:
        detail = f"{astray} of {clicks} clicks are more than {TELEPORT_PX:.0f} px from the pointer"
        found.append(Finding("teleport_clicks", detail, astray))


@kernel("Tuple((i8, f8, f8, i8, i8, i8, i8))(" + "Array(f8, 1, 'A', True), " * 6 + "f8)")
def _look(
    t: Floats, x: Floats, y: Floats, click_t: Floats, click_x: Floats, click_y: Floats, duration_ms: float
) -> tuple[int, float, float, int, int, int, int]:
    """How many events are earlier than the one before; the last time and the longest; how many events are too far out, movements
    go nowhere, movements are at fractions of a pixel; and, where time runs forwards, how many clicks are away from the pointer.
    """
    n, m = len(t), len(click_t)
    back = _reversals(t) + _reversals(click_t)
    last = max(t[n - 1] if n else 0.0, click_t[m - 1] if m else 0.0)
    longest = max(last, duration_ms, -click_t[0] if m else 0.0)
    if back:
        longest = max(longest, _largest(t), _largest(click_t))
    far = _far(x, y) + _far(click_x, click_y)
    still = fractional = 0
    for i in range(n):
        still += i > 0 and x[i] == x[i - 1] and y[i] == y[i - 1]
        fractional += x[i] != np.floor(x[i]) or y[i] != np.floor(y[i])
    astray = _astray(t, x, y, click_t, click_x, click_y) if n and not back else 0
    return back, last, longest, far, still, fractional, astray


@compiled
def _reversals(t: Floats) -> int:
    count = 0
    for i in range(1, len(t)):
        count += t[i] < t[i - 1]
    return count


@compiled
def _largest(t: Floats) -> float:
    """How far the furthest of `t` is from 0."""
    largest = 0.0
    for time in t:
        largest = max(largest, abs(time))
    return largest


@compiled
def _far(x: Floats, y: Floats) -> int:
    count = 0
    for i in range(len(x)):
        count += abs(x[i]) > FARTHEST_PX or abs(y[i]) > FARTHEST_PX
    return count


@compiled
def _astray(t: Floats, x: Floats, y: Floats, click_t: Floats, click_x: Floats, click_y: Floats) -> int:
    """How many clicks are far from the pointer's last place before them and from its next; there is a movement, and time runs
    forwards.
    """
    count = after = 0
    for i in range(len(click_t)):
        while after < len(t) and t[after] <= click_t[i]:
            after += 1
        last, following = max(after - 1, 0), min(after, len(t) - 1)
        count += _apart(click_x[i], click_y[i], x[last], y[last]) and _apart(click_x[i], click_y[i], x[following], y[following])
    return count


@compiled
def _apart(x: float, y: float, other_x: float, other_y: float) -> bool:
    return (x - other_x) ** 2 + (y - other_y) ** 2 > TELEPORT_PX**2
