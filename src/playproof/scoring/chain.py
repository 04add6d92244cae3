"""The scorer chain: who answers, and why the one above did not.

The embedded model answers; where it cannot, the rules alone do. Every step down has a reason, and is reported to whoever
composes the chain, who counts and logs it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

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


@dataclass(frozen=True, slots=True)
class Scored:
    """What the chain answers about one row."""

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

    def score(self, row: Floats, game_type: str, device_type: str, *, measured: bool) -> Scored:
        """Score one catalogue row (k,).

        `measured` is false where the session has too little movement for any feature to mean something; the rules
        answer then, and that is no fallback.
        """
        model = self.model
        stratum = stratum_of(game_type, device_type, model.calibrators)
        if not (measured and stratum.scored):
            return Scored("heuristic", HEURISTIC_ID, HEURISTIC_VERSION, stratum)
        failure: Exception | None = None
        try:
            raw = float(model.raw(row[None, :])[0])
            calibration = model.calibrators[stratum.reference]
            score = round(calibration.score(raw), SCORE_DIGITS)
        except Exception as error:  # noqa: BLE001 - whatever a model does wrong, the visitor still gets an answer
            failure = error
        else:
            if isfinite(raw) and isfinite(score):
                return Scored("local", model.model_id, model.model_version, stratum, raw, score, calibration)
        self._on_fallback(Fallback.MODEL_ERROR, failure)
        return Scored("heuristic", HEURISTIC_ID, HEURISTIC_VERSION, stratum, fallback=Fallback.MODEL_ERROR)
