"""The changes that replays are tried with, by what they are called in the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from playproof.evaluation import warps
from playproof.telemetry import Session

Warp = Callable[[Session, np.random.Generator], Session]


def _turned(session: Session, rng: np.random.Generator) -> Session:
    return warps.placed(session, np.exp(1j * rng.uniform(-np.pi, np.pi)), 40.0 - 25.0j)


def _near(session: Session, rng: np.random.Generator) -> Session:
    """Aimed at targets that lie nearly where the recorded ones lay, as where there are many recordings to choose from."""
    return warps.reaimed(session, rng, spread=0.1, angle=0.2)


def _then(*changes: Warp) -> Warp:
    def changed(session: Session, rng: np.random.Generator) -> Session:
        for change in changes:
            session = change(session, rng)
        return session

    return changed


def _jitter(px: float, ms: float) -> Warp:
    return lambda session, rng: warps.jittered(session, px, ms, rng)


def _sway(px: float) -> Warp:
    return lambda session, rng: warps.swayed(session, px, rng)


def _waver(spread: float) -> Warp:
    return lambda session, rng: warps.time_warped(session, spread, rng)


def _retime(factor: float) -> Warp:
    return lambda session, _: warps.retimed(session, factor)


def _scale(factor: float) -> Warp:
    return lambda session, _: warps.placed(session, factor)


def _cut(share: float) -> Warp:
    return lambda session, _: warps.cut(session, share * session.duration_ms, share * session.duration_ms)


def _exact(session: Session, _: np.random.Generator) -> Session:
    return session


WARPS: Mapping[str, Warp] = {
    "none: exact": _exact,
    "shifted": lambda session, _: warps.placed(session, 1.0, 113.0 - 57.0j),
    "scaled to 0.5": _scale(0.5),
    "scaled to 0.7": _scale(0.7),
    "scaled to 1.5": _scale(1.5),
    "rotated by any angle": _turned,
    "mirrored": lambda session, _: warps.mirrored(session),
    "stretched 1.1 across, 0.9 down": lambda session, _: warps.stretched(session, 1.1, 0.9),
    "stretched 1.3 across, 0.8 down": lambda session, _: warps.stretched(session, 1.3, 0.8),
    "0.7 times as long": _retime(0.7),
    "1.12 times as long": _retime(1.12),
    "1.4 times as long": _retime(1.4),
    "pace wavering by 10 %": _waver(0.1),
    "pace wavering by 20 %": _waver(0.2),
    "pace wavering by 50 %": _waver(0.5),
    "jitter of 1 px and 1 ms": _jitter(1.0, 1.0),
    "jitter of 1 px and 3 ms": _jitter(1.0, 3.0),
    "jitter of 2 px and 3 ms": _jitter(2.0, 3.0),
    "jitter of 3 px and 3 ms": _jitter(3.0, 3.0),
    "slow noise of 3 px": _sway(3.0),
    "slow noise of 8 px": _sway(8.0),
    "a tenth cut off at each end": _cut(0.1),
    "a quarter cut off at each end": _cut(0.25),
    "a tenth of the events dropped": lambda session, rng: warps.thinned(session, 0.1, rng),
    "three tenths of the events dropped": lambda session, rng: warps.thinned(session, 0.3, rng),
    "logged at 30 Hz": lambda session, _: warps.resampled(session, 30.0),
    "logged at 40 Hz": lambda session, _: warps.resampled(session, 40.0),
    "logged at 125 Hz": lambda session, _: warps.resampled(session, 125.0),
    "each movement aimed anew": warps.reaimed,
    "the same, bent across by 15 %": lambda session, rng: warps.reaimed(session, rng, aspect=0.15),
    "aimed anew, 1.15 times as long": _then(warps.reaimed, _retime(1.15)),
    "aimed anew, pace wavering by 10 %": _then(warps.reaimed, _waver(0.1)),
    "aimed anew, jitter of 1 px and 1 ms": _then(warps.reaimed, _jitter(1.0, 1.0)),
    "aimed anew, wavering by 15 %, jitter of 1 px and 3 ms": _then(warps.reaimed, _waver(0.15), _jitter(1.0, 3.0)),
}

REAIMED: Mapping[str, Warp] = {
    "sent as it was recorded": _exact,
    "aimed anew, and nothing else": warps.reaimed,
    "aimed near by: by up to 11 degrees, 10 % in length": _near,
    "near by, pace wavering by 20 %": _then(_near, _waver(0.2)),
    "near by, pace wavering by 40 %": _then(_near, _waver(0.4)),
    "near by, slow noise of 3 px": _then(_near, _sway(3.0)),
    "near by, slow noise of 6 px": _then(_near, _sway(6.0)),
    "near by, jitter of 1 px and 1 ms": _then(_near, _jitter(1.0, 1.0)),
    "near by, bent across by 30 %": lambda session, rng: warps.reaimed(session, rng, spread=0.1, aspect=0.3, angle=0.2),
    "jitter of 1 px and 1 ms": _then(warps.reaimed, _jitter(1.0, 1.0)),
    "jitter of 2 px and 2 ms": _then(warps.reaimed, _jitter(2.0, 2.0)),
    "jitter of 3 px and 3 ms": _then(warps.reaimed, _jitter(3.0, 3.0)),
    "slow noise of 3 px": _then(warps.reaimed, _sway(3.0)),
    "slow noise of 6 px": _then(warps.reaimed, _sway(6.0)),
    "slow noise of 10 px": _then(warps.reaimed, _sway(10.0)),
    "pace wavering by 20 %": _then(warps.reaimed, _waver(0.2)),
    "pace wavering by 40 %": _then(warps.reaimed, _waver(0.4)),
    "bent across by 30 %": lambda session, rng: warps.reaimed(session, rng, aspect=0.3),
    "wavering by 20 %, slow noise of 4 px, bent by 20 %": lambda session, rng: warps.swayed(
        warps.time_warped(warps.reaimed(session, rng, aspect=0.2), 0.2, rng), 4.0, rng
    ),
}
"""What is done to plays that are aimed anew, beside that, so as not to be known again."""
