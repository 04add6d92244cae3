"""Reasons in words: how far out of people's range a session lies."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from playproof.decision.reasons import ReasonCode
from playproof.decision.verdict import Reason
from playproof.features import CATALOGUE, MODEL_FEATURES
from playproof.scoring.base import Floats
from playproof.scoring.chain import Scored
from playproof.scoring.ranges import HumanRanges, Standing

TELLING_SHARE = 0.02
"""A feature is named as a reason where at most this share of people lies as far out."""
MOST_FEATURES = 5
"""More reasons than this explain less."""
_SUMMARISED = 6

_SEEN = np.array([index for index, feature in enumerate(CATALOGUE) if feature.name in MODEL_FEATURES], dtype=np.intp)
_EVIDENCE = [index for index, feature in enumerate(CATALOGUE) if feature.role == "evidence"]
_NAMES = [feature.name for feature in CATALOGUE]


class Portrait:
    """One row (k,) beside people: which of its features lie furthest out."""

    def __init__(self, row: Floats, ranges: HumanRanges) -> None:
        self._values: list[float] = row.tolist()
        self._ranges = ranges
        self._furthest = ranges.furthest(row, _SEEN, _SUMMARISED)

    def summary(self) -> dict[str, float]:
        """The evidence, and the model's features that lie furthest out, rounded to six digits."""
        values = self._values
        told = _EVIDENCE + [standing.feature for standing in self._furthest]
        # A value that is not equal to itself is NaN: there is nothing to show.
        return {_NAMES[index]: float(f"{values[index]:.6g}") for index in told if values[index] == values[index]}

    def reasons(self) -> list[Reason]:
        """The features that lie out of nearly all people's range, furthest first."""
        return [self._reason(standing) for standing in self._furthest[:MOST_FEATURES] if standing.share <= TELLING_SHARE]

    def _reason(self, standing: Standing) -> Reason:
        index, share, is_low = standing
        meaning, unit, usually = _phrases(self._ranges, index)
        code, side = (ReasonCode.FEATURE_LOW, "lower") if is_low else (ReasonCode.FEATURE_HIGH, "higher")
        beyond = f"{100.0 * (1.0 - share):.1f}".rstrip("0").rstrip(".")
        return Reason(code, f"{meaning}: {self._values[index]:.3g}{unit} is {side} than in {beyond} % of people ({usually})", _NAMES[index])


@lru_cache(maxsize=1024)
def _phrases(ranges: HumanRanges, index: int) -> tuple[str, str, str]:
    """What is the same in every reason that speaks of one feature: its meaning, its unit, its usual range."""
    feature = CATALOGUE[index]
    bottom, top = ranges.typical(index)
    unit = f" {feature.unit}" if feature.unit not in ("", "1") else ""
    return feature.meaning.rstrip("."), unit, f"usually {bottom:.3g} to {top:.3g}"


def movement_reason(scored: Scored) -> Reason:
    """Why the score left the pass range."""
    score = scored.score or 0.0
    calibration = scored.calibration
    rarity = f"anomaly score {score:.2f}: about 1 person in {10.0**score:,.0f} moves this unusually"
    if not scored.stratum.calibrated:
        rarity = f"anomaly score {score:.2f} beside people of {scored.stratum.reference}, who did something else: it promises no rate"
    elif calibration is not None and score > calibration.resolved_to:
        rarity = f"anomaly score {score:.2f}: further out than {calibration.people} calibration people can put a rate to"
    return Reason(ReasonCode.UNUSUAL_MOVEMENT, rarity)
