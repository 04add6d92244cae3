"""The embedded model: catalogue rows to raw scores, with people's calibrations and ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playproof.compiled import kernel
from playproof.scoring.combine import Fusion
from playproof.scoring.conformal import Calibrator
from playproof.scoring.local.detectors import Detector, Margins
from playproof.scoring.ranges import HumanRanges

Floats = NDArray[np.float64]

MODEL_ID = "playproof-local"


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """The detectors, and what they read."""

    columns: NDArray[np.intp]
    """(f,) which columns of a catalogue row the detectors read."""
    margins: Margins
    detectors: tuple[Detector, ...]
    """(d,)"""

    def outputs(self, rows: Floats) -> Floats:
        """(n, d) what the detectors say of catalogue rows (n, k); higher is less human."""
        view = self.margins.view(rows.take(self.columns, axis=1))
        outputs = np.empty((len(rows), len(self.detectors)))
        for place, detector in enumerate(self.detectors):
            outputs[:, place] = detector.outputs(view)
        return outputs


@dataclass(frozen=True, slots=True, eq=False)
class LocalModel:
    """A scorer of feature rows; see `playproof.scoring.base.Scorer`."""

    panel: Panel
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

        No score depends on the rows beside it. Raises `ValueError` for rows of another catalogue and for infinite values.
        """
        return self.fusion.raw(self.panel.outputs(self._checked(rows)))

    def detectors(self, rows: Floats) -> Floats:
        """(n, d) what every detector says, on the fusion's common scale; for comparison and explanation."""
        return self.fusion.alike(self.panel.outputs(self._checked(rows)))

    def _checked(self, rows: Floats) -> Floats:
        if rows.ndim != 2 or rows.shape[1] != len(self.ranges.quantiles):
            raise ValueError(f"rows of {len(self.ranges.quantiles)} features were expected, not an array of shape {rows.shape}")
        if _any_infinite(rows):
            raise ValueError("a feature is infinite")
        return rows


@kernel("b1(Array(f8, 2, 'A', True))")
def _any_infinite(rows: Floats) -> bool:
    for row in range(rows.shape[0]):
        for value in rows[row]:
            if abs(value) == np.inf:
                return True
    return False
