"""One attempt to deliver a webhook."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

import httpx

from playproof import __version__
from playproof.clock import Clock
from playproof.errors import SettingsError
from playproof.patience import retry_after
from playproof.webhooks.destination import AddressRefused, Resolve, find_addresses, system_resolve
from playproof.webhooks.signing import signed_headers

ATTEMPT_SECONDS = 10.0
"""From looking the name up to the end of the answer."""
CONNECT_SECONDS = 4.0
"""For one address: where a name has several, another gets its turn."""
ANSWER_BYTES = 64 * 1024
"""Of the answer's body that are taken in, and looked at by nobody."""
LONGEST_REASON = 200

_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt ended."""

    status: int | None = None
    """Of the answer, where one came."""
    reason: str | None = None
    """Why the letter counts as not delivered; None where it is."""
    retry_after: float | None = None
    """Seconds the site asked us to stay away."""

    @property
    def gone(self) -> bool:
        """The site wants to hear nothing any more."""
        return self.status == HTTPStatus.GONE


class Sender:
    """Sends to one address, as a context: never by a proxy, never where it is redirected to, never with a cookie.

    It is the transport alone, without the client around it that would do all these, and would log addresses. Entering the
    context raises `SettingsError` where the certificates to trust cannot be read.
    """

    def __init__(
        self,
        url: str,
        secrets: Sequence[str],
        *,
        clock: Clock,
        private: bool = False,
        resolve: Resolve = system_resolve,
        seconds: float = ATTEMPT_SECONDS,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Signs with each of `secrets`. `trust` says whose certificates count, instead of the public authorities' alone."""
        self._url = httpx.URL(url)
        self._secrets = tuple(secrets)
        self._clock = clock
        self._private = private
        self._resolve = resolve
        self._seconds = seconds
        self._trust = trust
        self._transport: httpx.AsyncHTTPTransport | None = None

    async def __aenter__(self) -> Self:
        # Reading the authorities' certificates takes a while.
        self._transport = await asyncio.to_thread(self._made)
        return self

    def _made(self) -> httpx.AsyncHTTPTransport:
        try:
            trust = self._trust or httpx.create_ssl_context()
        except OSError as error:
            # Only where these variables are set is anything read that did not come with the package.
            raise SettingsError(f"the certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read: {error}") from None
        # No connection is kept: the next attempt looks the name up anew.
        return httpx.AsyncHTTPTransport(verify=trust, limits=httpx.Limits(max_connections=None, max_keepalive_connections=0))

    async def __aexit__(self, *error: object) -> None:
        assert self._transport is not None
        await self._transport.aclose()

    async def send(self, message_id: str, body: bytes) -> Attempt:
        """Send `body`, signed now. Whatever goes wrong out there is in the `Attempt`."""
        answered: Attempt | None = None
        try:
            async with asyncio.timeout(self._seconds):
                response = await self._post(message_id, body)
                try:
                    answered = self._judged(response)
                    await _drain(response)
                finally:
                    await response.aclose()
        except AddressRefused as refused:
            return Attempt(reason=f"refused: {refused}")
        except TimeoutError:
            return answered or Attempt(reason=f"no answer in {self._seconds:g} s")
        except (httpx.TransportError, OSError) as error:
            return answered or Attempt(reason=_words(error))
        return answered

    async def _post(self, message_id: str, body: bytes) -> httpx.Response:
        """The answer, its body still to come. Raises `AddressRefused`, `httpx.TransportError`, `OSError`."""
        assert self._transport is not None, "a sender is used within its context"
        addresses = await find_addresses(self._url, self._resolve, private=self._private)
        headers = {
            "Host": self._url.netloc.decode("ascii"),
            "Content-Type": "application/json",
            "User-Agent": f"PlayProof/{__version__}",
            **signed_headers(self._secrets, message_id, self._clock.now(), body),
        }
        # The certificate has to be that of the name, although the connection goes to the address.
        timeout = httpx.Timeout(self._seconds, connect=min(CONNECT_SECONDS, self._seconds)).as_dict()
        extensions = {"timeout": timeout, "sni_hostname": self._url.raw_host.decode("ascii")}
        failure: Exception = OSError("the name has no address")
        for address in addresses:
            request = httpx.Request("POST", self._url.copy_with(host=address), headers=headers, content=body, extensions=extensions)
            try:
                return await self._transport.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure

    def _judged(self, response: httpx.Response) -> Attempt:
        status = response.status_code
        if 200 <= status < 300:
            return Attempt(status)
        asked = retry_after(response.headers, self._clock.now()) if status in _BUSY else None
        return Attempt(status, f"status {status}", asked)


async def _drain(response: httpx.Response) -> None:
    taken = 0
    async for part in response.aiter_raw():
        taken += len(part)
        if taken >= ANSWER_BYTES:
            break


def _words(error: Exception) -> str:
    """`error` in one short line."""
    kind = "no connection" if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, OSError)) else "the connection broke"
    said = " ".join(str(error).split())
    told = f"{kind}: {said}" if said else kind
    return told if len(told) <= LONGEST_REASON else told[: LONGEST_REASON - 1] + "…"
