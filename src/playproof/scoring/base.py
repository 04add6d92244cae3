"""What every scorer answers, and what it must keep to.

A scorer turns feature rows into raw scores. Higher is less human, a row's score does not depend on the rows beside it,
and a row it cannot score is an error, never a low score.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from playproof.scoring.ranges import HumanRanges

Floats = NDArray[np.float64]
Source = Literal["woodwide", "local", "heuristic"]


class Calibration(Protocol):
    """People's raw scores in one stratum, as a yardstick."""

    @property
    def sessions(self) -> int:
        """How many sessions it rests on."""
        ...

    @property
    def people(self) -> int:
        """How many people they are of."""
        ...

    @property
    def resolved_to(self) -> float:
        """log10(people + 1): above it a score ranks but promises no rate."""
        ...

    def score(self, raw: float) -> float:
        """-log10 p, where p is the share of people at least this unusual; never falls as `raw` rises."""
        ...

    def shares(self, raw: float, pass_threshold: float, review_threshold: float) -> tuple[float, float, float]:
        """Shares of bootstrap calibrations (over people) that score `raw` up to the first, up to the second, above both."""
        ...


class Scorer(Protocol):
    """A model that scores feature rows."""

    @property
    def model_id(self) -> str:
        """Its name."""
        ...

    @property
    def model_version(self) -> str:
        """Changes whenever a score could."""
        ...

    @property
    def calibrators(self) -> Mapping[str, Calibration]:
        """By the name of each calibrated stratum."""
        ...

    @property
    def ranges(self) -> HumanRanges:
        """People's ranges of every catalogue feature."""
        ...

    def raw(self, rows: Floats) -> Floats:
        """Raw scores (n,) of catalogue rows (n, k), NaN where a feature is not measurable; higher is less human."""
        ...
