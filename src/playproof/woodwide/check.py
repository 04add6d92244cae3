"""Proving a configuration: key, dataset, model, one scored row, and how the hosted model takes small and mixed files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable

import msgspec
import numpy as np

from playproof.clock import Clock
from playproof.errors import HostedError, HostedReason
from playproof.scoring.base import Floats
from playproof.woodwide.client import Woodwide
from playproof.woodwide.mapping import Columns, csv_file
from playproof.woodwide.model import HostedModel
from playproof.woodwide.scores import Scores

TOLERANCE = 1e-6
"""The largest relative difference of two scores of one row that counts as rounding."""


class Finding(msgspec.Struct, frozen=True):
    """What one step found."""

    step: str
    good: bool
    told: str
    seconds: float
    reason: HostedReason | None = None


class Check:
    """Tries a configuration, step by step; a step that cannot be made ends it."""

    def __init__(self, woodwide: Woodwide, clock: Clock) -> None:
        self._woodwide = woodwide
        self._clock = clock

    async def run(self, dataset: str, model_id: str, columns: Columns, rows: Floats) -> AsyncIterator[Finding]:
        """The findings, each as soon as it is there.

        `rows` (n, k) are catalogue rows of people, at least two; they are scored, which may cost credits. The last step's
        `good` says whether a row scores the same alone and in company.
        """
        found = await self._step("key and dataset", self._dataset(dataset))
        yield found
        if not found.good:
            return
        model: list[HostedModel] = []
        found = await self._step("model", self._model(model_id, columns, model))
        yield found
        if not found.good:
            return
        scores: list[Scores] = []
        for step, count in (("one row", 1), ("company", len(rows))):
            yield await self._step(step, self._score(model[0], rows[:count], scores))
        if len(scores) == 2:
            yield self._compared(*scores)

    async def _step(self, step: str, work: Awaitable[str]) -> Finding:
        started = self._clock.monotonic()
        reason: HostedReason | None = None
        try:
            told = await work
        except HostedError as error:
            told, reason = str(error), error.reason
        return Finding(step, reason is None, told, self._clock.monotonic() - started, reason)

    async def _dataset(self, name: str) -> str:
        dataset = await self._woodwide.datasets.find(name)
        if dataset is None:
            return f"the key is good; there is no dataset {name} yet"
        version = dataset.current_version
        state = f"version {version.version} is {version.status}, {version.row_count} rows" if version else "without a version"
        return f"the key is good; {name} is {dataset.id}, {state}"

    async def _model(self, model_id: str, columns: Columns, found: list[HostedModel]) -> str:
        model = await self._woodwide.training.model(model_id)
        version = model.current_version
        if model.model_type != "anomaly":
            raise HostedError(f"{model_id} is a model of type {model.model_type}, not anomaly", reason=HostedReason.REFUSED)
        if version is None or version.status != "ready":
            raise HostedError(f"{model_id} is {version.status if version else 'without a version'}", reason=HostedReason.NOT_READY)
        found.append(HostedModel(model_id, version.version_id, columns))
        return f"{model_id} is ready, version {version.version} ({version.version_id})"

    async def _score(self, model: HostedModel, rows: Floats, found: list[Scores]) -> str:
        scores = await self._woodwide.inference.at_once(model.model_id, model.version_id, csv_file(rows, model.columns))
        if not np.isfinite(scores.raw).all():
            missing = int((~np.isfinite(scores.raw)).sum())
            raise HostedError(f"{missing} of {len(rows)} rows have no score", reason=HostedReason.INVALID_SCORE)
        found.append(scores)
        return f"{len(rows)} scored; the first has {scores.raw[0]:.6g}, flagged: {_word(scores.flagged[0])}"

    def _compared(self, alone: Scores, together: Scores) -> Finding:
        one, other = float(alone.raw[0]), float(together.raw[0])
        same = abs(one - other) <= TOLERANCE * max(1.0, abs(one), abs(other))
        told = "a row has the same score alone and in company" if same else f"alone a row has {one:.6g}, in company {other:.6g}"
        return Finding("alone and in company", same, told, 0.0)


def _word(flag: bool | None) -> str:
    return "not said" if flag is None else "yes" if flag else "no"
