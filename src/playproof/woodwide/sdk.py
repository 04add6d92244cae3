"""The official SDK, one client a key over one pool of connections; imported when it is first needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from playproof.settings import ApiKey

if TYPE_CHECKING:
    import httpx
    from woodwide import AsyncWoodWide

CONNECT_SECONDS = 5.0


class _WithoutQuery(logging.Filter):
    """Takes the query out of the addresses that the transport logs: that of a signed one lets whoever has it in."""

    def filter(self, record: logging.LogRecord) -> bool:
        import httpx

        if isinstance(record.args, tuple):
            record.args = tuple(part.copy_with(query=None) if isinstance(part, httpx.URL) else part for part in record.args)
        return True


_WITHOUT_QUERY = _WithoutQuery()


class Sdk:
    """Clients of the SDK by key, and the bare transport for signed addresses, which must not see a key."""

    def __init__(self, http: httpx.AsyncClient, clients: dict[ApiKey, AsyncWoodWide]) -> None:
        self.http = http
        self._clients = clients

    @classmethod
    async def open(cls, base_url: str, keys: Sequence[ApiKey]) -> Sdk:
        """The clients for `keys`. The SDK's own variables (WOODWIDE_CUSTOM_HEADERS, WOODWIDE_LOG) are read by it here."""
        # Takes over half a second, which nobody else on this event loop should wait for.
        return await asyncio.to_thread(cls._made, base_url, keys)

    @classmethod
    def _made(cls, base_url: str, keys: Sequence[ApiKey]) -> Sdk:
        import woodwide as sdk

        logging.getLogger("httpx").addFilter(_WITHOUT_QUERY)
        http = sdk.DefaultAsyncHttpxClient(timeout=sdk.Timeout(None, connect=CONNECT_SECONDS))
        # Every repetition is ours to decide: the SDK would send uploads and inferences again that may have had their effect.
        clients = {key: sdk.AsyncWoodWide(api_key=key.key.reveal(), base_url=base_url, max_retries=0, http_client=http) for key in keys}
        return cls(http, clients)

    def client(self, key: ApiKey) -> AsyncWoodWide:
        """The SDK's client that shows `key`."""
        return self._clients[key]

    async def close(self) -> None:
        """Close every connection."""
        await self.http.aclose()
