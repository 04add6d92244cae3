"""Results of batches: from their file behind a signed address, or page by page where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playproof.errors import HostedError, HostedReason
from playproof.woodwide import answers
from playproof.woodwide.answers import ResultRows
from playproof.woodwide.caller import Caller, RawAnswer
from playproof.woodwide.calls import DOWNLOAD, RETRIEVE_RESULTS, RETRIEVE_ROWS
from playproof.woodwide.scores import FLAG, ID, SCORE, Scores, from_csv, from_rows

if TYPE_CHECKING:
    import httpx
    from woodwide import AsyncWoodWide

PAGE_ROWS = 500
"""The most rows that a page has."""
LARGEST_BYTES = 64 * 1024**2
"""The largest file that is fetched."""


class Results:
    """Reads results. Everything raises `HostedError`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def scores(self, job_id: str, rows: int) -> Scores:
        """The scores of the succeeded batch `job_id` over `rows` rows. An address that is over is asked for anew."""
        failure: HostedError | None = None
        for _ in range(self._caller.connection.attempts):
            address = await self._address(job_id)
            if address is None:
                return from_rows(await self._pages(job_id, rows), rows)
            try:
                return await self._fetch(address, rows)
            except HostedError as error:
                if error.reason is not HostedReason.EXPIRED_URL:
                    raise
                failure = error
        assert failure is not None, "there is at least one attempt"
        raise failure

    async def first(self, job_id: str, rows: int, wanted: int) -> Scores | None:
        """The scores of the first `wanted` of the `rows` rows of a batch, by one call; None where it does not answer exactly these.

        Nothing is wrong then: the batch may not have succeeded yet, or the provider does not page this result.
        """
        if wanted > PAGE_ROWS:
            return None
        try:
            page = await self._page(job_id, 0, wanted, (ID, SCORE, FLAG))
            return from_rows(page.rows, wanted) if page.total_filtered == rows else None
        except HostedError:
            return None

    async def _address(self, job_id: str) -> str | None:
        async def ask(client: AsyncWoodWide) -> RawAnswer:
            return await client.jobs.with_raw_response.retrieve_results(job_id)

        found = await self._caller.ask(RETRIEVE_RESULTS, ask, self._caller.as_json(RETRIEVE_RESULTS, answers.Results))
        return found.inference_results_uri

    async def _fetch(self, address: str, rows: int) -> Scores:
        async def fetch(http: httpx.AsyncClient) -> bytes:
            content = bytearray()
            async with http.stream("GET", address) as response:
                if response.is_error:
                    await response.aread()
                    response.raise_for_status()
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > LARGEST_BYTES:
                        raise HostedError(f"{DOWNLOAD.name}: over {LARGEST_BYTES} bytes", reason=HostedReason.INVALID_RESPONSE)
            return bytes(content)

        return await self._caller.fetch(DOWNLOAD, fetch, lambda body: from_csv(body, rows))

    async def _pages(self, job_id: str, rows: int) -> list[dict[str, Any]]:
        """All rows of the result; reading stops where there are more than `rows`."""
        found: list[dict[str, Any]] = []
        while True:
            page = await self._page(job_id, len(found), PAGE_ROWS)
            found += page.rows
            if not page.rows or len(found) >= page.total_filtered or len(found) > rows:
                return found

    async def _page(self, job_id: str, offset: int, limit: int, columns: tuple[str, ...] = ()) -> ResultRows:
        async def ask(client: AsyncWoodWide) -> RawAnswer:
            pages = client.jobs.with_raw_response
            if columns:
                return await pages.retrieve_result_rows(job_id, limit=limit, offset=offset, columns=columns)
            return await pages.retrieve_result_rows(job_id, limit=limit, offset=offset)

        return await self._caller.ask(RETRIEVE_ROWS, ask, self._caller.as_json(RETRIEVE_ROWS, ResultRows))
