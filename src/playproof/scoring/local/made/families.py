"""Families of made bots: each draws its habits once a session and its chances move by move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playproof.scoring.local.made.hands import Hand
from playproof.scoring.local.made.moves import (
    NOISES,
    PROFILES,
    Floats,
    Move,
    Rng,
    Steering,
    bezier,
    knotted,
    lognormal_sum,
    noise,
    pinned,
    progress,
    steered,
    submovements,
)
from playproof.scoring.local.made.play import play
from playproof.telemetry.session import Session

FAMILIES = (
    "made-eased",
    "made-bezier",
    "made-bezier-noise",
    "made-profile-noise",
    "made-knots",
    "made-wander",
    "made-lognormal",
    "made-submovements",
    "made-steered",
    "made-hand-submovements",
    "made-hand-lognormal",
    "made-hand-profile",
    "made-hand-coloured",
)

_LIVING = ("minimum-jerk", "beta", "lognormal", "sine", "random")
"""Profiles that speed up and slow down."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What stays the same through one session."""

    family: str
    profile: str
    living: str
    noise: str
    size: float
    """Of the noise, pixels."""
    bend: float
    """Of the path, as a share of the way."""
    order: int
    steering: Steering

    @classmethod
    def draw(cls, family: str, rng: Rng) -> Habits:
        """Habits of a member of `FAMILIES`."""
        return cls(
            family=family,
            profile=str(rng.choice(PROFILES)),
            living=str(rng.choice(_LIVING)),
            noise="hand" if family.startswith("made-hand") else str(rng.choice(NOISES)),
            size=float(np.exp(rng.uniform(np.log(0.2), np.log(3.0)))),
            bend=rng.uniform(0.03, 0.6),
            order=int(rng.integers(2, 5)),
            steering=Steering.draw(rng),
        )

    def move(self, start: Floats, end: Floats, duration: float, step: float, rng: Rng) -> Move:
        """A move of about `duration` ms, a place every `step` ms."""
        match self.family:
            case "made-lognormal":
                return self._shaken(*lognormal_sum(start, end, duration, step, rng), 0.4, rng)
            case "made-submovements":
                return self._shaken(*submovements(start, end, duration, step, rng), 0.4, rng)
            case "made-hand-submovements":
                return self._handled(*submovements(start, end, duration, step, rng), start, end, rng)
            case "made-hand-lognormal":
                return self._handled(*lognormal_sum(start, end, duration, step, rng), start, end, rng)
            case "made-steered":
                return steered(start, end, step, self.steering, rng)
        t = np.arange(max(2, round(duration / step)) + 1, dtype=np.float64) * step
        profile = self.profile if self.family in {"made-eased", "made-bezier", "made-wander"} else self.living
        s = progress(profile, len(t), rng)
        straight = start + (end - start) * s[:, None]
        distance = float(np.hypot(*(end - start)))
        match self.family:
            case "made-eased":
                return t, straight
            case "made-profile-noise":
                return self._shaken(t, straight, 1.0, rng)
            case "made-bezier":
                return t, bezier(start, end, s, self.bend, self.order, rng)
            case "made-bezier-noise":
                return self._shaken(t, bezier(start, end, s, self.bend, self.order, rng), 1.0, rng)
            case "made-hand-profile":
                return self._handled(t, straight, start, end, rng)
            case "made-knots":
                return t, knotted(start, end, s, 0.25 * self.bend * distance, rng)
            case _:
                return t, straight + pinned(noise("smooth", t, straight, 0.2 * self.bend * distance, rng))

    def _handled(self, t: Floats, p: Floats, start: Floats, end: Floats, rng: Rng) -> Move:
        """A nearly straight move, bowed aside, most in its middle, and shaken as a hand would."""
        way = end - start
        along = np.clip((p - start) @ way / float(way @ way), 0.0, 1.0)
        bow = 0.4 * self.bend * rng.normal(0.5, 0.4) * 4.0 * along * (1.0 - along)
        return self._shaken(t, p + bow[:, None] * np.array([-way[1], way[0]]), 1.0, rng)

    def _shaken(self, t: Floats, p: Floats, share: float, rng: Rng) -> Move:
        return t, p + pinned(noise(self.noise, t, p, share * self.size, rng))


def make_session(family: str, rng: Rng) -> Session:
    """One session of a member of `FAMILIES`, clicking its way through targets."""
    mover = Hand.draw(rng).move if family == "made-hand-coloured" else Habits.draw(family, rng).move
    return play(mover, rng)
