"""Rates with intervals, and how well scores separate: hand-written, on arrays.

Every score here is higher for less human. Intervals are two-sided; 95 % unless asked otherwise. Sessions of one person
resemble each other, and so do those of one generator, so the bootstrap draws people or generators, never sessions;
Wilson's interval, which takes sessions for independent, stands beside it because a bootstrap of a rate of 0 or 1 has no
width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

CONFIDENCE = 0.95
DRAWS = 2000
"""Bootstrap draws: enough for the outer 2.5 % to rest on 50 of them."""


class Interval(NamedTuple):
    """A two-sided confidence interval."""

    low: float
    high: float


def wilson(hits: int, total: int, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's score interval of `hits` out of `total`; (0, 1) where nothing was counted.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if not 0 <= hits <= total:
        raise ValueError(f"{hits} of {total} is not a count")
    if total == 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    rate, square = hits / total, z * z
    centre = (rate + square / (2 * total)) / (1 + square / total)
    half = z / (1 + square / total) * (rate * (1 - rate) / total + square / (4 * total * total)) ** 0.5
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    high = 1.0 if hits == total else min(1.0, centre + half)
    return Interval(low, high)


def codes(names: Sequence[str]) -> tuple[tuple[str, ...], Ints]:
    """The distinct `names` in order, and for each name its place among them (n,)."""
    distinct = tuple(sorted(set(names)))
    place = {name: index for index, name in enumerate(distinct)}
    return distinct, np.array([place[name] for name in names], dtype=np.int64)


def clustered_interval(
    hits: Bools, cluster: Ints, rng: np.random.Generator, draws: int = DRAWS, confidence: float = CONFIDENCE
) -> Interval:
    """Percentile bootstrap of the share of `hits` (n,), drawing whole clusters: `cluster` (n,) numbers them from 0.

    (0, 1) where there are no sessions. One cluster alone gives an interval without width; Wilson's is then the wider.
    """
    if hits.size == 0:
        return Interval(0.0, 1.0)
    count = int(cluster.max()) + 1
    hit = np.bincount(cluster, weights=hits.astype(np.float64), minlength=count)
    size = np.bincount(cluster, minlength=count).astype(np.float64)
    present = size > 0
    hit, size = hit[present], size[present]
    weights = _draw(hit.size, rng, draws)
    return _percentiles((weights @ hit) / (weights @ size), confidence)


def mean_interval(values: Floats, rng: np.random.Generator, draws: int = DRAWS, confidence: float = CONFIDENCE) -> Interval:
    """Percentile bootstrap of the mean of `values` (n,), one per generator; (nan, nan) where there are none."""
    if values.size == 0:
        return Interval(float("nan"), float("nan"))
    return _percentiles(_draw(values.size, rng, draws) @ values / values.size, confidence)


def roc_auc(humans: Floats, bots: Floats) -> float:
    """The chance that a random bot scores above a random human, ties counting half; NaN where either is missing.

    Source: the Mann-Whitney statistic, as in Hanley and McNeil, Radiology 143 (1982).
    """
    if humans.size == 0 or bots.size == 0:
        return float("nan")
    return float(_shares_above(humans, bots).mean())


def mean_auc(
    humans: Floats,
    person: Ints,
    bots: Floats,
    generator: Ints,
    rng: np.random.Generator,
    comparable: Bools | None = None,
    draws: int = DRAWS,
) -> tuple[float, Interval]:
    """ROC AUC of people against each generator, averaged over generators, with its bootstrap interval.

    People and generators are both drawn anew in every draw, so that the interval speaks of other people and of other
    generators. `person` (n,) and `generator` (m,) number them from 0 without gaps; `comparable` (people, generators)
    says whose scores come from the same model (`None`: all). NaN where nothing compares.
    """
    if humans.size == 0 or bots.size == 0:
        return float("nan"), Interval(float("nan"), float("nan"))
    people, generators = int(person.max()) + 1, int(generator.max()) + 1
    met = np.ones((people, generators), dtype=np.bool_) if comparable is None else comparable
    wins = np.zeros((people, generators))
    for index in range(generators):
        shares = _shares_above(humans, bots[generator == index])
        wins[:, index] = np.bincount(person, weights=shares, minlength=people)
    sessions = np.bincount(person, minlength=people).astype(np.float64)
    wins, sizes = wins * met, sessions[:, None] * met
    each = np.ones((1, generators))
    estimate = _weighted_auc(wins.sum(axis=0)[None, :], sizes.sum(axis=0)[None, :], each)
    drawn, weights = _draw(people, rng, draws), _draw(generators, rng, draws)
    return float(estimate[0]), _percentiles(_weighted_auc(drawn @ wins, drawn @ sizes, weights), CONFIDENCE)


def _weighted_auc(wins: Floats, sizes: Floats, weights: Floats) -> Floats:
    """Mean of wins/sizes over generators (d, g) with `weights` (d, g), leaving out generators that met nobody."""
    met = sizes > 0
    rate = np.divide(wins, sizes, out=np.zeros_like(wins), where=met)
    weight = (weights * met).sum(axis=1)
    out = np.full(wins.shape[0], np.nan)
    np.divide((rate * weights * met).sum(axis=1), weight, out=out, where=weight > 0)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Det:
    """A detection error trade-off: what each threshold would cost people and let through of bots.

    All arrays are (k,), in rising order of threshold, so `false_alarm` never rises and `miss` never falls.
    """

    threshold: Floats
    """A session is flagged where its score is above it; the first is minus infinity, which flags all."""
    false_alarm: Floats
    """Share of people flagged."""
    miss: Floats
    """Share of bots not flagged, each generator weighing the same where weights were given."""

    def equal_error(self) -> float:
        """The rate at which people flagged and bots missed are as near to equal as the thresholds allow."""
        nearest = int(np.abs(self.false_alarm - self.miss).argmin())
        return float((self.false_alarm[nearest] + self.miss[nearest]) / 2.0)


def det_curve(humans: Floats, bots: Floats, bot_weights: Floats | None = None) -> Det:
    """The trade-off over every threshold that `humans` (n,) and `bots` (m,) can tell apart.

    `bot_weights` (m,) are relative; `None` weighs all bots alike. Scores may be infinite, not NaN.
    """
    if humans.size == 0 or bots.size == 0:
        raise ValueError("a trade-off needs both people and bots")
    weights = np.ones(bots.size) if bot_weights is None else bot_weights
    threshold = np.concatenate([[-np.inf], np.unique(np.concatenate([humans, bots]))])
    false_alarm = 1.0 - np.searchsorted(np.sort(humans), threshold, side="right") / humans.size
    order = np.argsort(bots, kind="stable")
    summed = np.concatenate([[0.0], np.cumsum(weights[order])])
    miss = summed[np.searchsorted(bots[order], threshold, side="right")] / summed[-1]
    return Det(threshold, false_alarm, miss)


def _shares_above(humans: Floats, bots: Floats) -> Floats:
    """For each human score (n,), the share of `bots` above it, ties counting half."""
    ordered = np.sort(bots)
    above = bots.size - np.searchsorted(ordered, humans, side="right")
    at_least = bots.size - np.searchsorted(ordered, humans, side="left")
    shares: Floats = (above + at_least) / (2.0 * bots.size)
    return shares


def _draw(count: int, rng: np.random.Generator, draws: int) -> Floats:
    """How often each of `count` units was drawn, (draws, count)."""
    return rng.multinomial(count, np.full(count, 1.0 / count), size=draws).astype(np.float64)


def _percentiles(values: Floats, confidence: float) -> Interval:
    tail = (1.0 - confidence) / 2.0
    low, high = np.nanquantile(values, [tail, 1.0 - tail])
    return Interval(float(low), float(high))
