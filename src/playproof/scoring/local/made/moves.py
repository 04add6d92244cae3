"""One move of a pointer from a place to another: how far along when, along which path, with what noise.

A move is a pair (t, p): milliseconds from its start (n,), rising, and CSS pixels (n, 2).
"""

from __future__ import annotations

from itertools import pairwise
from math import pi
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rng = np.random.Generator
Move = tuple[Floats, Floats]

PROFILES = ("linear", "sine", "quad-out", "cubic-out", "cubic", "expo-out", "minimum-jerk", "beta", "lognormal", "random")
"""Speed profiles that `progress` knows."""
NOISES = ("white", "drift", "smooth", "tremor", "hand")
"""Kinds of displacement that `noise` knows."""


def progress(kind: str, n: int, rng: Rng) -> Floats:
    """(n,) share of the way covered, from 0 to 1, at equal steps of time."""
    u = np.linspace(0.0, 1.0, n)
    match kind:
        case "linear":
            return u
        case "sine":
            return 0.5 - 0.5 * np.cos(pi * u)
        case "quad-out":
            return 1.0 - (1.0 - u) ** 2
        case "cubic-out":
            return 1.0 - (1.0 - u) ** 3
        case "cubic":
            return np.where(u < 0.5, 4.0 * u**3, 1.0 - 4.0 * (1.0 - u) ** 3)
        case "expo-out":
            return (1.0 - 2.0 ** (-10.0 * u)) / (1.0 - 2.0**-10)
        case "minimum-jerk":  # Flash and Hogan 1985
            return u**3 * (10.0 - 15.0 * u + 6.0 * u**2)
        case "beta":
            return _covered(u ** rng.uniform(0.6, 3.0) * (1.0 - u) ** rng.uniform(1.0, 4.5))
        case "lognormal":  # Plamondon 1995: speed as the impulse response of a neuromuscular system
            spread, peak = rng.uniform(0.25, 0.6), rng.uniform(0.2, 0.45)
            late = np.maximum(u, 1e-6)
            return _covered(np.exp(-0.5 * ((np.log(late) - np.log(peak)) / spread) ** 2) / late)
        case _:
            knots = rng.uniform(0.05, 1.0, rng.integers(4, 9))
            knots[0] = knots[-1] = rng.uniform(0.02, 0.3)
            return _covered(np.interp(u, np.linspace(0.0, 1.0, len(knots)), knots))


def _covered(speed: Floats) -> Floats:
    """Progress whose speed is proportional to `speed` (n,)."""
    way = np.append(0.0, np.cumsum(0.5 * (speed[1:] + speed[:-1])))
    return way / max(float(way[-1]), 1e-9)


def bezier(start: Floats, end: Floats, s: Floats, bend: float, order: int, rng: Rng) -> Floats:
    """(n, 2) a Bezier curve of `order` at parameters `s` (n,), its inner control points up to `bend` of the way aside."""
    along = end - start
    across = np.array([-along[1], along[0]])
    side = rng.choice([-1.0, 1.0])
    points = [start]
    for i in range(1, order):
        sway = side * rng.uniform(0.0, bend) if rng.random() < 0.7 else rng.uniform(-bend, bend)
        points.append(start + along * np.clip(i / order + rng.normal(0.0, 0.12), 0.02, 0.98) + across * sway)
    points.append(end)
    level = [np.broadcast_to(point, (len(s), 2)) for point in points]
    while len(level) > 1:  # de Casteljau
        level = [a + (b - a) * s[:, None] for a, b in pairwise(level)]
    return np.array(level[0])


def knotted(start: Floats, end: Floats, s: Floats, stray: float, rng: Rng) -> Floats:
    """(n, 2) a smooth curve through points strewn `stray` pixels about the straight line."""
    knots = int(rng.integers(3, 8))
    at = np.linspace(0.0, 1.0, knots)
    points = start + (end - start) * at[:, None]
    points[1:-1] += rng.normal(0.0, stray, (knots - 2, 2))
    return np.stack([catmull_rom(s, at, points[:, axis]) for axis in (0, 1)], axis=1)


def catmull_rom(s: Floats, at: Floats, value: Floats) -> Floats:
    """Cubic Hermite interpolation whose slopes are those of the neighbours' chords."""
    slope = np.gradient(value, at)
    left = np.clip(np.searchsorted(at, s, side="right") - 1, 0, len(at) - 2)
    width = at[left + 1] - at[left]
    u = (s - at[left]) / width
    return np.asarray(
        (2 * u**3 - 3 * u**2 + 1) * value[left]
        + (u**3 - 2 * u**2 + u) * width * slope[left]
        + (3 * u**2 - 2 * u**3) * value[left + 1]
        + (u**3 - u**2) * width * slope[left + 1]
    )


def noise(kind: str, t: Floats, p: Floats, size: float, rng: Rng) -> Floats:
    """(n, 2) displacement in pixels of typical `size` for a pointer at `p` (n, 2) at times `t` (n,) in milliseconds."""
    n = len(t)
    match kind:
        case "white":
            return rng.normal(0.0, size, (n, 2))
        case "drift":
            return low_passed(rng.normal(0.0, 1.0, (n, 2)), rng.uniform(0.7, 0.97)) * size
        case "smooth":
            knots = max(3, int(t[-1] / rng.uniform(60.0, 250.0)) + 2)
            at = np.linspace(0.0, float(t[-1]) + 1.0, knots)
            return np.stack([catmull_rom(t, at, rng.normal(0.0, size, knots)) for _ in (0, 1)], axis=1)
        case "tremor":
            hertz, phase = rng.uniform(7.0, 13.0), rng.uniform(0.0, 2.0 * pi, 2)
            return size * rng.uniform(0.4, 1.0, 2) * np.sin(2.0 * pi * hertz * t[:, None] / 1000.0 + phase)
        case _:  # what grows with speed (Harris and Wolpert 1998), what drifts, what trembles
            speed = np.hypot(*np.gradient(p, axis=0).T) if n > 1 else np.zeros(n)
            pace = speed / max(float(speed.max(initial=0.0)), 1e-9)
            fast = low_passed(rng.normal(0.0, 1.0, (n, 2)), rng.uniform(0.6, 0.97)) * pace[:, None]
            return (
                size * rng.uniform(0.5, 3.0) * fast
                + noise("drift", t, p, 0.3 * size, rng)
                + noise("tremor", t, p, rng.uniform(0.0, 0.5) * size, rng)
            )


def low_passed(white: Floats, keep: float) -> Floats:
    """First-order autoregression of `white` (n, 2) with unit variance."""
    out = np.empty_like(white)
    state = white[0]
    gain = (1.0 - keep**2) ** 0.5
    for i, fresh in enumerate(white):
        state = keep * state + gain * fresh
        out[i] = state
    return out


def pinned(sway: Floats) -> Floats:
    """`sway` (n, 2), fading to nothing at both ends."""
    n = len(sway)
    near = np.minimum(np.arange(n), np.arange(n)[::-1]) / max(1.0, 0.1 * n)
    return np.asarray(sway * np.minimum(near, 1.0)[:, None])


def lognormal_sum(start: Floats, end: Floats, duration: float, step: float, rng: Rng) -> Move:
    """A move as the vector sum of a few overlapping lognormal strokes (Plamondon 1995; sigma-lognormal with straight strokes)."""
    count = int(rng.integers(2, 6))
    t = np.arange(0.0, duration * 1.35 + step, step)
    share = rng.dirichlet(np.linspace(6.0, 1.0, count))
    aside = rng.normal(0.0, 0.12, count)
    aside -= share * aside.sum()
    along = end - start
    across = np.array([-along[1], along[0]])
    p = np.tile(start, (len(t), 1))
    for i in range(count):
        onset = duration * (0.8 * i / count + rng.uniform(-0.03, 0.05))
        spread, scale = rng.uniform(0.2, 0.5), duration * rng.uniform(0.15, 0.4)
        late = np.maximum(t - onset, 1e-3)
        speed = np.where(t > onset, np.exp(-0.5 * ((np.log(late) - np.log(scale)) / spread) ** 2) / late, 0.0)
        p += _covered(speed)[:, None] * (along * share[i] + across * aside[i])
    return t, p


def submovements(start: Floats, end: Floats, duration: float, step: float, rng: Rng) -> Move:
    """A ballistic move that lands short or long, then corrections that overlap it (Meyer et al. 1988)."""
    way = end - start
    distance = float(np.hypot(*way))
    count = 1 + int(rng.integers(0, 4))
    aims = [start + way * rng.normal(rng.uniform(0.85, 1.05), 0.05) + rng.normal(0.0, 0.03 * distance, 2)]
    for _ in range(count - 1):
        aims.append(end + (aims[-1] - end) * rng.uniform(-0.4, 0.4))
    aims[-1] = end
    onset, lengths = [0.0], [duration * rng.uniform(0.5, 0.9)]
    for _ in range(count - 1):
        onset.append(onset[-1] + lengths[-1] * rng.uniform(0.55, 1.1))
        lengths.append(duration * rng.uniform(0.2, 0.5))
    t = np.arange(0.0, onset[-1] + lengths[-1] + step, step)
    p = np.tile(start, (len(t), 1))
    kind = str(rng.choice(["minimum-jerk", "beta", "lognormal", "sine"]))
    before = start
    for aim, begin, length in zip(aims, onset, lengths, strict=True):
        share = progress(kind, 64, rng)
        p += np.interp((t - begin) / length, np.linspace(0.0, 1.0, 64), share)[:, None] * (aim - before)
        before = aim
    return t, p


class Steering(NamedTuple):
    """How a point is drawn to its target: springs, wind and noisy control are corners of this."""

    pull: float
    """Per second squared."""
    damping: float
    """1 is critical."""
    push: float
    """Of the wandering force, pixels per second squared."""
    keep: float
    """Of the wandering force from one step to the next."""
    ceiling: float
    """Pixels per second."""
    even: bool
    """Pulled evenly from afar, as by gravity, where a spring pulls harder."""

    @classmethod
    def draw(cls, rng: Rng) -> Steering:
        """Somebody's own way of steering."""
        return cls(
            pull=rng.uniform(20.0, 160.0),
            damping=rng.uniform(0.5, 1.3),
            push=rng.uniform(0.0, 4000.0),
            keep=rng.uniform(0.5, 0.98),
            ceiling=rng.uniform(600.0, 4000.0),
            even=bool(rng.random() < 0.4),
        )


def steered(start: Floats, end: Floats, step: float, how: Steering, rng: Rng) -> Move:
    """A move under forces, integrated step by step until it is there."""
    friction = 2.0 * how.damping * how.pull**0.5
    seconds = step / 1000.0
    at, velocity, wind = start.copy(), np.zeros(2), np.zeros(2)
    places = [at]
    for _ in range(400):
        to = end - at
        distance = float(np.hypot(*to))
        if distance < 3.0:
            break
        reach = how.pull * min(1.0, 120.0 / distance) if how.even else how.pull
        wind = how.keep * wind + (1.0 - how.keep**2) ** 0.5 * rng.normal(0.0, how.push, 2) * min(1.0, distance / 60.0)
        velocity = velocity + seconds * (reach * to - friction * velocity + wind)
        pace = float(np.hypot(*velocity))
        if pace > how.ceiling:
            velocity *= how.ceiling / pace
        at = at + seconds * velocity
        places.append(at)
    places.append(end)
    return np.arange(len(places), dtype=np.float64) * step, np.array(places)
