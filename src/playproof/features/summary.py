"""From what is measured of each stroke to features of the session: middles and spreads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from playproof.features.numbers import Floats, median, rising, spread

SUMMARIES: tuple[tuple[str, str, Callable[[Sequence[float]], float]], ...] = (
    ("straightness", "straight", median),
    ("deviation", "deviation", median),
    ("launch_error", "launch", median),
    ("arrival_error", "arrival", median),
    ("peak_time", "peak", median),
    ("bell_misfit", "bell", median),
    ("jerk_smoothness", "jerk", median),
    ("arc_length", "arc", median),
    ("duration_spread", "duration", spread),
)
"""Feature, quantity of a stroke, and what is told of the strokes' quantities."""


def summarise(quantities: Mapping[str, Floats]) -> dict[str, float]:
    """The features of `SUMMARIES` from quantities (s,) of the strokes, NaN where a stroke has none."""
    ordered = rising(np.array([quantities[quantity] for _, quantity, _ in SUMMARIES]))
    return {feature: statistic(values) for (feature, _, statistic), values in zip(SUMMARIES, ordered, strict=True)}
