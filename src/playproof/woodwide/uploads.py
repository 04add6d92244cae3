"""Uploads: a file becomes a version of a dataset, directly or through a signed address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from playproof.errors import HostedError, HostedReason
from playproof.woodwide.answers import WAITING_FOR_UPLOAD, Announced, Upload
from playproof.woodwide.caller import Caller, RawAnswer
from playproof.woodwide.calls import COMPLETE_UPLOAD, CREATE_DATASET, PREPARE_UPLOAD, PUT_FILE
from playproof.woodwide.datasets import Datasets
from playproof.woodwide.files import DIRECT_BYTES, File
from playproof.woodwide.jobs import Jobs

if TYPE_CHECKING:
    import httpx
    from woodwide import AsyncWoodWide

Keep = Callable[[Upload], Awaitable[None]]


class Target(msgspec.Struct, frozen=True):
    """What a file becomes: a new dataset of this name, or a new version of the dataset with this id. One of the two."""

    name: str | None = None
    dataset_id: str | None = None

    def __post_init__(self) -> None:
        if bool(self.name) == bool(self.dataset_id):
            raise ValueError("a target is a name or an id")

    def fields(self) -> dict[str, str]:
        """As the SDK wants them."""
        return {"dataset_id": self.dataset_id} if self.dataset_id else {"dataset_name": self.name or ""}


class Uploads:
    """Sends files. Every way ends with ids whose job is then waited for (`Jobs.wait`)."""

    def __init__(self, caller: Caller, jobs: Jobs, datasets: Datasets) -> None:
        self._caller = caller
        self._jobs = jobs
        self._datasets = datasets

    async def direct(self, file: File, target: Target) -> Upload:
        """Send `file` in one call. Raises `HostedError`.

        Where that is `uncertain` there may be a version or dataset all the same: look before sending again, or use
        `signed`, which may be repeated.
        """
        if len(file.content) > DIRECT_BYTES:
            told = f"{CREATE_DATASET.name}: {len(file.content)} bytes, at most {DIRECT_BYTES} are taken in directly"
            raise HostedError(told, reason=HostedReason.TOO_LARGE)

        async def ask(client: AsyncWoodWide) -> RawAnswer:
            part = (file.name, file.content, file.content_type)
            if target.dataset_id:
                return await client.datasets.with_raw_response.create(file=part, dataset_id=target.dataset_id)
            return await client.datasets.with_raw_response.create(file=part, dataset_name=target.name)

        return await self._caller.ask(CREATE_DATASET, ask, self._caller.as_json(CREATE_DATASET, Upload), sent=len(file.content))

    async def signed(self, file: File, target: Target, *, key: str, keep: Keep) -> Upload:
        """Announce `file`, send it to the address that is answered, and say that it is there. Raises `HostedError`.

        `key` makes the announcement one and the same however often it is sent, so a caller who keeps it beforehand may
        do all of this again after a crash. `keep` is awaited with the ids before a byte of the file is sent.
        """
        announced = await self._announce(file, target, key, keep)
        if not await self._put(file, announced):
            announced = await self._announce(file, target, key, keep)
            if not await self._put(file, announced):
                told = f"{PUT_FILE.name}: the address was over as soon as it was handed out"
                raise HostedError(told, reason=HostedReason.EXPIRED_URL)
        return await self.complete(announced.ids)

    async def adopting(self, file: File, target: Target, *, key: str, keep: Keep) -> Upload:
        """As `signed`, but where the name is taken the file becomes a new version of the dataset that has it."""
        try:
            return await self.signed(file, target, key=key, keep=keep)
        except HostedError as error:
            if target.name is None or error.reason is not HostedReason.CONFLICT:
                raise
            name, conflict = target.name, error
        dataset = await self._datasets.find(name)
        if dataset is None:
            raise conflict
        return await self.signed(file, Target(dataset_id=dataset.id), key=f"{key}-adopted", keep=keep)

    async def complete(self, upload: Upload) -> Upload:
        """Say that the file of `upload` is there. Raises `HostedError`.

        Saying so again, which a lost answer leaves no choice but to do, changes nothing.
        """

        async def ask(client: AsyncWoodWide) -> RawAnswer:
            return await client.datasets.with_raw_response.complete(upload.version_id)

        try:
            return await self._caller.ask(COMPLETE_UPLOAD, ask, self._caller.as_json(COMPLETE_UPLOAD, Upload))
        except HostedError as error:
            if error.reason not in (HostedReason.CONFLICT, HostedReason.REFUSED):
                raise
            failure = error
        if (await self._jobs.get(upload.job_id)).status == WAITING_FOR_UPLOAD:
            raise failure
        return upload

    async def _announce(self, file: File, target: Target, key: str, keep: Keep) -> Announced:
        async def ask(client: AsyncWoodWide) -> RawAnswer:
            return await client.datasets.with_raw_response.upload(
                file={"filename": file.name, "bytes": len(file.content), "content_type": file.content_type},
                idempotency_key=key,
                **target.fields(),  # type: ignore[arg-type]
            )

        announced = await self._caller.ask(PREPARE_UPLOAD, ask, self._caller.as_json(PREPARE_UPLOAD, Announced))
        await keep(announced.ids)
        return announced

    async def _put(self, file: File, announced: Announced) -> bool:
        """Send `file`; false where the address is over."""

        async def fetch(http: httpx.AsyncClient) -> bytes:
            # The type has to be the one that was signed.
            headers = {"Content-Type": announced.upload.content_type}
            response = await http.put(announced.upload.upload_url, content=file.content, headers=headers)
            response.raise_for_status()
            return response.content

        try:
            await self._caller.fetch(PUT_FILE, fetch, len, sent=len(file.content))
        except HostedError as failure:
            if failure.reason is not HostedReason.EXPIRED_URL:
                raise
            return False
        return True
