"""What is well-formed but impossible or telling, as values.

Every code is a reason code of the verdict; `docs/wire.md` says what each stands for.
"""

from __future__ import annotations

import numpy as np

from playproof.telemetry.session import Finding, Session

FARTHEST_PX = 100_000.0
"""No game's pointer is further out: an order of magnitude beyond the widest desktop."""
LONGEST_MS = 24 * 3600 * 1000.0
"""No play lasts a day; a clock that changed its origin does."""
DURATION_TOLERANCE = 0.10
"""Share of the longer of the two by which the stated duration may miss the last time."""
TELEPORT_PX = 100.0
"""A click this far from the pointer's last and next place was not made by that pointer."""


def inspect(session: Session) -> tuple[Finding, ...]:
    """What is impossible or telling in `session`, in a fixed order; most sessions give none."""
    found: list[Finding] = []
    trusted = session.trusted
    if trusted is not None and (forged := int(np.count_nonzero(trusted == 0))):
        found.append(Finding("untrusted_events", f"{forged} of {len(trusted)} movements were made by a script (isTrusted is false)", forged))
    _times(session, found)
    _places(session, found)
    _clicks(session, found)
    return tuple(found)


def _times(session: Session, found: list[Finding]) -> None:
    t = session.t
    count = len(t)
    last = 0.0
    if count:
        later = t[1:] >= t[:-1]
        back = count - 1 - int(np.count_nonzero(later))
        if back:
            found.append(Finding("time_reversed", f"time runs backwards at {back} of {count} movements", back))
        elif count > 1 and t[-1] == t[0]:
            found.append(Finding("single_instant", f"all {count} movements are at the same instant", count))
        last = float(t[-1])
    if len(session.click_t):
        last = max(last, float(session.click_t[-1]))
    longest = max(last, session.duration_ms)
    if longest > LONGEST_MS or (count and float(t.min()) < -LONGEST_MS):
        found.append(Finding("implausible_time", f"the session spans {longest / 3.6e6:.3g} hours"))
    elif abs(session.duration_ms - last) > DURATION_TOLERANCE * longest:
        found.append(Finding("duration_mismatch", f"the stated duration is {session.duration_ms:.0f} ms, the last event is at {last:.0f} ms"))


def _places(session: Session, found: list[Finding]) -> None:
    x, y = session.x, session.y
    count = len(x)
    if not count:
        return
    far = int(np.count_nonzero(np.maximum(np.abs(x), np.abs(y)) > FARTHEST_PX))
    if far:
        found.append(Finding("implausible_coordinates", f"{far} of {count} movements lie more than {FARTHEST_PX:.0f} px out", far))
    still = int(np.count_nonzero((x[1:] == x[:-1]) & (y[1:] == y[:-1])))
    if still == count - 1:
        found.append(Finding("single_point", f"all {count} movements are at one place", count))
    elif still:
        found.append(Finding("zero_distance_moves", f"{still} of {count} movements go nowhere", still))
    fractional = int(np.count_nonzero((x != np.floor(x)) | (y != np.floor(y))))
    if fractional:
        found.append(Finding("fractional_coordinates", f"{fractional} of {count} movements are at fractions of a pixel", fractional))


def _clicks(session: Session, found: list[Finding]) -> None:
    clicks = len(session.click_t)
    if not clicks:
        return
    if not len(session.t):
        found.append(Finding("clicks_without_movement", f"{clicks} clicks and no movement", clicks))
        return
    after = np.searchsorted(session.t, session.click_t)
    nearest = np.full(clicks, np.inf)
    for at in (np.maximum(after - 1, 0), np.minimum(after, len(session.t) - 1)):
        np.minimum(nearest, np.hypot(session.click_x - session.x[at], session.click_y - session.y[at]), out=nearest)
    far = int(np.count_nonzero(nearest > TELEPORT_PX))
    if 2 * far > clicks:
        found.append(Finding("teleport_clicks", f"{far} of {clicks} clicks are more than {TELEPORT_PX:.0f} px from the pointer", far))
