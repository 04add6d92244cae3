"""Inference: the rows of a file at once, or a version of a dataset as a job."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from playproof.errors import HostedError, HostedReason
from playproof.woodwide.answers import Batch, Inline
from playproof.woodwide.caller import Caller, RawAnswer
from playproof.woodwide.calls import INFER, INFER_BATCH
from playproof.woodwide.files import CSV, DIRECT_BYTES, File
from playproof.woodwide.jobs import Jobs
from playproof.woodwide.results import Results
from playproof.woodwide.scores import Scores, from_columns

if TYPE_CHECKING:
    from woodwide import AsyncWoodWide


class Inference:
    """Has rows scored. Everything raises `HostedError`."""

    def __init__(self, caller: Caller, jobs: Jobs, results: Results) -> None:
        self._caller = caller
        self._jobs = jobs
        self._results = results

    async def at_once(self, model_id: str, model_version_id: str, file: File) -> Scores:
        """The scores of the rows of a CSV `file`, by a pinned version of the model.

        It may take tens of seconds, and is sent again only where it surely was not begun.
        """
        if len(file.content) > DIRECT_BYTES:
            raise HostedError(f"{INFER.name}: {len(file.content)} bytes are too many", reason=HostedReason.TOO_LARGE)
        if file.content_type != CSV:
            raise ValueError("rows that are scored at once go as CSV")

        async def ask(client: AsyncWoodWide) -> RawAnswer:
            return await client.models.with_raw_response.infer(
                model_id,
                file=(file.name, file.content, file.content_type),
                model_version_id=model_version_id,
                output_type="json",
                anomaly_format="per_row",
            )

        decode = self._caller.as_json(INFER, Inline)

        def read(body: bytes) -> Scores:
            answer = decode(body)
            _same_version("model", model_version_id, answer.model_version_id)
            return from_columns(answer.columns, file.rows)

        return await self._caller.ask(INFER, ask, read, sent=len(file.content))

    async def begin(self, model_id: str, model_version_id: str, dataset_version_id: str, *, again: bool = False) -> Batch:
        """Begin to score a version of a dataset with a version of a model, both pinned.

        Asked the same twice, Woodwide answers the same job, unless it is to do it `again`.
        """

        async def ask(client: AsyncWoodWide) -> RawAnswer:
            return await client.models.with_raw_response.infer_batch(
                model_id,
                model_version_id=model_version_id,
                dataset_version_id=dataset_version_id,
                output_type="csv",
                anomaly_format="per_row",
                force_rerun=again,
            )

        call = replace(INFER_BATCH, repeatable=not again)
        batch = await self._caller.ask(call, ask, self._caller.as_json(call, Batch))
        _same_version("model", model_version_id, batch.model_version_id)
        return batch

    async def collect(self, job_id: str, dataset_version_id: str, rows: int, patience: float | None = None) -> Scores:
        """The scores of the batch `job_id` over `rows` rows, once it succeeded; see `Jobs.wait`."""
        job = await self._jobs.wait(job_id, "infer_batch", patience)
        _same_version("dataset", dataset_version_id, job.dataset_version_id)
        return await self._results.scores(job_id, rows)

    async def first(self, job_id: str, dataset_version_id: str, rows: int, wanted: int, patience: float | None = None) -> Scores:
        """The scores of the first `wanted` of the `rows` rows of the batch `job_id`, once it succeeded; see `Jobs.wait`.

        They are asked for along with the job, so that one which has succeeded already costs one round trip.
        """
        early = asyncio.create_task(self._results.first(job_id, rows, wanted))
        try:
            job = await self._jobs.wait(job_id, "infer_batch", patience)
            _same_version("dataset", dataset_version_id, job.dataset_version_id)
            scores = await early or await self._results.first(job_id, rows, wanted)
        finally:
            early.cancel()
        if scores is not None:
            return scores
        found = await self._results.scores(job_id, rows)
        return Scores(found.raw[:wanted], found.flagged[:wanted])


def _same_version(what: str, asked: str, answered: str | None) -> None:
    if answered is not None and answered != asked:
        told = f"version {answered} of the {what} answered instead of {asked}"
        raise HostedError(told, reason=HostedReason.VERSION_MISMATCH)
