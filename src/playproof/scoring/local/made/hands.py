"""What a hand adds to a computed move: coloured noise, tremor, errors that grow with speed, corrections of where it lands.

Each hand draws once how much of each it has, so that a session is consistent and no two sessions are alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from playproof.scoring.local.made.moves import Floats, Move, Rng, low_passed, pinned, progress

_LIVING = ("minimum-jerk", "minimum-jerk", "beta", "lognormal", "sine")
_LOWEST_HZ = 0.5
"""Below this, noise of every colour is flat."""


@dataclass(frozen=True, slots=True)
class Hand:
    """The habits of one hand."""

    profile: str
    skew: float
    """Exponent of time; below 1 the move is fastest early."""
    bow: float
    """Of the path, typical, as a share of the way."""
    corrected: float
    """Chance that a move lands beside its target and is corrected."""
    landing: float
    """Typical error of the first landing, as a share of the way."""
    overlap: float
    """When a correction begins, as a share of the time of what it corrects."""
    colour: float
    """Exponent by which the power of the noise falls with frequency: 0 white, 1 pink, 2 brown."""
    size: float
    """Of the noise, pixels."""
    with_speed: bool
    """The noise grows with speed (Harris and Wolpert 1998)."""
    tremor: float
    """Pixels."""
    hertz: float
    even: bool
    """The tremor is one wave, not a band of them."""
    drift: float
    """Of each step, turned and stretched at random; the error sums up along the way."""
    keep: float
    """Of that error from one step to the next."""
    ends_still: bool

    @classmethod
    def draw(cls, rng: Rng) -> Hand:
        """Somebody's hand."""
        return cls(
            profile=str(rng.choice(_LIVING)),
            skew=rng.uniform(0.6, 1.1),
            bow=rng.uniform(0.0, 0.12),
            corrected=rng.uniform(0.0, 0.9),
            landing=rng.uniform(0.02, 0.15),
            overlap=rng.uniform(0.6, 1.1),
            colour=rng.uniform(0.0, 2.5),
            size=float(np.exp(rng.uniform(np.log(0.1), np.log(2.0)))) * (rng.random() < 0.8),
            with_speed=bool(rng.random() < 0.5),
            tremor=float(np.exp(rng.uniform(np.log(0.05), np.log(1.2)))) * (rng.random() < 0.7),
            hertz=rng.uniform(8.0, 12.0),
            even=bool(rng.random() < 0.4),
            drift=rng.uniform(0.02, 0.35) * (rng.random() < 0.7),
            keep=rng.uniform(0.3, 0.97),
            ends_still=bool(rng.random() < 0.6),
        )

    def move(self, start: Floats, end: Floats, duration: float, step: float, rng: Rng) -> Move:
        """A move of about `duration` ms, a place every `step` ms: one bell of speed, or several that overlap."""
        aims = self._aims(start, end, rng)
        onsets, lengths = [0.0], [duration if len(aims) == 1 else duration * rng.uniform(0.6, 0.9)]
        for _ in aims[1:]:
            onsets.append(onsets[-1] + lengths[-1] * self.overlap * rng.uniform(0.9, 1.1))
            lengths.append(duration * rng.uniform(0.2, 0.45))
        t = np.arange(0.0, max(onset + length for onset, length in zip(onsets, lengths, strict=True)) + step, step)
        p = np.tile(start, (len(t), 1))
        before = start
        for aim, onset, length in zip(aims, onsets, lengths, strict=True):
            u = np.clip((t - onset) / length, 0.0, 1.0) ** self.skew
            share = np.interp(u, np.linspace(0.0, 1.0, 64), progress(self.profile, 64, rng))[:, None]
            way = aim - before
            p = p + share * way + rng.normal(0.0, self.bow) * np.sin(pi * share) * np.array([-way[1], way[0]])
            before = aim
        return t, self.shake(t, p, step, rng)

    def _aims(self, start: Floats, end: Floats, rng: Rng) -> list[Floats]:
        if rng.random() >= self.corrected:
            return [end]
        way = end - start
        error = rng.normal(0.0, 0.25 * self.landing * float(np.hypot(*way)), 2)
        aims = [start + way * rng.normal(0.95, self.landing) + error]
        for _ in range(int(rng.integers(0, 3))):
            aims.append(aims[-1] + (end - aims[-1]) * rng.normal(0.9, 0.15))
        return [*aims, end]

    def shake(self, t: Floats, p: Floats, step: float, rng: Rng) -> Floats:
        """`p` (n, 2) at `t` (n,) as this hand would have drawn it."""
        n = len(t)
        if n < 3:
            return p
        sway = np.zeros((n, 2))
        if self.size:
            sway = self.size * coloured(n, step, self.colour, rng)
            if self.with_speed:
                speed = np.hypot(*np.gradient(p, axis=0).T)
                sway *= (speed / max(float(speed.max()), 1e-9))[:, None]
        if self.tremor:
            phase = rng.uniform(0.0, 2.0 * pi, 2)
            hertz = self.hertz * rng.normal(1.0, 0.05)
            even = np.sin(2.0 * pi * hertz * t[:, None] / 1000.0 + phase)
            sway = sway + self.tremor * (even if self.even else _band(n, step, hertz, rng))
        if self.ends_still:
            sway = pinned(sway)
        return np.asarray(p + sway + self._strayed(p, rng))

    def _strayed(self, p: Floats, rng: Rng) -> Floats:
        """(n, 2) error that sums up along `p` (n, 2) and is nothing at both ends."""
        steps = np.diff(p, axis=0)
        along, aside = (self.drift * low_passed(rng.normal(0.0, 1.0, steps.shape), self.keep)).T
        errors = np.stack([steps[:, 0] * along - steps[:, 1] * aside, steps[:, 1] * along + steps[:, 0] * aside], axis=1)
        strayed = np.concatenate([np.zeros((1, 2)), np.cumsum(errors, axis=0)])
        return np.asarray(strayed - np.linspace(0.0, 1.0, len(p))[:, None] * strayed[-1])


def coloured(n: int, step: float, exponent: float, rng: Rng) -> Floats:
    """(n, 2) noise of about unit size every `step` ms whose power falls with frequency by `exponent`."""
    hertz = _frequencies(n, step)
    return _noise(n, np.maximum(hertz, _LOWEST_HZ) ** (-0.5 * exponent), rng)


def _band(n: int, step: float, middle: float, rng: Rng) -> Floats:
    """(n, 2) noise of about unit size in a narrow band about `middle` hertz."""
    return _noise(n, np.exp(-0.5 * ((_frequencies(n, step) - middle) / rng.uniform(0.4, 1.6)) ** 2), rng)


def _frequencies(n: int, step: float) -> Floats:
    return np.asarray(np.fft.rfftfreq(1 << max(6, (2 * n - 1).bit_length()), step / 1000.0), np.float64)


def _noise(n: int, amplitude: Floats, rng: Rng) -> Floats:
    waves = (rng.normal(0.0, 1.0, (2, len(amplitude))) + 1j * rng.normal(0.0, 1.0, (2, len(amplitude)))) * amplitude
    noise = np.fft.irfft(waves, axis=1)[:, :n].T
    return np.asarray(noise / max(float(noise.std()), 1e-9))
