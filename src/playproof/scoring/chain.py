"""The scorer chain: who answers, and why the one above did not.

The embedded model answers; where it cannot, the rules alone do. Every step down has a reason, and is reported to whoever
composes the chain, who counts and logs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import NamedTuple

import numpy as np

from playproof.scoring.base import Calibration, Floats, Scorer, Source
from playproof.scoring.strata import Stratum, stratum_of

HEURISTIC_ID = "rules"
HEURISTIC_VERSION = "1"

SCORE_DIGITS = 4
"""Scores are rounded before anything is decided, so that what is shown is what decided."""


class Fallback(StrEnum):
    """Why a lower scorer answered than the one configured."""

    MODEL_ERROR = "model_error"
    """The embedded model raised, or gave a score that is not a number."""


class Case(NamedTuple):
    """One session to be scored."""

    row: Floats
    """(k,) of the catalogue."""
    game_type: str
    device_type: str
    measured: bool
    """False where there is too little movement for any feature to mean something; the rules answer then, and that is no fallback."""

    @property
    def scorable(self) -> bool:
        """Whether there is movement that a model, this or another, can be asked about."""
        return self.measured and self.device_type != "keyboard"


@dataclass(frozen=True, slots=True)
class Scored:
    """What the chain answers about one case."""

    source: Source
    model_id: str
    model_version: str
    stratum: Stratum
    raw: float | None = None
    score: float | None = None
    """-log10 p; `None` where only the rules answered."""
    calibration: Calibration | None = None
    fallback: Fallback | None = None


FallbackListener = Callable[[Fallback, Exception | None], None]


def _unheard(fallback: Fallback, error: Exception | None) -> None:
    """The listener of a caller who reads `fallbackReason` off the verdict instead."""


class Chain:
    """Scores feature rows with the best scorer that can answer."""

    def __init__(self, model: Scorer, on_fallback: FallbackListener = _unheard) -> None:
        self.model = model
        self._on_fallback = on_fallback

    def score(self, cases: Sequence[Case]) -> list[Scored]:
        """What the best scorer that can answer says of each case, which does not depend on the others."""
        strata = [stratum_of(case.game_type, case.device_type, self.model.calibrators) for case in cases]
        asked = [place for place, case in enumerate(cases) if case.measured and strata[place].scored]
        raws = dict(zip(asked, self._raws([cases[place].row for place in asked]), strict=True))
        return [
            self._calibrated(stratum, raws[place]) if place in raws else Scored("heuristic", HEURISTIC_ID, HEURISTIC_VERSION, stratum)
            for place, stratum in enumerate(strata)
        ]

    def _raws(self, rows: Sequence[Floats]) -> list[float | Exception]:
        """Raw scores of catalogue rows (k,), or why there is none."""
        if not rows:
            return []
        try:
            raws: list[float | Exception] = self.model.raw(np.array(rows)).tolist()
            if len(raws) != len(rows):
                raise ValueError(f"{len(raws)} scores of {len(rows)} rows")
        except Exception as error:  # noqa: BLE001 - whatever a model does wrong, the visitor still gets an answer
            # One row's trouble is not the others'.
            return [raw for row in rows for raw in self._raws([row])] if len(rows) > 1 else [error]
        return raws

    def _calibrated(self, stratum: Stratum, raw: float | Exception) -> Scored:
        failure: Exception | None = None
        try:
            if isinstance(raw, Exception):
                raise raw
            calibration = self.model.calibrators[stratum.reference]
            score = round(calibration.score(raw), SCORE_DIGITS)
        except Exception as error:  # noqa: BLE001 - as above
            failure = error
        else:
            if isfinite(raw) and isfinite(score):
                return Scored("local", self.model.model_id, self.model.model_version, stratum, raw, score, calibration)
        self._on_fallback(Fallback.MODEL_ERROR, failure)
        return Scored("heuristic", HEURISTIC_ID, HEURISTIC_VERSION, stratum, fallback=Fallback.MODEL_ERROR)
