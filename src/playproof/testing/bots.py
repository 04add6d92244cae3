"""Sessions as simple automation makes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playproof.telemetry.session import Session
from playproof.testing.events import Track, logged
from playproof.testing.people import AREA_PX


@dataclass(frozen=True, slots=True)
class _Manner:
    duration_ms: float
    linear: bool = False
    bow: float = 0.0
    """At most this share of the way aside."""


_MANNERS = {
    "linear": _Manner(300.0, linear=True),
    "bezier": _Manner(400.0, linear=True, bow=0.2),
    "minimum_jerk": _Manner(450.0),
    "teleport": _Manner(2.0, linear=True),
}

KINDS = tuple(_MANNERS)
"""What `bot_session` can imitate."""


def bot_session(
    rng: np.random.Generator,
    *,
    kind: str = "linear",
    session_id: str | None = None,
    targets: int = 12,
    game_type: str = "targets",
    device_type: str = "mouse",
    step_ms: float = 1000.0 / 60.0,
    trusted: bool | None = None,
) -> Session:
    """A play of `targets` targets by a bot of `kind` (one of `KINDS`): always the same manner, no noise of its own."""
    manner = _MANNERS[kind]
    track = Track()
    at = AREA_PX * rng.uniform(0.2, 0.8, 2)
    for _ in range(targets):
        target = np.round(AREA_PX * rng.uniform(0.06, 0.94, 2))
        bow = float(np.hypot(*(target - at))) * rng.uniform(-manner.bow, manner.bow)
        track.move(at, target, manner.duration_ms, linear=manner.linear, bow=bow)
        at = target
        track.rest(20.0, at)
        track.click(at)
        track.rest(150.0, at)
    time, place = track.sampled(1.0)
    return logged(
        time,
        place,
        np.array(track.clicks),
        step_ms=step_ms,
        jitter_ms=0.0,
        rng=rng,
        session_id=session_id,
        game_type=game_type,
        device_type=device_type,
        trusted=trusted,
    )
