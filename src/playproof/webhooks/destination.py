"""The network addresses that a webhook goes to: looked up once an attempt, and checked."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence

import httpx

from playproof.webhooks.addresses import Reach, classify

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The network addresses of a host for a port, the preferred one first. Raises `OSError` where there is none."""


class AddressRefused(Exception):
    """The host has an address that webhooks do not go to; the message says which kind."""


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """What the system's resolver says.

    It may take long to say nothing, and is asked in a thread of its own: those that the store is asked in must not be used up
    by that, nor the end of the process held up.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Sequence[str]] = loop.create_future()

    def settle(found: Sequence[str] | OSError) -> None:
        if answer.done():  # nobody waits any more
            return
        if isinstance(found, OSError):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def ask() -> None:
        found = _asked(host, port)
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=ask, name="webhooks-resolve", daemon=True).start()
    return await answer


def _asked(host: str, port: int) -> Sequence[str] | OSError:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return error
    except UnicodeError:
        return OSError("this is no name of a host")
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def find_addresses(url: httpx.URL, resolve: Resolve, *, private: bool) -> Sequence[str]:
    """The addresses of `url`, as they are now. `private` lets private ones through, and plain http to those alone.

    Raises `AddressRefused` where any of them will not do: who asks again may be given another one first. Raises `OSError`
    where there is none.
    """
    found = await resolve(url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80))
    for text in found:
        reach, what = classify(ipaddress.ip_address(text))
        if reach is Reach.NEVER or (reach is Reach.PRIVATE and not private):
            raise AddressRefused(f"{what} address")
        if reach is Reach.PUBLIC and url.scheme != "https":
            raise AddressRefused("public address over plain http")
    return found
