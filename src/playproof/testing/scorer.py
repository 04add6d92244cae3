"""A scorer that answers what a test says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from playproof.features import NAMES
from playproof.scoring.base import Calibration, Floats
from playproof.scoring.ranges import HumanRanges


@dataclass
class Yardstick:
    """A calibration whose score is the raw score itself; nine bootstrap calibrations in ten agree with it."""

    sessions: int = 1000
    people: int = 99
    resolved_to: float = 2.0

    def score(self, raw: float) -> float:
        """`raw`."""
        return raw

    def shares(self, raw: float, pass_threshold: float, review_threshold: float) -> tuple[float, float, float]:
        """0.9 where `raw` lies, 0.05 in either other range."""
        own = (raw > pass_threshold) + (raw > review_threshold)
        low, middle, high = (0.9 if place == own else 0.05 for place in range(3))
        return low, middle, high


def _narrow_ranges() -> HumanRanges:
    """Ranges so far down that every feature lies above them."""
    return HumanRanges(np.array([0.01, 0.05, 0.5, 0.95, 0.99]), np.tile(np.arange(5.0) - 1e9, (len(NAMES), 1)))


@dataclass
class ScriptedScorer:
    """Answers every row with `answer`, or raises `error`."""

    answer: float = 0.5
    error: Exception | None = None
    model_id: str = "scripted"
    model_version: str = "1"
    calibrators: Mapping[str, Calibration] = field(default_factory=lambda: {"targets/mouse": Yardstick()})
    ranges: HumanRanges = field(default_factory=_narrow_ranges)

    def raw(self, rows: Floats) -> Floats:
        """`answer` for each of `rows` (n, k)."""
        if self.error is not None:
            raise self.error
        return np.full(len(rows), self.answer)
