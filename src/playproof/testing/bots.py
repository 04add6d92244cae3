"""Sessions as simple automation makes them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from playproof.telemetry.session import Floats, Session
from playproof.testing.events import Track, logged
from playproof.testing.people import AREA_PX

_Mover = Callable[[Track, np.random.Generator, Floats, Floats], None]


def _linear(track: Track, rng: np.random.Generator, start: Floats, end: Floats) -> None:
    track.move(start, end, 300.0, linear=True)


def _bezier(track: Track, rng: np.random.Generator, start: Floats, end: Floats) -> None:
    distance = float(np.hypot(*(end - start)))
    track.move(start, end, 400.0, bow=distance * rng.uniform(-0.2, 0.2), linear=True)


def _minimum_jerk(track: Track, rng: np.random.Generator, start: Floats, end: Floats) -> None:
    track.move(start, end, 450.0)


def _teleport(track: Track, rng: np.random.Generator, start: Floats, end: Floats) -> None:
    track.move(start, end, 2.0, linear=True)


_MOVERS: dict[str, _Mover] = {"linear": _linear, "bezier": _bezier, "minimum_jerk": _minimum_jerk, "teleport": _teleport}

KINDS = tuple(_MOVERS)
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
    mover = _MOVERS[kind]
    track = Track()
    at = AREA_PX * rng.uniform(0.2, 0.8, 2)
    for _ in range(targets):
        target = np.round(AREA_PX * rng.uniform(0.06, 0.94, 2))
        mover(track, rng, at, target)
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
