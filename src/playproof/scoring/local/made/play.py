"""A play of targets: what a mover does between clicks, and how a browser would log it."""

from __future__ import annotations

from collections.abc import Callable
from math import log2

import numpy as np

from playproof.scoring.local.made.moves import Floats, Move, Rng
from playproof.telemetry.session import Session

Mover = Callable[[Floats, Floats, float, float, Rng], Move]
"""(start, end, duration in ms, step in ms, rng) to a move that ends at `end`."""


def play(mover: Mover, rng: Rng) -> Session:
    """A session of a few seconds: targets appear, `mover` goes to each and clicks."""
    area = rng.uniform([350.0, 250.0], [1700.0, 900.0])
    corner = rng.uniform(0.0, 200.0, 2)
    radius = rng.uniform(10.0, 45.0)
    spread = rng.uniform(0.0, 0.5)
    step = float(rng.choice([2.0, 4.0, 5.0, 8.0, 10.0, 1000.0 / 60.0, 20.0], p=[0.05, 0.1, 0.1, 0.25, 0.15, 0.25, 0.1]))
    pace = _Pace(rng)
    stray = rng.uniform(0.1, 0.6) if rng.random() < 0.3 else 0.0
    restless = rng.uniform(0.3, 3.0) if rng.random() < 0.5 else 0.0
    waits = np.exp(rng.uniform(np.log(60.0), np.log(700.0)))
    times: list[Floats] = []
    places: list[Floats] = []
    clicks: list[tuple[float, float, float]] = []
    now = 0.0
    at = corner + rng.uniform(0.0, 1.0, 2) * area
    for _ in range(int(rng.integers(5, 16))):
        target = corner + rng.uniform(0.0, 1.0, 2) * area
        end = target + np.clip(rng.normal(0.0, spread, 2), -0.9, 0.9) * radius
        distance = float(np.hypot(*(end - at)))
        if distance < 1.0:
            continue
        t, p = mover(at, end, pace.duration(distance, radius, rng), step, rng)
        times.append(now + t)
        places.append(p)
        now, at = now + float(t[-1]), p[-1]
        idle = rng.random() < stray  # on the way nowhere, without a click
        if not idle:
            now += rng.uniform(5.0, 160.0)
            clicks.append((now, float(at[0]), float(at[1])))
        wait = waits * float(np.exp(rng.normal(0.0, pace.unevenness)))
        if restless and wait > 3.0 * step:
            t, p = _resting(at, wait, step, restless, rng)
            times.append(now + t)
            places.append(p)
            at = p[-1]
        now += wait
    return logged(np.concatenate(times), np.concatenate(places), np.array(clicks), rng)


def _resting(at: Floats, wait: float, step: float, size: float, rng: Rng) -> Move:
    """A pointer that creeps about while it waits."""
    t = np.arange(step, wait, step)
    still = rng.random(len(t)) < rng.uniform(0.3, 0.9)
    steps = rng.normal(0.0, size * (step / 16.0) ** 0.5, (len(t), 2))
    steps[still] = 0.0
    return t, at + np.cumsum(steps, axis=0)


class _Pace:
    """How long one bot takes for a distance: by Fitts's law, at an even speed, or always as long."""

    def __init__(self, rng: Rng) -> None:
        self.law = str(rng.choice(["fitts", "speed", "constant"], p=[0.5, 0.25, 0.25]))
        self.base = rng.uniform(50.0, 300.0)
        self.gain = rng.uniform(70.0, 220.0)
        self.speed = rng.uniform(0.4, 2.5)
        self.constant = rng.uniform(200.0, 1100.0)
        self.unevenness = rng.uniform(0.0, 0.35)

    def duration(self, distance: float, radius: float, rng: Rng) -> float:
        """Milliseconds for one move."""
        if self.law == "fitts":  # Fitts 1954, in MacKenzie's form
            time = self.base + self.gain * log2(distance / (2.0 * radius) + 1.0)
        elif self.law == "speed":
            time = self.base + distance / self.speed
        else:
            time = self.constant
        return float(np.clip(time * np.exp(rng.normal(0.0, self.unevenness)), 60.0, 3000.0))


def logged(t: Floats, p: Floats, clicks: Floats, rng: Rng) -> Session:
    """What a page logs of places `p` (n, 2) at `t` (n,) ms: clocks jitter, frames coalesce, pixels round.

    `clicks` is (m, 3): time, x, y. Consecutive events at one place are one.
    """
    if rng.random() < 0.7:
        t = np.maximum.accumulate(t + rng.uniform(0.0, rng.uniform(0.1, 2.5), len(t)))
    if rng.random() < 0.5:  # one event a frame, the last
        frame = np.floor(t / (1000.0 / 60.0))
        last = np.append(frame[1:] != frame[:-1], True)
        t, p = t[last], p[last]
    if rng.random() < 0.8:
        p = np.round(p) if rng.random() < 0.7 else np.floor(p)
        moved = np.append(True, (np.diff(p, axis=0) != 0.0).any(axis=1))
        t, p = t[moved], p[moved]
    start = float(t[0])
    clicks = clicks.reshape(-1, 3)
    return Session(
        id=None,
        game_type="targets",
        device_type="mouse",
        duration_ms=float(max(t[-1], clicks[:, 0].max(initial=0.0)) - start),
        t=t - start,
        x=np.ascontiguousarray(p[:, 0]),
        y=np.ascontiguousarray(p[:, 1]),
        trusted=None,
        click_t=clicks[:, 0] - start,
        click_x=clicks[:, 1].copy(),
        click_y=clicks[:, 2].copy(),
        click_hit=None,
        hits=None,
        misses=None,
        ignored_fields=0,
    )
