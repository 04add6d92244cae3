"""Datasets, their versions, and how uploads become them."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

from playproof.emulator.core import Core, page
from playproof.emulator.ids import new_id
from playproof.emulator.ingestion import Unreadable, read_table
from playproof.emulator.jobs import Jobs, WorkFailed
from playproof.emulator.records import Dataset, DatasetVersion, Job, Preparation
from playproof.emulator.refusal import Refusal, invalid, missing
from playproof.emulator.tables import Table

_TABLES_KEPT = 16


class Upload(NamedTuple):
    """What came in, or is announced."""

    filename: str
    dataset_id: str | None = None
    dataset_name: str | None = None
    description: str | None = None
    override: bool = False


class Submission(NamedTuple):
    """A dataset, the version that is being made, and the job that makes it."""

    dataset: Dataset
    version: DatasetVersion
    job: Job


class Datasets:
    """All datasets."""

    def __init__(self, core: Core, jobs: Jobs) -> None:
        self._core = core
        self._jobs = jobs
        self._tables: OrderedDict[str, Table] = OrderedDict()
        jobs.work["dataset_ingest"] = self._ingest
        jobs.dropped["dataset_ingest"] = self._give_up

    def create(self, upload: Upload, content: bytes, key: str | None) -> Submission:
        """Take a file in. Raises `Refusal`."""
        dataset, version = self._place(upload)
        blob = self._keep(version, content)
        job = self._jobs.start("dataset_ingest", "datasets.create", key, **self._fields(version, upload, blob))
        return self._submitted(dataset, version, job)

    def prepare(self, upload: Upload, idempotency: tuple[str, str] | None, key: str | None) -> Submission:
        """Announce a file that is to be put elsewhere; the same `idempotency` key and digest gives the same answer."""
        name, digest = (hashlib.sha256(idempotency[0].encode()).hexdigest(), idempotency[1]) if idempotency else ("", "")
        if name:
            known = self._core.archive.load(Preparation).get(name)
            if known is not None:
                if known.digest != digest:
                    raise Refusal(409, "this Idempotency-Key was used with another request", final=True)
                return self.submission(self._jobs.get(known.job_id))
        dataset, version = self._place(upload)
        job = self._jobs.start("dataset_ingest", "datasets.upload", key, waiting=True, **self._fields(version, upload, None))
        if name:
            made = Preparation(id=name, seq=self._core.next_seq(), created_at=self._core.now(), digest=digest, job_id=job.id)
            self._core.archive.save(made)
        return self._submitted(dataset, version, job)

    def receive(self, job_id: str, content: bytes) -> None:
        """Take in the file that was announced. Raises `Refusal`."""
        job = self._jobs.get(job_id)
        if job.status != "waiting_for_upload" or job.dataset_version_id is None:
            raise Refusal(409, "this upload is complete", final=True)
        job.upload = self._keep(self.version(job.dataset_version_id), content)
        self._core.archive.save(job)

    def complete(self, version_id: str, key: str | None) -> Submission:
        """Begin to ingest a file that was announced and put. Saying so again changes nothing. Raises `Refusal`."""
        version = self.version(version_id)
        job = self._jobs.get(version.ingest_job_id)
        if job.status == "waiting_for_upload":
            if job.upload is None:
                raise Refusal(409, "nothing was uploaded to the signed URL", final=True)
            self._jobs.release(job, "datasets.complete", key)
        return self.submission(job)

    def submission(self, job: Job) -> Submission:
        """What an ingest job is about."""
        version = self.version(job.dataset_version_id or "")
        return Submission(self._core.archive.load(Dataset)[version.dataset_id], version, job)

    def _place(self, upload: Upload) -> tuple[Dataset, DatasetVersion]:
        """The dataset that `upload` is for and the version it makes, both new where they have to be."""
        name = upload.dataset_name or upload.filename
        if upload.dataset_id is not None:
            dataset = self.get(upload.dataset_id)
        else:
            taken = next((one for one in self._living() if one.name == name), None)
            if taken is not None and not upload.override:
                raise Refusal(400, f"Dataset with name '{name}' already exists")
            dataset = taken or self._new(name)
        if upload.description is not None:
            dataset.description = upload.description
        dataset.updated_at = self._core.now()
        versions = self.versions(dataset.id)
        if upload.override and versions:
            version = versions[0]
            version.status = "processing"
            version.filename = upload.filename
        else:
            version = DatasetVersion(
                id=new_id("dsv", self._core.random),
                seq=self._core.next_seq(),
                created_at=self._core.now(),
                dataset_id=dataset.id,
                version=len(versions) + 1,
                status="processing",
                ingest_job_id="",
                filename=upload.filename,
            )
        return dataset, version

    def _new(self, name: str) -> Dataset:
        now = self._core.now()
        return Dataset(id=new_id("ds", self._core.random), seq=self._core.next_seq(), created_at=now, updated_at=now, name=name)

    def _keep(self, version: DatasetVersion, content: bytes) -> str:
        blob = f"{version.id}.{self._core.next_seq()}.upload"
        self._core.archive.write(blob, content)
        return blob

    def _fields(self, version: DatasetVersion, upload: Upload, blob: str | None) -> dict[str, Any]:
        return {
            "dataset_id": version.dataset_id,
            "dataset_version_id": version.id,
            "upload": blob,
            "input_filename": upload.filename,
            "input": {"override": upload.override},
        }

    def _submitted(self, dataset: Dataset, version: DatasetVersion, job: Job) -> Submission:
        version.ingest_job_id = job.id
        self._core.archive.save(version)
        self._core.archive.save(dataset)
        return Submission(dataset, version, job)

    def _ingest(self, job: Job) -> None:
        version = self.version(job.dataset_version_id or "")
        content = self._core.archive.read(job.upload or "")
        if content is None:
            raise WorkFailed("the uploaded file is gone")
        try:
            table = read_table(content)
        except Unreadable as error:
            raise WorkFailed(str(error)) from error
        self._remember(job.upload or "", table)
        version.file = job.upload
        version.status = "ready"
        version.ready_at = self._core.now()
        version.row_count = table.rows
        version.byte_size = len(content)
        version.schema_json = table.schema()
        self._core.archive.save(version)

    def adopt(self, job: Job) -> None:
        """Have the version that `job` makes wait for it."""
        version = self.version(job.dataset_version_id or "")
        version.status = "processing"
        version.ingest_job_id = job.id
        self._core.archive.save(version)

    def _give_up(self, job: Job) -> None:
        version = self.version(job.dataset_version_id or "")
        version.status = "failed"
        self._core.archive.save(version)

    def _living(self) -> list[Dataset]:
        return [dataset for dataset in self._core.archive.load(Dataset).values() if not dataset.is_archived]

    def get(self, dataset_id: str, *, archived: bool = False) -> Dataset:
        """The dataset. Raises `Refusal`."""
        dataset = self._core.archive.load(Dataset).get(dataset_id)
        if dataset is None or (dataset.is_archived and not archived):
            raise missing("Dataset")
        return dataset

    def find(self, q: str | None, limit: int, cursor: str | None, *, archived: bool) -> tuple[list[Dataset], str | None]:
        """Datasets whose name contains `q`, the newest first."""
        wanted = (q or "").lower()
        found = [one for one in self._core.archive.load(Dataset).values() if wanted in one.name.lower()]
        return page([one for one in found if archived or not one.is_archived], limit, cursor)

    def update(self, dataset_id: str, name: str | None, description: str | None) -> Dataset:
        """Rename or describe a dataset. Raises `Refusal`."""
        dataset = self.get(dataset_id)
        if name is not None and name != dataset.name:
            if not name:
                raise invalid("name", "must not be empty")
            if any(one.name == name for one in self._living()):
                raise Refusal(400, f"Dataset with name '{name}' already exists")
            dataset.name = name
        if description is not None:
            dataset.description = description
        dataset.updated_at = self._core.now()
        self._core.archive.save(dataset)
        return dataset

    def archive(self, dataset_id: str) -> None:
        """Put a dataset away and remove its files for good. Raises `Refusal`."""
        dataset = self.get(dataset_id)
        self._jobs.cancel_where(dataset_id=dataset_id)
        for version in self.versions(dataset_id):
            if version.file is not None:
                self._core.archive.discard(version.file)
                self._tables.pop(version.file, None)
                version.file = None
                self._core.archive.save(version)
        dataset.is_archived = True
        dataset.updated_at = self._core.now()
        self._core.archive.save(dataset)

    def versions(self, dataset_id: str) -> Sequence[DatasetVersion]:
        """The versions of a dataset, the newest first."""
        found = [one for one in self._core.archive.load(DatasetVersion).values() if one.dataset_id == dataset_id]
        return sorted(found, key=lambda version: -version.version)

    def version(self, version_id: str) -> DatasetVersion:
        """A version. Raises `Refusal`."""
        version = self._core.archive.load(DatasetVersion).get(version_id)
        if version is None:
            raise missing("Dataset version")
        return version

    def usable(self, dataset_id: str | None, version_id: str | None) -> DatasetVersion:
        """The version asked for, or the latest that is ready. Raises `Refusal`."""
        if version_id is not None:
            version = self.version(version_id)
            self.get(version.dataset_id)
            candidates: Sequence[DatasetVersion] = [version]
        elif dataset_id is not None:
            self.get(dataset_id)
            candidates = self.versions(dataset_id)
        else:
            raise invalid("dataset_id", "give dataset_id or dataset_version_id")
        for candidate in candidates:
            if candidate.file is not None:
                return candidate
        coming = any(candidate.status == "processing" for candidate in candidates)
        raise Refusal(409, "No ready dataset version found", final=not coming)

    def table(self, version: DatasetVersion) -> Table:
        """The rows of a version. Raises `Refusal` where there are none yet, or any more."""
        if version.file is None:
            raise Refusal(409, "No ready dataset version found", final=True)
        return self.read(version.file)

    def read(self, blob: str) -> Table:
        """The table in a file that is kept. Raises `WorkFailed`."""
        if blob in self._tables:
            self._tables.move_to_end(blob)
            return self._tables[blob]
        content = self._core.archive.read(blob)
        if content is None:
            raise WorkFailed("the file is gone")
        try:
            table = read_table(content)
        except Unreadable as error:
            raise WorkFailed(str(error)) from error
        self._remember(blob, table)
        return table

    def _remember(self, blob: str, table: Table) -> None:
        self._tables[blob] = table
        if len(self._tables) > _TABLES_KEPT:
            self._tables.popitem(last=False)
