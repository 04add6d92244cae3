"""What Woodwide answers, as far as it is needed; fields that are not named here are let through."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

JobKind = Literal["dataset_ingest", "train", "infer_batch"]

SUCCEEDED = "succeeded"
WAITING_FOR_UPLOAD = "waiting_for_upload"


class Upload(msgspec.Struct, frozen=True, rename={"dataset_id": "id"}):
    """A version of a dataset that is being made; its ids are worth keeping before anything else is done."""

    dataset_id: str
    version_id: str
    job_id: str


class Address(msgspec.Struct, frozen=True):
    """Where a file is sent, and as what. The address lets whoever has it in, so it does not show itself."""

    upload_url: str
    content_type: str

    def __repr__(self) -> str:
        return f"Address(upload_url='***', content_type={self.content_type!r})"


class Announced(msgspec.Struct, frozen=True):
    """The answer to an announced file."""

    id: str
    version_id: str
    job_id: str
    upload: Address

    @property
    def ids(self) -> Upload:
        """The ids without the address."""
        return Upload(self.id, self.version_id, self.job_id)


class Version(msgspec.Struct, frozen=True):
    """A version of a dataset; `status` is processing, ready or failed."""

    id: str
    version: int
    status: str
    row_count: int | None = None
    byte_size: int | None = None
    ingest_job_id: str | None = None
    created_at: str | None = None


class Dataset(msgspec.Struct, frozen=True):
    """A dataset and its latest version, which need not be ready."""

    id: str
    name: str
    created_at: str
    current_version: Version | None = None


class Datasets(msgspec.Struct, frozen=True):
    """A page of datasets."""

    items: tuple[Dataset, ...]
    next_cursor: str | None = None


class Versions(msgspec.Struct, frozen=True):
    """The versions of a dataset, the newest first."""

    items: tuple[Version, ...]


class Training(msgspec.Struct, frozen=True, rename={"model_id": "id"}):
    """A version of a model that is being trained."""

    model_id: str
    version_id: str
    job_id: str


class ModelVersion(msgspec.Struct, frozen=True):
    """The version of a model that answers when none is asked for."""

    version_id: str
    version: int
    status: str


class Model(msgspec.Struct, frozen=True):
    """A model; `status` is processing, ready or failed."""

    id: str
    model_type: str
    status: str | None = None
    current_version: ModelVersion | None = None


class Batch(msgspec.Struct, frozen=True):
    """A batch inference that was begun."""

    job_id: str
    model_version_id: str


class Reference(msgspec.Struct, frozen=True):
    """A version of a dataset or model that a job worked with."""

    id: str
    version_id: str


class Resources(msgspec.Struct, frozen=True):
    """What a job worked with."""

    dataset: Reference | None = None
    model: Reference | None = None


class Job(msgspec.Struct, frozen=True):
    """A job and where it stands."""

    id: str
    type: str
    status: str
    error_message: str | None = None
    resources: Resources | None = None

    @property
    def dataset_version_id(self) -> str | None:
        """The version of the dataset it worked with, where it says so."""
        return self.resources.dataset.version_id if self.resources and self.resources.dataset else None


class Jobs(msgspec.Struct, frozen=True):
    """A page of jobs, the newest first."""

    items: tuple[Job, ...]
    next_cursor: str | None = None


class Results(msgspec.Struct, frozen=True):
    """Where the result of a job is. The address lets whoever has it in, so it does not show itself."""

    job_type: str
    inference_results_uri: str | None = None

    def __repr__(self) -> str:
        return f"Results(job_type={self.job_type!r}, inference_results_uri={'***' if self.inference_results_uri else None!r})"


class ResultRows(msgspec.Struct, frozen=True):
    """A page of a result."""

    rows: tuple[dict[str, Any], ...]
    total_filtered: int


class Inline(msgspec.Struct, frozen=True):
    """The answer to a file that was scored at once. An older form of the API has the ids of anomalous rows beside `data`."""

    data: dict[str, Any] | None = None
    anomalous_ids: list[Any] | None = None
    model_version_id: str | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of the answer, whichever way it has them."""
        if self.data is not None:
            return self.data
        return {} if self.anomalous_ids is None else {"anomalous_ids": self.anomalous_ids}
