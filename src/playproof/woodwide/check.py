"""Proving a configuration: key, dataset, model, its calibration, one scored row, and how the hosted model takes small and mixed files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable

import msgspec
import numpy as np

from playproof.clock import Clock
from playproof.errors import HostedError, HostedReason
from playproof.scoring.base import Floats
from playproof.scoring.hosted import Standing
from playproof.woodwide.calibration import HostedCalibration
from playproof.woodwide.client import Woodwide
from playproof.woodwide.mapping import Columns, csv_file
from playproof.woodwide.model import HostedModel
from playproof.woodwide.scores import Scores

TOLERANCE = 1e-6
"""The largest relative difference of two scores of one row that counts as rounding."""
LONGEST_SECONDS = 60.0
"""How long all of it may take."""

MEANINGS = {
    Standing.SHOWN: "hosted scores are shown and decide nothing",
    Standing.REVIEWS: "hosted scores get to review at most",
    Standing.DECIDES: "hosted scores decide",
}


class Finding(msgspec.Struct, frozen=True):
    """What one step found."""

    step: str
    good: bool
    told: str
    seconds: float
    reason: HostedReason | None = None


class Check:
    """Tries a configuration, step by step; a step that cannot be made ends it."""

    def __init__(self, woodwide: Woodwide, clock: Clock, seconds: float = LONGEST_SECONDS) -> None:
        self._woodwide = woodwide
        self._clock = clock
        self._until = clock.monotonic() + seconds

    async def run(
        self, dataset: str, model_id: str, columns: Columns, rows: Floats, calibration: HostedCalibration | None = None
    ) -> AsyncIterator[Finding]:
        """The findings, each as soon as it is there.

        `rows` (n, k) are catalogue rows of people, at least two; they are scored, which may cost credits, by the version of
        `calibration`, or without one by that which the provider answers with. The last step's `good` says whether a row
        scores the same alone and in company.
        """
        found = await self._step("key and dataset", self._dataset(dataset))
        yield found
        if not found.good:
            return
        model: list[HostedModel] = []
        found = await self._step("model", self._model(model_id, columns, calibration, model))
        yield found
        if not found.good:
            return
        yield _calibrated(calibration)
        scores: list[Scores] = []
        for step, count in (("one row", 1), ("company", len(rows))):
            yield await self._step(step, self._score(model[0], rows[:count], calibration, scores))
        if len(scores) == 2:
            yield self._compared(*scores)

    async def _step(self, step: str, work: Awaitable[str]) -> Finding:
        started = self._clock.monotonic()
        reason: HostedReason | None = None
        try:
            async with asyncio.timeout(max(0.0, self._until - started)):
                told = await work
        except HostedError as error:
            told, reason = str(error), error.reason
        except TimeoutError:
            told, reason = "not done in the time there is for all of it", HostedReason.TIMEOUT
        return Finding(step, reason is None, told, self._clock.monotonic() - started, reason)

    async def _dataset(self, name: str) -> str:
        dataset = await self._woodwide.datasets.find(name)
        if dataset is None:
            return f"the key is good; there is no dataset {name} yet"
        version = dataset.current_version
        state = f"version {version.version} is {version.status}, {version.row_count} rows" if version else "without a version"
        return f"the key is good; {name} is {dataset.id}, {state}"

    async def _model(self, model_id: str, columns: Columns, calibration: HostedCalibration | None, found: list[HostedModel]) -> str:
        model = await self._woodwide.training.model(model_id)
        version = model.current_version
        if model.model_type != "anomaly":
            raise HostedError(f"{model_id} is a model of type {model.model_type}, not anomaly", reason=HostedReason.REFUSED)
        if calibration is not None and (version is None or version.version_id != calibration.version_id):
            found.append(calibration.model)
            newest = "without a version" if version is None else f"at version {version.version_id}, {version.status}"
            return f"{model_id} is {newest}; its newest calibrated version {calibration.version_id} is asked"
        if version is None or version.status != "ready":
            raise HostedError(f"{model_id} is {version.status if version else 'without a version'}", reason=HostedReason.NOT_READY)
        found.append(HostedModel(model_id, version.version_id, columns))
        return f"{model_id} is ready, version {version.version} ({version.version_id})"

    async def _score(self, model: HostedModel, rows: Floats, calibration: HostedCalibration | None, found: list[Scores]) -> str:
        scores = await self._woodwide.inference.at_once(model.model_id, model.version_id, csv_file(rows, model.columns))
        if not np.isfinite(scores.raw).all():
            missing = int((~np.isfinite(scores.raw)).sum())
            raise HostedError(f"{missing} of {len(rows)} rows have no score", reason=HostedReason.INVALID_SCORE)
        found.append(scores)
        raw = float(scores.raw[0])
        known = calibration is not None and calibration.standing is not Standing.SHOWN
        means = f", which is {calibration.score(raw):.2f} calibrated" if calibration is not None and known else ""
        return f"{len(rows)} scored; the first has {raw:.6g}{means}, flagged: {_word(scores.flagged[0])}"

    def _compared(self, alone: Scores, together: Scores) -> Finding:
        one, other = float(alone.raw[0]), float(together.raw[0])
        same = abs(one - other) <= TOLERANCE * max(1.0, abs(one), abs(other))
        told = "a row has the same score alone and in company" if same else f"alone a row has {one:.6g}, in company {other:.6g}"
        return Finding("alone and in company", same, told, 0.0)


def _calibrated(calibration: HostedCalibration | None) -> Finding:
    if calibration is None:
        return Finding("calibration", False, f"no version was calibrated here: {MEANINGS[Standing.SHOWN]}", 0.0)
    standing = calibration.standing
    told = f"{calibration.sessions} rows of {calibration.people} people: {MEANINGS[standing]}"
    return Finding("calibration", standing is not Standing.SHOWN, told, 0.0)


def _word(flag: bool | None) -> str:
    return "not said" if flag is None else "yes" if flag else "no"
