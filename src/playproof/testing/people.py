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

    Each reach is a minimum-jerk primary movement that falls short or over, then one or two corrections (Meyer et al.
    1988); duration follows Fitts's law with a spread, the path bends, and a tremor of 8 to 12 Hz rides on it.
    """
    track = Track()
    slope = rng.uniform(110.0, 160.0)
    bend = rng.normal(0.0, 0.04)
    at = AREA_PX * rng.uniform(0.2, 0.8, 2)
    for _ in range(targets):
        target = AREA_PX * rng.uniform(0.06, 0.94, 2)
        track.rest(rng.lognormal(np.log(180.0), 0.35), at)
        at = _reach(track, rng, at, target, slope, bend)
        dwell = rng.lognormal(np.log(90.0), 0.3)
        track.rest(dwell, at)
        track.click(at)
        track.rest(rng.lognormal(np.log(70.0), 0.3), at)
    time, place = track.sampled(1.0)
    place = place + _tremor(rng, time, place)
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


def _reach(track: Track, rng: np.random.Generator, start: Floats, target: Floats, slope: float, bend: float) -> Floats:
    """Move from `start` into `target` with corrections; where it ended."""
    aim = target + rng.normal(0.0, RADIUS_PX / 4.0, 2)
    at = start
    for attempt in range(4):
        left = aim - at
        distance = float(np.hypot(*left))
        if distance < (4.0 if attempt else 1.0):
            break
        share = rng.normal(0.95, 0.05) if attempt == 0 else rng.normal(0.9, 0.15)
        end = at + left * share + rng.normal(0.0, 0.03 * distance + 0.5, 2)
        bits = np.log2(distance / (2.0 * RADIUS_PX if attempt == 0 else 10.0) + 1.0)
        duration = (70.0 + slope * bits) * rng.lognormal(0.0, 0.15)
        peak = rng.uniform(0.34, 0.46)  # people brake longer than they speed up
        track.move(at, end, duration, bow=distance * rng.normal(bend, 0.05), peak=peak)
        at = end
        if attempt:
            track.rest(rng.uniform(20.0, 90.0), at)
    return at


def _tremor(rng: np.random.Generator, time: Floats, place: Floats) -> Floats:
    """Physiological tremor, and noise that grows with speed."""
    speed = np.hypot(*np.gradient(place, axis=0).T)
    wander = np.zeros_like(place)
    for _ in range(5):
        frequency, phase = rng.uniform(8.0, 12.0), rng.uniform(0.0, 2.0 * np.pi, 2)
        wander += rng.uniform(0.05, 0.25) * np.sin(2.0 * np.pi * frequency * time[:, None] / 1000.0 + phase)
    kernel = np.hanning(45)
    noise = np.stack([np.convolve(rng.normal(0.0, 1.0, len(time)), kernel / np.sqrt((kernel**2).sum()), "same") for _ in range(2)], axis=1)
    moving = (speed > 0.02).astype(float)
    envelope = np.convolve(moving, kernel / kernel.sum(), "same")
    return np.asarray(envelope[:, None] * (wander + noise * (0.2 + 0.8 * speed[:, None])))
