"""Sessions as a person would play them, from a few words of motor control; no recorded data is behind them."""

from __future__ import annotations

import numpy as np

from playproof.telemetry.session import Floats, Session
from playproof.testing.events import Track, logged

RADIUS_PX = 25.0
"""Of the targets that builders aim at."""
AREA_PX = np.array([1100.0, 650.0])
"""Of the field they lie in."""


def human_session(
    rng: np.random.Generator,
    *,
    session_id: str | None = None,
    targets: int = 12,
    game_type: str = "targets",
    device_type: str = "mouse",
    step_ms: float = 1000.0 / 60.0,
    trusted: bool | None = None,
) -> Session:
    """A play of `targets` targets, logged every `step_ms` while the pointer moves.

    Each reach is a few overlapping strokes, fast to rise and slow to fall, that miss a little and correct (Meyer et al.
    1988; Plamondon 1995); their duration follows Fitts's law with a spread. The pace wavers and the hand trembles.
    """
    track = Track()
    slope = rng.uniform(80.0, 115.0)
    at = AREA_PX * rng.uniform(0.2, 0.8, 2)
    for _ in range(targets):
        target = AREA_PX * rng.uniform(0.06, 0.94, 2)
        track.rest(rng.lognormal(np.log(90.0), 0.9), at)
        at = reach(track, rng, at, target, slope)
        track.rest(rng.lognormal(np.log(50.0), 0.7), at)
        track.click(at)
        track.rest(rng.lognormal(np.log(40.0), 0.6), at)
    time, place = track.sampled(1.0)
    place = place + tremor(rng, time, place)
    return logged(
        time,
        place,
        np.array(track.clicks),
        step_ms=step_ms,
        jitter_ms=0.6,
        rng=rng,
        session_id=session_id,
        game_type=game_type,
        device_type=device_type,
        trusted=trusted,
    )


def reach(track: Track, rng: np.random.Generator, start: Floats, target: Floats, slope: float) -> Floats:
    """Go from `start` into `target`; where it ended. `slope` is that of Fitts's law, milliseconds a bit."""
    aim = target + rng.normal(0.0, RADIUS_PX / 4.0, 2)
    at, begin = start, 0.0
    strokes: list[tuple[float, float, float, Floats]] = []
    for attempt in range(6):
        left = aim - at
        distance = float(np.hypot(*left))
        if distance < (3.0 if attempt else 0.5):
            break
        share = rng.normal(0.86, 0.09) if attempt == 0 else rng.normal(0.9, 0.2)
        step = _turned(left * share, rng.normal(0.0, 0.14))
        duration = (60.0 + slope * np.log2(distance / (2.0 * RADIUS_PX) + 1.0)) * rng.lognormal(0.0, 0.3)
        strokes.append((begin, duration, rng.uniform(3.0, 6.5), step))
        at = at + step
        begin += duration * rng.uniform(0.55, 1.0)
    time = np.arange(0.0, begin + 60.0)
    waver = 0.4 * _noise(rng, len(time), 60)
    time = np.cumsum(np.exp(waver)) - 1.0
    place = np.tile(start, (len(time), 1))
    for first, duration, steepness, step in strokes:
        since = np.maximum(time - first, 1e-9) / (0.45 * duration)
        place += step / (1.0 + since**-steepness)[:, None]
    track.follow(place)
    end: Floats = place[-1]
    return end


def _turned(way: Floats, angle: float) -> Floats:
    return np.array([way[0] * np.cos(angle) - way[1] * np.sin(angle), way[0] * np.sin(angle) + way[1] * np.cos(angle)])


def _noise(rng: np.random.Generator, count: int, width: int) -> Floats:
    """Unit noise, smooth over `width` samples."""
    kernel = np.hanning(width)
    return np.asarray(np.convolve(rng.normal(0.0, 1.0, count + width - 1), kernel / np.sqrt((kernel**2).sum()), "valid"))


def tremor(rng: np.random.Generator, time: Floats, place: Floats) -> Floats:
    """Physiological tremor, and noise that grows with speed; none at rest."""
    speed = np.hypot(*np.gradient(place, axis=0).T)
    kernel = np.hanning(45)
    moving = np.convolve((speed > 0.02).astype(float), kernel / kernel.sum(), "same")
    noise = np.stack([_noise(rng, len(time), 170) for _ in range(2)], axis=1)
    fine = np.stack([_noise(rng, len(time), 50) for _ in range(2)], axis=1)
    return np.asarray(moving[:, None] * (noise * (0.6 + 2.5 * speed[:, None]) + fine * (0.05 + 0.08 * speed[:, None])))
