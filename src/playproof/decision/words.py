"""Reasons in words: how far out of people's range a session lies."""

from __future__ import annotations

import numpy as np

from playproof.decision.reasons import ReasonCode
from playproof.decision.verdict import Reason
from playproof.features import CATALOGUE, MODEL_FEATURES
from playproof.scoring.base import Floats
from playproof.scoring.chain import Scored
from playproof.scoring.ranges import UNMEASURED, HumanRanges

TELLING_SHARE = 0.02
"""A feature is named as a reason where at most this share of people lies as far out."""
MOST_FEATURES = 5
"""More reasons than this explain less."""
_SUMMARISED = 6

_OTHER = np.array([feature.name not in MODEL_FEATURES for feature in CATALOGUE])
_EVIDENCE = [index for index, feature in enumerate(CATALOGUE) if feature.role == "evidence"]
_NAMES = [feature.name for feature in CATALOGUE]


class Portrait:
    """One row (k,) beside people: which of its features lie furthest out."""

    def __init__(self, row: Floats, ranges: HumanRanges) -> None:
        self._values: list[float] = row.tolist()
        self._ranges = ranges
        share, self._low = ranges.standing(row)
        share[_OTHER] = UNMEASURED
        self._furthest: list[int] = share.argsort(kind="stable")[:_SUMMARISED].tolist()
        self._shares: list[float] = share.take(self._furthest).tolist()

    def summary(self) -> dict[str, float]:
        """The evidence, and the model's features that lie furthest out, rounded to six digits."""
        known = [index for index, share in zip(self._furthest, self._shares, strict=True) if share < UNMEASURED]
        values = self._values
        # A value that is not equal to itself is NaN: there is nothing to show.
        return {_NAMES[index]: float(f"{values[index]:.6g}") for index in (*_EVIDENCE, *known) if values[index] == values[index]}

    def reasons(self) -> list[Reason]:
        """The features that lie out of nearly all people's range, furthest first."""
        pairs = zip(self._furthest, self._shares, strict=True)
        return [self._reason(index, share) for index, share in pairs if share <= TELLING_SHARE][:MOST_FEATURES]

    def _reason(self, index: int, share: float) -> Reason:
        feature = CATALOGUE[index]
        beyond = f"{100.0 * (1.0 - share):.1f}".rstrip("0").rstrip(".")
        bottom, top = self._ranges.typical(index)
        is_low = bool(self._low[index])
        unit = f" {feature.unit}" if feature.unit not in ("", "1") else ""
        detail = (
            f"{feature.meaning.rstrip('.')}: {self._values[index]:.3g}{unit} is {'lower' if is_low else 'higher'} "
            f"than in {beyond} % of people (usually {bottom:.3g} to {top:.3g})"
        )
        return Reason(ReasonCode.FEATURE_LOW if is_low else ReasonCode.FEATURE_HIGH, detail, feature.name)


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
