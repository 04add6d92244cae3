"""Hosted scores as shares of people: a yardstick per model version, from people that it was not trained on.

The provider promises neither a range nor a direction of its scores, so they mean nothing until people's own are known.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from playproof.scoring.conformal import Calibrator, fit_calibrator
from playproof.scoring.hosted import Standing
from playproof.scoring.strata import MINIMUM_PEOPLE
from playproof.woodwide.mapping import Columns
from playproof.woodwide.model import HostedModel
from playproof.woodwide.scores import Scores

KEPT_OUT = 0.3
"""The share of people who are kept out of a training upload."""
REVIEWS_FROM = 99
"""Rows of people below which a score of 2.0 cannot be reached, and the hosted score decides nothing."""
FAILS_FROM = 316
"""Rows of people below which a score of 2.5 cannot be reached, and the hosted score gets to review at most. So it does with fewer
than `MINIMUM_PEOPLE` people, however many rows they have: 20 to 50 alike people were seen to be off by a factor of 1.3 to 2.7 at 2.0."""
_SEED = 0


def standing_of(rows: int, people: int) -> Standing:
    """What hosted scores may decide that are calibrated with so many rows of so many people."""
    if rows < REVIEWS_FROM or people < 2:
        return Standing.SHOWN
    return Standing.REVIEWS if rows < FAILS_FROM or people < MINIMUM_PEOPLE else Standing.DECIDES


def kept_out(people: Sequence[str], share: float = KEPT_OUT) -> NDArray[np.bool_]:
    """(n,) which sessions of `people` (n,) calibrate instead of train: all those of `share` of the people, at least of one.

    Who it is depends on the names alone, so that the same person is kept out of every upload in the same company.
    """
    order = sorted(set(people), key=lambda person: hashlib.sha256(person.encode("utf-8", "surrogateescape")).digest())
    chosen = set(order[: max(1, round(share * len(order)))])
    return np.array([person in chosen for person in people], dtype=np.bool_)


class HostedCalibration(msgspec.Struct, frozen=True, dict=True):
    """Raw scores that a version of a hosted model gave people it had not seen; as JSON, it is kept with the version.

    It is a `playproof.scoring.base.Calibration` of scores as the provider answers them, whichever direction they have.
    """

    model_id: str
    version_id: str
    columns: tuple[str, ...]
    raw: tuple[float, ...]
    """As answered."""
    whose: tuple[int, ...]
    """Whose each is, by a number that says nothing else."""
    rising: bool = True
    """Whether a higher raw score is less human."""

    @property
    def standing(self) -> Standing:
        """What scores by this version may decide."""
        return standing_of(len(self.raw), self.people)

    @property
    def model(self) -> HostedModel:
        """What it is a yardstick for. Raises `HostedError` where the catalogue lacks a column."""
        return HostedModel(self.model_id, self.version_id, Columns(self.columns))

    @property
    def sessions(self) -> int:
        """How many sessions it rests on."""
        return len(self.raw)

    @property
    def people(self) -> int:
        """How many people they are of."""
        return len(set(self.whose))

    @property
    def resolved_to(self) -> float:
        """log10(people + 1): above it a score ranks but promises no rate."""
        return math.log10(self.people + 1)

    @cached_property
    def calibrator(self) -> Calibrator:
        """The yardstick for `oriented` scores. Raises `ValueError` where there are fewer than two people."""
        raw = np.array([self.oriented(value) for value in self.raw])
        return fit_calibrator(raw, [str(person) for person in self.whose], np.random.default_rng(_SEED))

    def oriented(self, raw: float) -> float:
        """`raw` turned so that higher is less human."""
        return raw if self.rising else -raw

    def score(self, raw: float) -> float:
        """-log10 p of a score as answered, where p is the share of people at least this unusual."""
        return self.calibrator.score(self.oriented(raw))

    def shares(self, raw: float, pass_threshold: float, review_threshold: float) -> tuple[float, float, float]:
        """Shares of bootstrap calibrations (over people) that score `raw` up to the first, up to the second, above both."""
        return self.calibrator.shares(self.oriented(raw), pass_threshold, review_threshold)


def calibration_of(model: HostedModel, scores: Scores, people: Sequence[str]) -> HostedCalibration:
    """The yardstick from `scores` of sessions of `people` (n,); rows without a score are left out.

    The provider's own flags tell the direction: it is falling where what it calls anomalous scores lower than the rest.
    """
    if len(people) != len(scores.raw):
        raise ValueError(f"{len(people)} people for {len(scores.raw)} scores")
    numbers = {person: number for number, person in enumerate(dict.fromkeys(people))}
    found = [
        (value, numbers[person], flag)
        for value, person, flag in zip(scores.raw.tolist(), people, scores.flagged, strict=True)
        if math.isfinite(value)
    ]
    flagged, others = ([value for value, _, flag in found if flag is wanted] for wanted in (True, False))
    falling = bool(flagged and others) and float(np.median(flagged)) < float(np.median(others))
    return HostedCalibration(
        model_id=model.model_id,
        version_id=model.version_id,
        columns=model.columns.names,
        raw=tuple(value for value, _, _ in found),
        whose=tuple(person for _, person, _ in found),
        rising=not falling,
    )
