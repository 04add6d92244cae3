"""Training hosted models: a version from an upload, scored on the people who were kept out of it, and ready with that yardstick."""

from __future__ import annotations

import asyncio
import os

import msgspec
import numpy as np

from playproof.clock import Clock, milliseconds
from playproof.errors import HostedError, HostedReason, ModelNotFound
from playproof.features import CATALOGUE_VERSION
from playproof.ids import RandomBytes
from playproof.scoring.base import Floats
from playproof.store import HostedModelRecord, HostedUpload, Store
from playproof.woodwide.answers import Training
from playproof.woodwide.calibration import calibration_of
from playproof.woodwide.caller import Sleep
from playproof.woodwide.client import Woodwide
from playproof.woodwide.inline import Company
from playproof.woodwide.mapping import Columns, csv_file
from playproof.woodwide.model import HostedModel
from playproof.woodwide.scores import Scores
from playproof.woodwide.supply import OVER, Supply, Told, untold
from playproof.woodwide.training import Mode
from playproof.woodwide.turns import Turns

CHUNK = 200
"""People's rows that are scored in one call to calibrate with, beside the company that new rows have."""


class Trainer:
    """Trains and calibrates. Everything raises `HostedError` and `StoreUnavailable`, and can be asked for again."""

    def __init__(
        self,
        woodwide: Woodwide,
        store: Store,
        company: Company,
        *,
        holder: str,
        clock: Clock,
        random: RandomBytes = os.urandom,
        sleep: Sleep = asyncio.sleep,
        told: Told = untold,
    ) -> None:
        """`company` is that of new rows; `holder` names this process as no other is named; `told` hears what is being done."""
        self._turns = Turns(store, holder, sleep)
        self.supply = Supply(woodwide, store, self._turns, clock=clock, random=random, told=told)
        self._woodwide = woodwide
        self._hosted = store.hosted
        self._company = company
        self._clock = clock
        self._told = told

    async def begin(self, upload_id: str | None, *, mode: Mode = "best", model_id: str | None = None) -> HostedModelRecord:
        """The version that is being trained on an upload, by default the latest; with `model_id` a new version of that model.

        The upload is waited for. Where a version is on its way from it already, that is the one: an answer that was lost
        starts nothing twice. Raises `UploadNotFound` or `ModelNotFound`.
        """
        found = await self.supply.find(upload_id)
        upload = found if found.state == "ingested" else await self.supply.ingested(found.id)
        await self._check(upload, model_id)
        begun: list[HostedModelRecord] = []

        async def known() -> HostedModelRecord | None:
            records = await asyncio.to_thread(self._hosted.models, model_id)
            coming = [record for record in records if record.upload == upload.id and record.state in ("training", "calibrating")]
            return next(iter(begun or coming), None)

        async def step() -> None:
            begun.append(await self._start(upload, mode, model_id))

        return await self._turns.until(f"train {upload.id}", known, step)

    async def finished(self, version_id: str) -> HostedModelRecord:
        """The version once it may score sessions. After `job_timeout` the training goes on, and can be waited for again."""

        async def ready() -> HostedModelRecord | None:
            record = await self._version(version_id)
            if record.state == "failed":
                raise HostedError(f"version {version_id} has failed: {record.reason}", reason=HostedReason.JOB_FAILED)
            return record if record.state == "ready" else None

        async def step() -> None:
            record = await self._version(version_id)
            try:
                if record.state == "training":
                    self._told("training")
                    await self._woodwide.jobs.wait(record.job_id, "train")
                    await asyncio.to_thread(self._hosted.trained, version_id)
                await self._calibrate(record)
            except HostedError as error:
                note = self._hosted.model_failed if error.reason in OVER else self._hosted.held_up
                await asyncio.to_thread(note, version_id, str(error))
                raise

        return await self._turns.until(version_id, ready, step)

    async def _version(self, version_id: str) -> HostedModelRecord:
        record = await asyncio.to_thread(self._hosted.by_version, version_id)
        if record is None:
            raise ModelNotFound(f"no version {version_id!r} was trained from here")
        return record

    async def _check(self, upload: HostedUpload, model_id: str | None) -> None:
        """Raise where what would come of `upload` could not score sessions."""
        if upload.catalogue_version != CATALOGUE_VERSION:
            told = (
                f"upload {upload.id} is of catalogue version {upload.catalogue_version}, not {CATALOGUE_VERSION}: upload the sessions anew"
            )
            raise HostedError(told, reason=HostedReason.COLUMN_MISMATCH)
        if model_id is None:
            return
        records = await asyncio.to_thread(self._hosted.models, model_id)
        if not records:
            raise ModelNotFound(f"no model {model_id!r} was trained from here")
        if records[0].columns != upload.columns:
            told = f"model {model_id} has other columns than upload {upload.id}, and keeps them: train a new model"
            raise HostedError(told, reason=HostedReason.COLUMN_MISMATCH)

    async def _start(self, upload: HostedUpload, mode: Mode, model_id: str | None) -> HostedModelRecord:
        assert upload.version_id is not None, "it is ingested"
        training = await self._lost(upload.version_id, model_id)
        if training is None:
            self._told("beginning to train")
            trainings = self._woodwide.training
            try:
                training = await trainings.start(upload.version_id, upload.columns, mode=mode, model_id=model_id)
            except HostedError as error:
                training = await self._lost(upload.version_id, model_id) if error.uncertain else None
                if training is None:
                    raise
        record = HostedModelRecord(
            version_id=training.version_id,
            model_id=training.model_id,
            upload=upload.id,
            job_id=training.job_id,
            created_at=milliseconds(self._clock.now()),
            columns=upload.columns,
            catalogue_version=upload.catalogue_version,
            synthetic=upload.synthetic,
        )
        await asyncio.to_thread(self._hosted.begun, record)
        return await self._version(record.version_id)  # one that was known is as it was

    async def _lost(self, dataset_version_id: str, model_id: str | None) -> Training | None:
        """The training that was begun on a version of a dataset without anybody here hearing of it."""
        training = await self._woodwide.training.begun(dataset_version_id)
        if training is None or (model_id is not None and training.model_id != model_id):
            return None
        known = await asyncio.to_thread(self._hosted.by_version, training.version_id)
        return training if known is None else None

    async def _calibrate(self, record: HostedModelRecord) -> None:
        upload = await self.supply.find(record.upload)
        content = await asyncio.to_thread(self._hosted.content, upload.id)
        assert content is not None
        if upload.catalogue_version != CATALOGUE_VERSION:
            told = f"the people who were kept out have rows of catalogue version {upload.catalogue_version}, not {CATALOGUE_VERSION}"
            raise HostedError(told, reason=HostedReason.COLUMN_MISMATCH)
        kept = np.frombuffer(content.kept_rows, dtype="<f8").reshape(len(upload.kept_people), -1)
        model = HostedModel(record.model_id, record.version_id, Columns(upload.columns))
        company = await self._company.rows()
        parts = [await self._scored(model, kept, start, company) for start in range(0, len(kept), CHUNK)]
        scores = Scores(np.concatenate([part.raw for part in parts]), tuple(flag for part in parts for flag in part.flagged))
        calibration = calibration_of(model, scores, [str(person) for person in upload.kept_people])
        await asyncio.to_thread(self._hosted.ready, record.version_id, msgspec.json.encode(calibration))

    async def _scored(self, model: HostedModel, kept: Floats, start: int, company: Floats) -> Scores:
        """What `model` says of some of the `kept` rows, in `company`."""
        some = kept[start : start + CHUNK]
        self._told(f"scoring people who were kept out: {start + len(some)} of {len(kept)} sessions")
        file = await asyncio.to_thread(csv_file, np.vstack([some, *company]), model.columns)
        scores = await self._woodwide.inference.at_once(model.model_id, model.version_id, file)
        return Scores(scores.raw[: len(some)], scores.flagged[: len(some)])
