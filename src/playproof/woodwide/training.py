"""Training: a model from a version of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from playproof.woodwide.answers import Model, Training
from playproof.woodwide.caller import Caller, RawAnswer
from playproof.woodwide.calls import RETRIEVE_MODEL, TRAIN
from playproof.woodwide.jobs import Jobs

if TYPE_CHECKING:
    from woodwide import AsyncWoodWide

Mode = Literal["best", "fast"]


class Trainings:
    """Trains models. Everything raises `HostedError`."""

    def __init__(self, caller: Caller, jobs: Jobs) -> None:
        self._caller = caller
        self._jobs = jobs

    async def start(self, dataset_version_id: str, columns: Sequence[str], *, mode: Mode = "best", model_id: str | None = None) -> Training:
        """Begin to train an anomaly model on `columns` of an ingested version; with `model_id`, a new version of that model.

        A model that is trained anew keeps its columns and mode. Where the error is `uncertain` a training may run all the
        same: `begun` finds it.
        """

        async def ask(client: AsyncWoodWide) -> RawAnswer:
            train = client.models.with_raw_response.train
            if model_id is not None:
                return await train(model_type="anomaly", dataset_version_id=dataset_version_id, model_id=model_id)
            return await train(model_type="anomaly", dataset_version_id=dataset_version_id, input_columns=list(columns), training_mode=mode)

        return await self._caller.ask(TRAIN, ask, self._caller.as_json(TRAIN, Training))

    async def begun(self, dataset_version_id: str) -> Training | None:
        """The latest training on a version of a dataset, None where there is none; what a lost answer is made up for with."""
        for listed in await self._jobs.on_version("train", dataset_version_id):
            job = await self._jobs.get(listed.id)
            if job.resources is not None and job.resources.model is not None:
                return Training(job.resources.model.id, job.resources.model.version_id, job.id)
        return None

    async def model(self, model_id: str) -> Model:
        """The model as it stands."""

        async def ask(client: AsyncWoodWide) -> RawAnswer:
            return await client.models.with_raw_response.retrieve(model_id)

        return await self._caller.ask(RETRIEVE_MODEL, ask, self._caller.as_json(RETRIEVE_MODEL, Model))
