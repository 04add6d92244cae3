"""Every call that is made of Woodwide: how long it may take, and whether it may be repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Limit = Literal["timeout", "infer_timeout", "transfer_timeout"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call, by the name that the official SDK gives it."""

    name: str
    meaning: str
    repeatable: bool
    """Whether doing it twice is as good as doing it once."""
    limit: Limit = "timeout"
    spends: bool = False
    """Whether it may cost credits."""


FIND_DATASETS = Call("datasets.list", "finds a dataset by its name", repeatable=True)
RETRIEVE_DATASET = Call("datasets.retrieve", "reads a dataset", repeatable=True)
LIST_VERSIONS = Call("datasets.versions.list", "reads the versions of a dataset", repeatable=True)
RETRIEVE_VERSION = Call("datasets.versions.retrieve", "reads a version of a dataset", repeatable=True)
CREATE_DATASET = Call("datasets.create", "uploads a file directly", repeatable=False, limit="transfer_timeout", spends=True)
PREPARE_UPLOAD = Call("datasets.upload", "announces a file; carries an Idempotency-Key", repeatable=True, spends=True)
PUT_FILE = Call("uploads.put", "sends the announced file to its signed address, without a key", repeatable=True, limit="transfer_timeout")
COMPLETE_UPLOAD = Call("datasets.complete", "says that the file is there", repeatable=True, spends=True)
TRAIN = Call("models.train", "begins to train", repeatable=False, spends=True)
RETRIEVE_MODEL = Call("models.retrieve", "reads a model", repeatable=True)
INFER = Call("models.infer", "scores the rows of a file at once", repeatable=False, limit="infer_timeout", spends=True)
INFER_BATCH = Call(
    "models.infer_batch", "begins to score a dataset version; asked the same again, answers the same job", repeatable=True, spends=True
)
RETRIEVE_JOB = Call("jobs.retrieve", "reads a job", repeatable=True)
LIST_JOBS = Call("jobs.list", "finds the jobs on a dataset version", repeatable=True)
RETRIEVE_RESULTS = Call("jobs.retrieve_results", "asks for the signed address of a result", repeatable=True)
RETRIEVE_ROWS = Call("jobs.retrieve_result_rows", "reads a page of a result", repeatable=True)
DOWNLOAD = Call("results.download", "fetches a result from its signed address, without a key", repeatable=True, limit="transfer_timeout")

CALLS = (
    FIND_DATASETS, RETRIEVE_DATASET, LIST_VERSIONS, RETRIEVE_VERSION, CREATE_DATASET, PREPARE_UPLOAD, PUT_FILE, COMPLETE_UPLOAD, TRAIN,
    RETRIEVE_MODEL, INFER, INFER_BATCH, RETRIEVE_JOB, LIST_JOBS, RETRIEVE_RESULTS, RETRIEVE_ROWS, DOWNLOAD,
)  # fmt: skip
"""Every call."""
