"""A continuous pointer track, and what a browser would log of it."""

from __future__ import annotations

import numpy as np

from playproof.telemetry.session import Floats, Session


class Track:
    """Places over time, put together from moves and rests; times in milliseconds, places (2,) in pixels."""

    def __init__(self) -> None:
        self.now = 0.0
        self.clicks: list[tuple[float, float, float]] = []
        self._times: list[Floats] = []
        self._places: list[Floats] = []

    def move(self, start: Floats, end: Floats, duration: float, *, bow: float = 0.0, linear: bool = False) -> None:
        """From `start` to `end`, minimum-jerk (Flash and Hogan 1985) or at an even speed, `bow` pixels aside half-way."""
        time = np.arange(0.0, duration, 1.0)
        share = time / duration
        if not linear:
            share = share**3 * (10.0 - 15.0 * share + 6.0 * share**2)
        way = end - start
        length = float(np.hypot(*way)) or 1.0
        aside = np.array([-way[1], way[0]]) / length
        place = start + share[:, None] * way + (np.sin(np.pi * share) * bow)[:, None] * aside
        self._times.append(self.now + time)
        self._places.append(place)
        self.now += duration

    def follow(self, places: Floats) -> None:
        """Go through `places` (n, 2), one a millisecond."""
        self._times.append(self.now + np.arange(float(len(places))))
        self._places.append(places)
        self.now += len(places)

    def rest(self, duration: float, at: Floats) -> None:
        """Stay at `at`."""
        self._times.append(self.now + np.array([0.0, duration]))
        self._places.append(np.stack([at, at]))
        self.now += duration

    def click(self, at: Floats) -> None:
        """Press here and now."""
        self.clicks.append((self.now, float(at[0]), float(at[1])))

    def sampled(self, step_ms: float) -> tuple[Floats, Floats]:
        """(n,) times and (n, 2) places every `step_ms`."""
        times, places = np.concatenate(self._times), np.concatenate(self._places)
        grid = np.arange(0.0, self.now, step_ms)
        return grid, np.stack([np.interp(grid, times, places[:, axis]) for axis in (0, 1)], axis=1)


def logged(
    time: Floats,
    place: Floats,
    clicks: Floats,
    *,
    step_ms: float,
    jitter_ms: float,
    rng: np.random.Generator,
    session_id: str | None,
    game_type: str,
    device_type: str,
    trusted: bool | None,
    whole_pixels: bool = True,
) -> Session:
    """What a browser logs: one event a frame, only where the pixel changed, times to a tenth of a millisecond."""
    frames = np.arange(0.0, time[-1], step_ms)
    frames = np.maximum.accumulate(np.round(frames + rng.normal(0.0, jitter_ms, len(frames)), 1))
    at = np.stack([np.interp(frames, time, place[:, axis]) for axis in (0, 1)], axis=1)
    if whole_pixels:
        at = np.round(at)
    kept = np.ones(len(frames), bool)
    kept[1:] = (at[1:] != at[:-1]).any(axis=1) & (frames[1:] > frames[:-1])
    frames, at = frames[kept], at[kept] + 0.0
    first = frames[0] if len(frames) else 0.0
    clicks = clicks.reshape(-1, 3)
    t = np.round(frames - first, 1)
    click_t = np.asarray(np.round(clicks[:, 0] - first, 1), np.float64)
    click_xy = np.round(clicks[:, 1:]) + 0.0 if whole_pixels else clicks[:, 1:]
    last = max([0.0, *t[-1:], *click_t[-1:]])
    return Session(
        id=session_id,
        game_type=game_type,
        device_type=device_type,
        duration_ms=float(last),
        t=t,
        x=at[:, 0].copy(),
        y=at[:, 1].copy(),
        trusted=None if trusted is None else np.full(len(t), int(trusted), np.int8),
        click_t=click_t,
        click_x=click_xy[:, 0].copy(),
        click_y=click_xy[:, 1].copy(),
        click_hit=None,
        hits=None,
        misses=None,
        ignored_fields=0,
    )
