"""Models and their versions: fitted to dataset versions by training jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from playproof.emulator.core import Core, page
from playproof.emulator.datasets import Datasets
from playproof.emulator.detector import Detector, TooFewRows, fit
from playproof.emulator.ids import new_id
from playproof.emulator.jobs import Jobs, WorkFailed
from playproof.emulator.records import Dataset, Job, Model, ModelVersion
from playproof.emulator.refusal import Refusal, invalid, missing


class TrainingOrder(NamedTuple):
    """What a training call asks for."""

    model_type: str
    dataset_id: str | None = None
    dataset_version_id: str | None = None
    input_columns: list[str] | None = None
    model_id: str | None = None
    force_retrain: bool = False
    training_mode: str = "best"


class Training(NamedTuple):
    """A model, the version that is being fitted, and the job that fits it."""

    model: Model
    version: ModelVersion
    job: Job


class Models:
    """All models."""

    def __init__(self, core: Core, jobs: Jobs, datasets: Datasets) -> None:
        self._core = core
        self._jobs = jobs
        self._datasets = datasets
        self._detectors: dict[str, Detector] = {}
        jobs.work["train"] = self._fit
        jobs.dropped["train"] = self._give_up

    def train(self, order: TrainingOrder, key: str | None) -> Training:
        """Begin to fit a model, or name the one that was fitted to the same rows and columns. Raises `Refusal`."""
        if order.model_type != "anomaly":
            raise invalid("model_type", "this emulator trains anomaly models only")
        rows = self._datasets.usable(order.dataset_id, order.dataset_version_id)
        columns = order.input_columns
        if order.model_id is not None:
            columns = self.get(order.model_id).input_columns
        elif not order.force_retrain and (same := self._same(rows.id, columns)) is not None:
            return same
        if columns is not None and not columns:
            raise invalid("input_columns", "must name a column, or be left out")
        absent = sorted(set(columns or ()) - set(self._datasets.table(rows).columns))
        if absent:
            raise invalid("input_columns", f"not in the dataset: {', '.join(absent)}")
        now = self._core.now()
        model = self.get(order.model_id) if order.model_id is not None else None
        if model is None:
            model = Model(
                id=new_id("mdl", self._core.random),
                seq=self._core.next_seq(),
                created_at=now,
                updated_at=now,
                model_type=order.model_type,
                input_columns=columns,
            )
        version_id = new_id("mdlv", self._core.random)
        job = self._jobs.start(
            "train",
            "models.train",
            key,
            dataset_id=rows.dataset_id,
            dataset_version_id=rows.id,
            model_id=model.id,
            model_version_id=version_id,
            input={"training_mode": order.training_mode},
        )
        version = ModelVersion(
            id=version_id,
            seq=self._core.next_seq(),
            created_at=now,
            model_id=model.id,
            version=len(self.versions(model.id)) + 1,
            status="processing",
            dataset_id=rows.dataset_id,
            dataset_version_id=rows.id,
            training_job_id=job.id,
        )
        model.updated_at = now
        self._core.archive.save(version)
        self._core.archive.save(model)
        return Training(model, version, job)

    def _same(self, dataset_version_id: str, columns: list[str] | None) -> Training | None:
        for version in self._core.archive.load(ModelVersion).values():
            model = self._core.archive.load(Model)[version.model_id]
            if (version.dataset_version_id, model.input_columns) == (dataset_version_id, columns) and version.status != "failed":
                return Training(model, version, self._jobs.get(version.training_job_id))
        return None

    def _fit(self, job: Job) -> None:
        version = self.version(job.model_version_id or "")
        rows = self._datasets.version(version.dataset_version_id)
        try:
            detector = fit(self._datasets.read(rows.file or ""), self.get(version.model_id).input_columns)
        except TooFewRows as error:
            raise WorkFailed(str(error)) from error
        self._core.archive.write(f"{version.id}.model", msgspec.json.encode(detector))
        self._detectors[version.id] = detector
        version.status = "ready"
        version.ready_at = self._core.now()
        self._core.archive.save(version)

    def adopt(self, job: Job) -> None:
        """Have the version that `job` fits wait for it."""
        version = self.version(job.model_version_id or "")
        version.status = "processing"
        version.training_job_id = job.id
        self._core.archive.save(version)

    def _give_up(self, job: Job) -> None:
        version = self.version(job.model_version_id or "")
        version.status = "failed"
        self._core.archive.save(version)

    def get(self, model_id: str) -> Model:
        """The model. Raises `Refusal`."""
        model = self._core.archive.load(Model).get(model_id)
        if model is None:
            raise missing("Model")
        return model

    def find(self, q: str | None, limit: int, cursor: str | None) -> tuple[list[Model], str | None]:
        """Models of whose id or a version's `q` is a part, the newest first."""
        wanted = (q or "").lower()
        found = [
            model
            for model in self._core.archive.load(Model).values()
            if any(wanted in name.lower() for name in (model.id, *(version.id for version in self.versions(model.id))))
        ]
        return page(found, limit, cursor)

    def of_dataset(self, dataset_id: str, limit: int) -> tuple[list[Model], str | None]:
        """Models fitted to a version of the dataset, the newest first. Raises `Refusal`."""
        self._datasets.get(dataset_id)
        fitted = {version.model_id for version in self._core.archive.load(ModelVersion).values() if version.dataset_id == dataset_id}
        return page([self.get(model_id) for model_id in fitted], limit, None)

    def delete(self, model_id: str) -> None:
        """Remove a model and its versions. Raises `Refusal`."""
        model = self.get(model_id)
        self._jobs.cancel_where(model_id=model_id)
        for version in self.versions(model_id):
            self._core.archive.discard(f"{version.id}.model")
            self._detectors.pop(version.id, None)
            self._core.archive.remove(version)
        self._core.archive.remove(model)

    def versions(self, model_id: str) -> Sequence[ModelVersion]:
        """The versions of a model, the newest first."""
        found = [one for one in self._core.archive.load(ModelVersion).values() if one.model_id == model_id]
        return sorted(found, key=lambda version: -version.version)

    def version(self, version_id: str) -> ModelVersion:
        """A version. Raises `Refusal`."""
        version = self._core.archive.load(ModelVersion).get(version_id)
        if version is None:
            raise missing("Model version")
        return version

    def usable(self, model_id: str, version_id: str | None) -> ModelVersion:
        """The version asked for, or the latest that is ready. Raises `Refusal`."""
        self.get(model_id)
        versions = self.versions(model_id)
        if version_id is not None:
            versions = [version for version in versions if version.id == version_id]
            if not versions:
                raise missing("Model version")
        for version in versions:
            if version.status == "ready":
                return version
        coming = any(version.status == "processing" for version in versions)
        raise Refusal(409, "No ready model version found", final=not coming)

    def oldest(self, model_id: str) -> ModelVersion | None:
        """The oldest version that is ready."""
        return next((version for version in reversed(self.versions(model_id)) if version.status == "ready"), None)

    def detector(self, version: ModelVersion) -> Detector:
        """What was fitted."""
        if version.id not in self._detectors:
            content = self._core.archive.read(f"{version.id}.model")
            if content is None:
                raise WorkFailed("the model is gone")
            self._detectors[version.id] = msgspec.json.decode(content, type=Detector)
        return self._detectors[version.id]

    def trained_on(self, version: ModelVersion) -> str | None:
        """The name of the dataset that a version was fitted to."""
        dataset = self._core.archive.load(Dataset).get(version.dataset_id)
        return dataset.name if dataset else None
