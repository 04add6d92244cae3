"""From what is measured of each stroke to features of the session: middles, tails and spreads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from playproof.features.numbers import Floats, median, quantile, rising, spread


def _low(ordered: Sequence[float]) -> float:
    return quantile(ordered, 0.1)


def _upper(ordered: Sequence[float]) -> float:
    return quantile(ordered, 0.75)


def _high(ordered: Sequence[float]) -> float:
    return quantile(ordered, 0.9)


SUMMARIES: tuple[tuple[str, str, Callable[[Sequence[float]], float]], ...] = (
    ("straightness", "straight", median),
    ("deviation", "deviation", median),
    ("deviation_high", "deviation", _high),
    ("deviation_low", "deviation", _low),
    ("backtracking", "back", _upper),
    ("launch_error", "launch", median),
    ("arrival_error", "arrival", median),
    ("peak_time", "peak", median),
    ("peak_to_mean", "top", median),
    ("peak_to_mean_spread", "top", spread),
    ("profile_centre", "centre", median),
    ("profile_centre_spread", "centre", spread),
    ("profile_width", "width", median),
    ("bell_misfit", "bell", median),
    ("primary_share", "covered", median),
    ("primary_spread", "covered", spread),
    ("jerk_smoothness", "jerk", median),
    ("jerk_smoothness_spread", "jerk", spread),
    ("arc_length", "arc", median),
    ("length_spread", "length", spread),
    ("duration_spread", "duration", spread),
    ("bend_spread", "bend", spread),
)
"""Feature, quantity of a stroke, and what is told of the strokes' quantities."""


def summarise(quantities: Mapping[str, Floats]) -> dict[str, float]:
    """The features of `SUMMARIES` from quantities (s,) of the strokes, NaN where a stroke has none."""
    ordered = dict(zip(quantities, rising(np.array(tuple(quantities.values()))), strict=True))
    return {feature: statistic(ordered[quantity]) for feature, quantity, statistic in SUMMARIES}
