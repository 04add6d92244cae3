"""What is well-formed but impossible or telling, as values.

Every code is a reason code of the verdict (`playproof.decision.reasons`); `docs/wire.md` says when each is found.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
    trusted = session.trusted
    if trusted is not None and (forged := int(np.count_nonzero(trusted == 0))) > TELLING_SHARE * len(trusted):
        found.append(Finding("untrusted_events", f"{forged} of {len(trusted)} movements were made by a script", forged))
    with np.errstate(over="ignore"):
        reversed_ = _times(session, found)
        _places(session, found)
        if len(session.click_t) and session.device_type not in _TAPPED:
            _clicks(session, found, ordered=not reversed_)
    return tuple(found)


def _times(session: Session, found: list[Finding]) -> bool:
    """Findings of the clock; whether it runs backwards."""
    t, click_t = session.t, session.click_t
    n, m = len(t), len(click_t)
    back = int(np.count_nonzero(t[1:] < t[:-1])) + int(np.count_nonzero(click_t[1:] < click_t[:-1]))
    if back:
        found.append(Finding("time_reversed", f"time runs backwards at {back} of {n + m} events", back))
    elif n > 1 and t[0] == t[-1]:
        found.append(Finding("single_instant", f"all {n} movements have the same time", n))
    last = max(float(t[-1]) if n else 0.0, float(click_t[-1]) if m else 0.0)
    longest = max(last, session.duration_ms, -float(click_t[0]) if m else 0.0)
    if back:
        longest = max([longest, *(float(np.abs(times).max()) for times in (t, click_t) if len(times))])
    if longest > LONGEST_MS:
        found.append(Finding("implausible_time", f"the session spans {longest / 3.6e6:.4g} hours"))
    elif abs(session.duration_ms - last) > DURATION_TOLERANCE * max(last, session.duration_ms):
        told = f"the stated duration is {session.duration_ms:.0f} ms, but the last event is at {last:.0f} ms"
        found.append(Finding("duration_mismatch", told))
    return back > 0


def _places(session: Session, found: list[Finding]) -> None:
    x, y = session.x, session.y
    n = len(x)
    far = _far(x, y) + _far(session.click_x, session.click_y)
    if far:
        detail = f"{far} of {n + len(session.click_x)} events lie more than {FARTHEST_PX:.0f} px out"
        found.append(Finding("implausible_coordinates", detail, far))
    if not n:
        return
    still = int(np.count_nonzero((x[1:] == x[:-1]) & (y[1:] == y[:-1])))
    if still == n - 1:
        found.append(Finding("single_point", f"all movements ({n}) are at the same place", n))
    elif still > TELLING_SHARE * n:
        found.append(Finding("zero_distance_moves", f"{still} of {n} movements go nowhere", still))
    fractional = int(np.count_nonzero((x != np.floor(x)) | (y != np.floor(y))))
    if fractional > TELLING_SHARE * n:
        found.append(Finding("fractional_coordinates", f"{fractional} of {n} movements are at fractions of a pixel", fractional))


def _far(x: Floats, y: Floats) -> int:
    # The sum of squares rules out nearly every session at a quarter of the cost.
    if x.dot(x) + y.dot(y) <= FARTHEST_PX**2:
        return 0
    return int(np.count_nonzero((np.abs(x) > FARTHEST_PX) | (np.abs(y) > FARTHEST_PX)))


def _clicks(session: Session, found: list[Finding], *, ordered: bool) -> None:
    clicks, n = len(session.click_t), len(session.t)
    if not n:
        found.append(Finding("clicks_without_movement", f"there are {clicks} clicks and no movement", clicks))
        return
    if not ordered:
        return
    after = session.t.searchsorted(session.click_t, "right")
    far = _away(session, np.maximum(after - 1, 0))
    if 2 * np.count_nonzero(far) <= clicks:
        return
    count = int(np.count_nonzero(far & _away(session, np.minimum(after, n - 1))))
    if 2 * count > clicks:
        detail = f"{count} of {clicks} clicks are more than {TELEPORT_PX:.0f} px from the pointer"
        found.append(Finding("teleport_clicks", detail, count))


def _away(session: Session, at: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(m,) whether each click is far from the pointer's place at movement `at`."""
    return np.hypot(session.click_x - session.x[at], session.click_y - session.y[at]) > TELEPORT_PX
