"""Training uploads: people's rows on their way to Woodwide, kept here before each step, so that a restart carries on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from playproof.clock import Clock, milliseconds
from playproof.dataset import LiveDataset
from playproof.errors import CorpusRefused, HostedError, HostedReason, UploadNotFound
from playproof.features import CATALOGUE_VERSION
from playproof.ids import RandomBytes
from playproof.store import HostedUpload, Store, UploadContent
from playproof.store.training import UploadState
from playproof.woodwide.answers import WAITING_FOR_UPLOAD, Upload
from playproof.woodwide.client import Woodwide
from playproof.woodwide.corpus import Corpus, initial_rows, people_of, rows_of
from playproof.woodwide.files import PARQUET, File
from playproof.woodwide.mapping import MODEL_COLUMNS, Columns, parquet_file
from playproof.woodwide.turns import Turns
from playproof.woodwide.uploads import Target

TRAINING_DATASET = "movement_human_train"
"""What the dataset of training uploads is called at Woodwide unless somebody says otherwise."""
OVER = frozenset(
    {
        HostedReason.NOT_FOUND,
        HostedReason.REFUSED,
        HostedReason.TOO_LARGE,
        HostedReason.COLUMN_MISMATCH,
        HostedReason.JOB_FAILED,
        HostedReason.JOB_REJECTED,
        HostedReason.JOB_CANCELED,
    }
)
"""Why there is no sense in carrying on; anything else may pass."""

Told = Callable[[str], None]
"""Hears what is being done, in words."""


def untold(what: str) -> None:
    """For whoever looks at the outcome alone."""


class Supply:
    """Sends training uploads. Blocks no event loop; raises `HostedError`, `StoreUnavailable`."""

    def __init__(self, woodwide: Woodwide, store: Store, turns: Turns, *, clock: Clock, random: RandomBytes, told: Told = untold) -> None:
        self._woodwide = woodwide
        self._store = store
        self._turns = turns
        self._clock = clock
        self._random = random
        self._told = told

    async def plan(self, corpus: Corpus, name: str, live: str) -> HostedUpload:
        """Keep what is to be uploaded to the dataset `name`; from now on it gets there, whatever dies in between.

        Some of its rows become those that the live dataset `live` begins with, where it has none. Raises `CorpusRefused` where the two
        would be one dataset at Woodwide.
        """
        # A replacement of the live dataset has its name with a number.
        if name == live or name.startswith(f"{live}_"):
            raise CorpusRefused(f"{name!r} is what the live dataset is called at Woodwide; a training upload needs a name of its own")
        # Some ten thousand rows take a while that others on this event loop need not wait for.
        return await asyncio.to_thread(self._planned, corpus, name, live)

    def _planned(self, corpus: Corpus, name: str, live: str) -> HostedUpload:
        now = milliseconds(self._clock.now())
        upload_id = f"upl_{self._random(12).hex()}"
        columns = Columns(MODEL_COLUMNS)
        upload = HostedUpload(
            id=upload_id,
            name=name,
            created_at=now,
            columns=columns.names,
            rows=len(corpus.training),
            people=len(set(people_of(corpus.training))),
            kept_people=people_of(corpus.kept),
            synthetic=corpus.synthetic,
            catalogue_version=CATALOGUE_VERSION,
        )
        content = UploadContent(
            file=parquet_file(rows_of(corpus.training), columns, upload_id).content,
            kept_rows=rows_of(corpus.kept).astype("<f8").tobytes(),
        )
        LiveDataset(self._store).ensure_persistent_dataset(live, initial_rows(corpus, now))
        self._store.hosted.plan(upload, content)
        return upload

    async def find(self, upload_id: str | None) -> HostedUpload:
        """The upload of that id; without one the latest that has not failed. Raises `UploadNotFound`."""
        if upload_id is not None:
            found = await asyncio.to_thread(self._store.hosted.upload, upload_id)
        else:
            uploads = await asyncio.to_thread(self._store.hosted.uploads)
            found = next((upload for upload in uploads if upload.state != "failed"), None)
        if found is None:
            told = f"no upload {upload_id!r}" if upload_id is not None else "nothing to train on yet"
            raise UploadNotFound(f"there is {told}; `playproof woodwide upload` makes one")
        return found

    async def sent(self, upload_id: str) -> HostedUpload:
        """The upload once Woodwide has ids for it and, unless another process sends it, the file.

        Where that fails it has failed for good: whoever waits here is told.
        """

        async def step() -> None:
            try:
                await self._send(await self.find(upload_id))
            except HostedError as error:
                await asyncio.to_thread(self._store.hosted.upload_failed, upload_id, str(error))
                raise

        return await self._turns.until(upload_id, lambda: self._reached(upload_id, "announced", "ingested"), step)

    async def ingested(self, upload_id: str) -> HostedUpload:
        """The upload once it can be trained on. What may pass can be waited for again; after `job_timeout` the ingestion goes on."""

        async def step() -> None:
            try:
                job_id = await self._send(await self.find(upload_id))
                self._told("waiting until the rows are taken in")
                await self._woodwide.jobs.wait(job_id, "dataset_ingest")
                await asyncio.to_thread(self._store.hosted.ingested, upload_id)
            except HostedError as error:
                note = self._store.hosted.upload_failed if error.reason in OVER else self._store.hosted.held_up
                await asyncio.to_thread(note, upload_id, str(error))
                raise

        return await self._turns.until(upload_id, lambda: self._reached(upload_id, "ingested"), step)

    async def _reached(self, upload_id: str, *states: UploadState) -> HostedUpload | None:
        """The upload, if it is in one of `states`. Raises `HostedError` where it failed."""
        upload = await self.find(upload_id)
        if upload.state == "failed":
            raise HostedError(f"upload {upload_id} has failed: {upload.reason}", reason=HostedReason.JOB_FAILED)
        return upload if upload.state in states else None

    async def _send(self, upload: HostedUpload) -> str:
        """The ingestion of `upload`, whose file is there; it is sent unless Woodwide says that it was."""
        if upload.job_id is not None and (await self._woodwide.jobs.get(upload.job_id)).status != WAITING_FOR_UPLOAD:
            return upload.job_id
        content = await asyncio.to_thread(self._store.hosted.content, upload.id)
        assert content is not None

        async def keep(ids: Upload) -> None:
            await asyncio.to_thread(self._store.hosted.announced, upload.id, ids.dataset_id, ids.version_id, ids.job_id)

        self._told(f"sending {upload.rows} rows of {upload.people} people")
        file = File(f"{upload.id}.parquet", content.file, PARQUET, upload.rows)
        sent = await self._woodwide.uploads.adopting(file, Target(name=upload.name), key=upload.id, keep=keep)
        return sent.job_id
