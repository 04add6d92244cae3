"""The embedded model: catalogue rows to raw scores, with people's calibrations and ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playproof.scoring.combine import Fusion
from playproof.scoring.conformal import Calibrator
from playproof.scoring.local.detectors import Detector, Margins
from playproof.scoring.ranges import HumanRanges

Floats = NDArray[np.float64]

MODEL_ID = "playproof-local"

@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """Members fitted on different people: each has every detector, and none saw all the people.

    A person fitted on is calibrated with the member that did not see them; anybody else is scored by the mean of all.
    """

    columns: NDArray[np.intp]
    """(f,) which columns of a catalogue row the detectors read."""
    margins: Margins
    detectors: tuple[Detector, ...]
    """(d,)"""

    def outputs(self, row: Floats) -> Floats:
        """(m, d) what each member's detectors say of one catalogue row (k,); higher is less human."""
        view = self.margins.view(row[self.columns])
        return np.stack([detector.output(view) for detector in self.detectors], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class LocalModel:
    """A scorer of feature rows; see `playproof.scoring.base.Scorer`."""

    ensemble: Ensemble
    fusion: Fusion
    calibrators: Mapping[str, Calibrator]
    """By the name of each calibrated stratum."""
    ranges: HumanRanges
    """People's ranges of every catalogue feature."""
    catalogue_version: str
    model_version: str
    """The first digits of the artefact's hash; `unsaved` before there is one."""
    manifest: Mapping[str, Any]
    """As written beside the arrays; empty before."""
    model_id: str = MODEL_ID

    def raw(self, rows: Floats) -> Floats:
        """Raw scores (n,) of catalogue rows (n, k), NaN where a feature is not measurable; higher is less human.

        Rows are scored one by one, so that no score can depend on the rows beside it. Raises `ValueError` for rows of
        another catalogue and for infinite values.
        """
        return np.array([float(self.fusion.raw(self.ensemble.outputs(row)).mean()) for row in self._checked(rows)])

    def detectors(self, rows: Floats) -> Floats:
        """(n, m, d) every member's every detector on the fusion's common scale; for comparison and explanation."""
        shape = (0, *self.fusion.centre.shape)
        outputs = [self.ensemble.outputs(row) for row in self._checked(rows)]
        return self.fusion.alike(np.stack(outputs)) if outputs else np.empty(shape)

    def _checked(self, rows: Floats) -> Floats:
        if rows.ndim != 2 or rows.shape[1] != len(self.ranges.quantiles):
            raise ValueError(f"rows of {len(self.ranges.quantiles)} features were expected, not an array of shape {rows.shape}")
        if np.isinf(rows).any():
            raise ValueError("a feature is infinite")
        return rows
