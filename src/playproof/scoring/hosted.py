"""What a hosted model says of one session, and how far that counts.

Its scores have no stated range or direction; what they mean rests on the people whose scores by the same version are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from playproof.scoring.base import Calibration


class Standing(StrEnum):
    """What a hosted score may decide."""

    SHOWN = "shown"
    """Nothing: too few people's scores are known, and the embedded model decides."""
    REVIEWS = "reviews"
    """It gets to review at most."""
    DECIDES = "decides"


class VersionCalibration(Calibration, Protocol):
    """People's scores by one version of a hosted model, as the provider answers them."""

    @property
    def standing(self) -> Standing:
        """What scores by this version may decide."""
        ...

    def oriented(self, raw: float) -> float:
        """`raw` turned so that higher is less human."""
        ...


@dataclass(frozen=True, slots=True)
class HostedScore:
    """The score of one session by a version of a hosted model."""

    model_id: str
    version_id: str
    raw: float
    """As answered; finite."""
    flagged: bool | None
    """Whether the provider calls it anomalous, where it says so."""
    calibration: VersionCalibration | None
    """`None` where no people's scores by this version are known."""
    synthetic: bool = False
    """The model was trained on made-up people: it demonstrates, and proves nothing."""

    @property
    def standing(self) -> Standing:
        """What it may decide."""
        return Standing.SHOWN if self.calibration is None else self.calibration.standing
