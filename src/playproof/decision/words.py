"""Reasons in words: how far out of people's range a session lies."""

from __future__ import annotations

import numpy as np

from playproof.decision.reasons import ReasonCode
from playproof.decision.verdict import Reason
from playproof.features import CATALOGUE, MODEL_FEATURES
from playproof.scoring.base import Floats
from playproof.scoring.chain import Scored
from playproof.scoring.ranges import HumanRanges

TELLING_SHARE = 0.02
"""A feature is named as a reason where at most this share of people lies as far out."""
MOST_FEATURES = 5
"""More reasons than this explain less."""

_MODEL = np.array([feature.name in MODEL_FEATURES for feature in CATALOGUE])
_SUMMARY = 6


def movement_reason(scored: Scored) -> Reason:
    """Why the score left the pass range."""
    score = scored.score or 0.0
    calibration = scored.calibration
    rarity = f"anomaly score {score:.2f}: about 1 person in {10.0**score:,.0f} moves this unusually"
    if calibration is not None and score > calibration.resolved_to:
        rarity = f"anomaly score {score:.2f}: further out than {calibration.people} calibration people can put a rate to"
    return Reason(ReasonCode.UNUSUAL_MOVEMENT, rarity)


def feature_reasons(row: Floats, ranges: HumanRanges) -> list[Reason]:
    """The features of `row` (k,) that lie furthest out of people's range, furthest first."""
    low, high = ranges.shares(row)
    share = np.where(_MODEL, np.fmin(low, high), np.nan)
    telling = np.flatnonzero(share <= TELLING_SHARE)
    order = telling[np.argsort(share[telling], kind="stable")][:MOST_FEATURES]
    return [_feature_reason(int(index), float(row[index]), bool(low[index] <= high[index]), float(share[index]), ranges) for index in order]


def _feature_reason(index: int, value: float, is_low: bool, share: float, ranges: HumanRanges) -> Reason:
    feature = CATALOGUE[index]
    beyond = f"{100.0 * (1.0 - share):.1f}".rstrip("0").rstrip(".")
    bottom, top = ranges.typical(index)
    side = "lower" if is_low else "higher"
    unit = f" {feature.unit}" if feature.unit not in ("", "1") else ""
    detail = f"{feature.meaning.rstrip('.')}: {value:.3g}{unit} is {side} than in {beyond} % of people (usually {bottom:.3g} to {top:.3g})"
    return Reason(ReasonCode.FEATURE_LOW if is_low else ReasonCode.FEATURE_HIGH, detail, feature.name)


def summary(row: Floats, ranges: HumanRanges) -> dict[str, float]:
    """The evidence, and the model's features that lie furthest out, rounded to six digits."""
    low, high = ranges.shares(row)
    share = np.where(_MODEL, np.fmin(low, high), np.inf)
    share[np.isnan(share)] = np.inf
    furthest = np.argsort(share, kind="stable")[:_SUMMARY]
    chosen = [*_EVIDENCE, *(int(index) for index in furthest if np.isfinite(share[index]))]
    values = row.tolist()
    return {CATALOGUE[index].name: float(f"{values[index]:.6g}") for index in chosen if values[index] == values[index]}


_EVIDENCE = [index for index, feature in enumerate(CATALOGUE) if feature.role == "evidence"]
