"""Conformal calibration: from a raw score to the share of people at least as unusual.

Each person weighs the same, however many sessions they played. With w_i the weight of calibration session i, and F(r) the sum
of w_i over raw_i > r, a raw score just above one that was calibrated on has

    s(r) = -log10 p(r),    p(r) = (m F(r) + 1) / (m + 1)

where m is the *effective* number of sessions, the one added being the session in question. m says what a person's own
sessions do to F: at one of their unusual sessions a share of F is that person's own, and for somebody new it would be lower by
as much. m is people over the mean share of a person's own sessions that are at least as unusual as the one in question, taken
over the most unusual sessions (`EFFECTIVE_AT`). If a person's sessions were independent it would be the number of sessions and
p the ordinary split-conformal p-value; if they were copies of one another it would be the number of people and p the
hierarchical one (Lee, Barber and Willett 2023, "Distribution-free inference with hierarchical data"). So P(p <= a) is about a for the
next session of somebody new, on average over calibration draws; the tests show it by simulation.

Between calibration scores s is interpolated through these values, each of which is held on average by whoever scores above it; above
the largest it goes on in a straight line whose slope is that of an exponential tail fitted to the weighted mean excess.
So s never falls as raw rises, and it ranks where it no longer promises. Sessions that tie stand one behind the other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, log10
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 200
"""Bootstrap calibrations kept, each over people drawn with replacement."""
GRID: Floats = np.linspace(0.0, 4.0, 81)
"""The scores at which every bootstrap calibration stores its raw score; thresholds between are interpolated."""
EFFECTIVE_AT = 0.02
"""The share of people's sessions, from the most unusual on, over which the effective number of sessions is measured."""
TAIL_FROM = 0.02
"""The share of people above whose raw score the tail's slope is fitted."""
BAND_AT = (2.0, 2.5)
"""The scores whose realised rate is given a band: the default thresholds."""


class Band(NamedTuple):
    """What a threshold's rate among people comes to when other people of the same kind had been recorded."""

    score: float
    promised: float
    """10 ** -score."""
    low: float
    """5 % of bootstrap calibrations realise less."""
    mean: float
    high: float
    """5 % of bootstrap calibrations realise more."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One calibration: a non-decreasing, piecewise straight map from raw scores to scores."""

    raw: Floats
    """(j,) strictly rising."""
    score: Floats
    """(j,) -log10 p at `raw`."""
    slope: float
    """Of the score above the last `raw`; above 0."""

    def at(self, raw: float) -> float:
        """The score of one raw score; higher is less human."""
        last = float(self.raw[-1])
        if raw > last:
            return float(self.score[-1]) + self.slope * (raw - last)
        return float(np.interp(raw, self.raw, self.score))

    def inverse(self, score: Floats) -> Floats:
        """(g,) the largest raw score that does not exceed each of `score`, which are not below the curve's first."""
        top = float(self.score[-1])
        # The score is flat nowhere but where weights vanish, so a plain interpolation inverts it.
        within = np.interp(score, self.score, self.raw)
        return np.where(score > top, self.raw[-1] + (score - top) / self.slope, within)


@dataclass(frozen=True, slots=True, eq=False)
class Calibrator:
    """People's raw scores in one stratum, as a yardstick."""

    curve: Curve
    draws: Floats
    """(`DRAWS`, g) raw score at each of `GRID` in every bootstrap calibration."""
    sessions: int
    people: int
    effective: float
    """m above: how many independent sessions would say as little of somebody new."""
    bands: tuple[Band, ...]

    @property
    def resolved_to(self) -> float:
        """log10(people + 1): above it a score ranks but promises no rate."""
        return log10(self.people + 1)

    def score(self, raw: float) -> float:
        """-log10 p, where p is the share of people at least this unusual; never falls as `raw` rises."""
        return self.curve.at(raw)

    def shares(self, raw: float, pass_threshold: float, review_threshold: float) -> tuple[float, float, float]:
        """Shares of bootstrap calibrations (over people) that score `raw` up to the first, up to the second, above both."""
        passes, clears = self._share(raw, pass_threshold), self._share(raw, review_threshold)
        return passes, clears - passes, 1.0 - clears

    def _share(self, raw: float, threshold: float) -> float:
        """The share of bootstrap calibrations that score `raw` up to `threshold`."""
        thresholds = _rising_column(self, threshold)
        return (len(thresholds) - bisect_left(thresholds, raw)) / len(thresholds)

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """What `from_arrays` needs besides `summary`."""
        return {"raw": self.curve.raw, "score": self.curve.score, "draws": self.draws}

    def summary(self) -> dict[str, object]:
        """What the manifest states: numbers that fit in JSON."""
        return {
            "sessions": self.sessions,
            "people": self.people,
            "effectiveSessions": self.effective,
            "resolvedTo": self.resolved_to,
            "tailSlope": self.curve.slope,
            "bands": [band._asdict() for band in self.bands],
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.float64]], summary: Mapping[str, object]) -> Calibrator:
        """The calibrator that `arrays` and `summary` were taken from; `KeyError`, `TypeError` or `ValueError` if they are not of one."""
        bands = summary["bands"]
        if not isinstance(bands, list):
            raise TypeError("bands is not a list")
        return cls(
            curve=Curve(arrays["raw"], arrays["score"], _number(summary["tailSlope"])),
            draws=arrays["draws"],
            sessions=int(_number(summary["sessions"])),
            people=int(_number(summary["people"])),
            effective=_number(summary["effectiveSessions"]),
            bands=tuple(Band(**band) for band in bands),
        )


def fit_calibrator(raw: Floats, people: Sequence[str], rng: np.random.Generator) -> Calibrator:
    """Calibrate on raw scores (n,) of sessions of `people` (n,), none of whom was used to fit what scored them.

    Raises `ValueError` for fewer than two people or a raw score that is not finite.
    """
    names, who = np.unique(np.asarray(people, dtype=str), return_inverse=True)
    if len(names) < 2:
        raise ValueError("a calibration needs sessions of at least two people")
    if not np.isfinite(raw).all():
        raise ValueError("a calibration needs finite raw scores")
    each = np.ones(len(names))
    effective = _effective_sessions(raw, who)
    curve = _curve(raw, who, each, effective)
    draws = np.empty((DRAWS, len(GRID)))
    for draw in draws:
        times = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names)).astype(np.float64)
        draw[:] = _curve(raw, who, times, effective).inverse(GRID)
    weight = _weights(who, each)
    bands = tuple(_band(score, raw, weight, _column(draws, score)) for score in BAND_AT)
    return Calibrator(curve, draws, len(raw), len(names), effective, bands)


def _weights(who: NDArray[np.intp], times: Floats) -> Floats:
    """(n,) summing to 1: each person `times` as heavy, shared by the person's sessions."""
    weight: Floats = (times / np.bincount(who))[who]
    return np.asarray(weight / weight.sum())


def _exceedance(raw: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """The distinct raw scores, rising, the weight at or above each, and the mean weight of one session at each."""
    distinct, place, times = np.unique(raw, return_inverse=True, return_counts=True)
    mass = np.bincount(place, weights=weight)
    return distinct, np.minimum(mass[::-1].cumsum()[::-1], 1.0), mass / times


def _effective_sessions(raw: Floats, who: NDArray[np.intp]) -> float:
    count = np.bincount(who)
    weight = _weights(who, np.ones(len(count)))
    distinct, share, _ = _exceedance(raw, weight)
    unusual = share[np.searchsorted(distinct, raw)] <= EFFECTIVE_AT
    if not unusual.any():  # everybody is alike: nothing tells sessions from copies
        return float(len(count))
    own = np.array([float((raw[who == person] >= value).mean()) for person, value in zip(who[unusual], raw[unusual], strict=True)])
    return float(np.clip(len(count) / np.average(own, weights=weight[unusual]), len(count), len(raw)))


def _curve(raw: Floats, who: NDArray[np.intp], times: Floats, effective: float) -> Curve:
    weight = _weights(who, times)
    drawn = weight > 0.0
    raw, weight = raw[drawn], weight[drawn]
    distinct, share, one = _exceedance(raw, weight)
    beyond = np.maximum(share - one, 0.0)
    score = -np.log10((effective * beyond + 1.0) / (effective + 1.0))
    start = distinct[min(int(np.searchsorted(-share, -TAIL_FROM)), len(distinct) - 1)]
    above = raw >= start
    excess = float(weight[above] @ (raw[above] - start)) / float(weight[above].sum())
    if excess <= 0.0:  # nobody beyond: the spread of everybody is the only scale there is
        excess = float(np.ptp(raw)) or 1.0
    return Curve(distinct, score, 1.0 / (excess * log(10.0)))


def _column(draws: Floats, score: float) -> Floats:
    """(d,) the raw score at `score` in each bootstrap calibration."""
    # Above the grid, as within it: the curve is straight there.
    place = max(score, float(GRID[0])) / float(GRID[1])
    left = min(int(place), len(GRID) - 2)
    part = place - left
    return draws[:, left] * (1.0 - part) + draws[:, left + 1] * part


@lru_cache(maxsize=32)
def _rising_column(calibrator: Calibrator, score: float) -> list[float]:
    """(d,) the raw score at `score` in each bootstrap calibration, rising; a judge asks for the same two again and again."""
    return sorted(_column(calibrator.draws, score).tolist())


def _band(score: float, raw: Floats, weight: Floats, thresholds: Floats) -> Band:
    rates = np.array([float(weight[raw > threshold].sum()) for threshold in thresholds])
    low, high = np.quantile(rates, [0.05, 0.95])
    return Band(score, float(10.0**-score), float(low), float(rates.mean()), float(high))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return float(value)
