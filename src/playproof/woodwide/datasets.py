"""Datasets at Woodwide and their versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playproof.errors import HostedError, HostedReason
from playproof.woodwide import answers
from playproof.woodwide.answers import Dataset, Version
from playproof.woodwide.caller import Caller, RawAnswer
from playproof.woodwide.calls import FIND_DATASETS, LIST_VERSIONS, RETRIEVE_DATASET, RETRIEVE_VERSION

if TYPE_CHECKING:
    from woodwide import AsyncWoodWide

_PAGE = 200
_MOST_PAGES = 100


class Datasets:
    """Reads datasets. Everything raises `HostedError`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def find(self, name: str) -> Dataset | None:
        """The dataset of exactly this name, the oldest where there are several; None where there is none."""
        found: list[Dataset] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self._page(name, cursor)
            found += [each for each in page.items if each.name == name]
            cursor = page.next_cursor
            if cursor is None:
                return min(found, key=lambda each: (each.created_at, each.id), default=None)
        raise HostedError(f"{FIND_DATASETS.name}: the list has no end", reason=HostedReason.INVALID_RESPONSE)

    async def _page(self, name: str, cursor: str | None) -> answers.Datasets:
        async def ask(client: AsyncWoodWide) -> RawAnswer:
            if cursor is None:
                return await client.datasets.with_raw_response.list(q=name, limit=_PAGE)
            return await client.datasets.with_raw_response.list(q=name, limit=_PAGE, cursor=cursor)

        return await self._caller.ask(FIND_DATASETS, ask, self._caller.as_json(FIND_DATASETS, answers.Datasets))

    async def get(self, dataset_id: str) -> Dataset:
        """The dataset; `not_found` where it was deleted."""

        async def ask(client: AsyncWoodWide) -> RawAnswer:
            return await client.datasets.with_raw_response.retrieve(dataset_id)

        return await self._caller.ask(RETRIEVE_DATASET, ask, self._caller.as_json(RETRIEVE_DATASET, Dataset))

    async def versions(self, dataset_id: str) -> tuple[Version, ...]:
        """Its versions, the newest first."""

        async def ask(client: AsyncWoodWide) -> RawAnswer:
            return await client.datasets.versions.with_raw_response.list(dataset_id)

        return (await self._caller.ask(LIST_VERSIONS, ask, self._caller.as_json(LIST_VERSIONS, answers.Versions))).items

    async def version(self, dataset_id: str, version_id: str) -> Version:
        """One of its versions."""

        async def ask(client: AsyncWoodWide) -> RawAnswer:
            return await client.datasets.versions.with_raw_response.retrieve(version_id, dataset_id=dataset_id)

        return await self._caller.ask(RETRIEVE_VERSION, ask, self._caller.as_json(RETRIEVE_VERSION, Version))
