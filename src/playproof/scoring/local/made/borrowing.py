"""Recorded moves refitted to other targets, in the ways of programs that keep a library of them.

A borrower picks a recorded move of about the wanted length, and often direction, turns, stretches or ramps it on to its
target, keeps or changes its time, and may blend it with another, splice two, smooth, shake or bend the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playproof.scoring.local.made.hands import Hand, coloured
from playproof.scoring.local.made.moves import Floats, Move, Rng, catmull_rom

Curve = NDArray[np.complex128]

_FITS = ("turn", "ramp", "axes")
_SHORTEST_AXIS_PX = 25.0
"""A coordinate that hardly changes is not stretched."""
_MOST_STRETCHED = 4.0
_MOST_RAMPED = 0.7
"""Of the way."""


@dataclass(frozen=True, slots=True)
class Borrowing:
    """How one bot refits recorded moves."""

    fits: tuple[str, ...]
    """turn: turned and scaled; ramp: the missing way is added little by little; axes: each coordinate is stretched by itself."""
    near: int
    """A move is drawn among so many that suit best."""
    heading: bool
    """Those that go in the wanted direction suit better."""
    time: str
    unevenness: float
    tempo: float
    jitter: float
    """Pixels of noise added to the recording."""
    colour: float
    width: float
    """Of the Gaussian that smooths it, ms; 0 for none."""
    curved: bool
    """Places between the recorded ones lie on a curve, not on straight lines."""
    blend: float
    """Share of a second move."""
    splice: bool
    """The end may be that of another move."""
    warp: float
    """Unevenness of the clock."""
    mirror: bool
    by_time: bool
    """A ramp goes by time, not by way."""
    hand: Hand | None

    @classmethod
    def draw(cls, rng: Rng) -> Borrowing:
        """One program's way."""
        fit = str(rng.choice([*_FITS, "any"]))
        return cls(
            fits=_FITS if fit == "any" else (fit,),
            near=int(rng.choice([1, 3, 8])),
            heading=bool(rng.random() < 0.6),
            time=str(rng.choice(["keep", "root", "uneven", "wanted", "tempo"])),
            unevenness=rng.uniform(0.02, 0.3),
            tempo=float(np.exp(rng.normal(0.0, 0.15))),
            jitter=float(np.exp(rng.uniform(np.log(0.1), np.log(1.5)))) * (rng.random() < 0.4),
            colour=rng.uniform(0.0, 2.0),
            width=rng.uniform(8.0, 60.0) * (rng.random() < 0.35),
            curved=bool(rng.random() < 0.4),
            blend=rng.uniform(0.1, 0.5) * (rng.random() < 0.3),
            splice=bool(rng.random() < 0.25),
            warp=rng.uniform(0.05, 0.4) * (rng.random() < 0.4),
            mirror=bool(rng.random() < 0.3),
            by_time=bool(rng.random() < 0.5),
            hand=Hand.draw(rng) if rng.random() < 0.2 else None,
        )


class Borrower:
    """A mover that refits `moves`, which end elsewhere than they begin."""

    def __init__(self, moves: Sequence[Move], how: Borrowing) -> None:
        self._how = how
        self._times = [t - t[0] for t, _ in moves]
        self._curves: list[Curve] = [(p[:, 0] - p[0, 0]) + 1j * (p[:, 1] - p[0, 1]) for _, p in moves]
        self._ends = np.array([curve[-1] for curve in self._curves])

    def move(self, start: Floats, end: Floats, duration: float, step: float, rng: Rng) -> Move:
        """A move from `start` to `end`, a place every `step` ms."""
        how, want = self._how, complex(*(end - start))
        lasts = max(self._lasts(want, duration, rng), 4.0 * step)
        t = np.append(np.arange(0.0, lasts - 0.3 * step, step), lasts)
        u = t / lasts
        if how.warp:
            ticks = np.append(0.0, np.cumsum(np.exp(rng.normal(0.0, how.warp, 5))))
            u = np.interp(u, np.linspace(0.0, 1.0, 6), ticks / ticks[-1])
        z = self._fitted(want, u, rng)
        if how.blend:
            z = (1.0 - how.blend) * z + how.blend * self._fitted(want, u, rng)
        if how.splice and rng.random() < 0.6:
            late = 1.0 / (1.0 + np.exp(-(u - rng.uniform(0.3, 0.8)) / rng.uniform(0.005, 0.08)))
            z = (1.0 - late) * z + late * self._fitted(want, u, rng)
        p = start + np.stack([z.real, z.imag], axis=1)
        if how.width:
            smooth = smoothed(t, p, how.width)
            p = smooth + (p[0] - smooth[0]) * (1.0 - u)[:, None] + (p[-1] - smooth[-1]) * u[:, None]
        if how.jitter:
            p = p + how.jitter * coloured(len(p), step, how.colour, rng)
        return t, how.hand.shake(t, p, step, rng) if how.hand else p

    def _picked(self, want: complex, heading: bool, rng: Rng) -> int:
        gap = np.abs(np.log(np.abs(self._ends) / abs(want)))
        if heading:
            gap = gap + 1.5 * np.abs(np.angle(self._ends / want))
        return int(rng.choice(np.argsort(gap)[: self._how.near]))

    def _lasts(self, want: complex, duration: float, rng: Rng) -> float:
        picked = self._picked(want, False, rng)
        lasts = float(self._times[picked][-1])
        match self._how.time:
            case "root":
                return lasts * float(np.clip(abs(want) / abs(self._ends[picked]), 0.5, 2.0) ** 0.5)
            case "uneven":
                return lasts * float(np.exp(rng.normal(0.0, self._how.unevenness)))
            case "wanted":
                return duration
            case "tempo":
                return lasts * self._how.tempo
            case _:
                return lasts

    def _fitted(self, want: complex, u: Floats, rng: Rng) -> Curve:
        """(n,) a recorded move from 0 to `want` at shares `u` of its time."""
        how = self._how
        picked = self._picked(want, how.heading, rng)
        end = complex(self._ends[picked])
        z = _read(u, self._times[picked], self._curves[picked], how.curved)
        fit = str(rng.choice(how.fits))
        short = min(abs(end.real), abs(end.imag)) < _SHORTEST_AXIS_PX
        if fit == "axes" and (
            short or abs(want.real) > _MOST_STRETCHED * abs(end.real) or abs(want.imag) > _MOST_STRETCHED * abs(end.imag)
        ):
            fit = "ramp"
        if fit == "ramp" and abs(want - end) > _MOST_RAMPED * abs(want):
            fit = "turn"
        if how.mirror and rng.random() < 0.5:
            z = (z / end).conj() * end
        match fit:
            case "turn":
                return z * (want / end)
            case "axes":
                return np.asarray(z.real * (want.real / end.real) + 1j * z.imag * (want.imag / end.imag))
            case _:
                way = np.append(0.0, np.cumsum(np.abs(np.diff(z))))
                return np.asarray(z + (u if how.by_time else way / max(float(way[-1]), 1e-9)) * (want - end))


def _read(u: Floats, times: Floats, curve: Curve, curved: bool) -> Curve:
    """(n,) the places of `curve` (m,), logged at `times` (m,), at shares `u` of its time."""
    share = times / times[-1]
    between = catmull_rom if curved else np.interp
    return np.asarray(between(u, share, curve.real) + 1j * between(u, share, curve.imag))


def smoothed(t: Floats, p: Floats, width: float) -> Floats:
    """`p` (n, 2) averaged over a Gaussian of `width` ms."""
    weight = np.exp(-0.5 * ((t[:, None] - t[None, :]) / width) ** 2)
    return np.asarray(weight @ p / weight.sum(axis=1, keepdims=True))
