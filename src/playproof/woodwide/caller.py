"""The one way a call to Woodwide is made: with a key, within its time, again where that is safe, and reported."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from playproof.clock import Clock
from playproof.errors import HostedError, HostedReason
from playproof.settings import ApiKey
from playproof.woodwide.calls import Call
from playproof.woodwide.failures import Redactor, failure_of
from playproof.woodwide.keys import REFUSALS, KeyRing
from playproof.woodwide.report import CallReport, Listener
from playproof.woodwide.retry import Retries

if TYPE_CHECKING:
    import httpx
    from woodwide import AsyncWoodWide

    from playproof.woodwide.connection import Connection
    from playproof.woodwide.sdk import Sdk

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


class RawAnswer(Protocol):
    """An answer of the SDK that has not been taken apart."""

    async def read(self) -> bytes:
        """Its body."""
        ...


Ask = Callable[["AsyncWoodWide"], Awaitable[RawAnswer]]
Fetch = Callable[["httpx.AsyncClient"], Awaitable[bytes]]
Read = Callable[[bytes], T]


class Caller:
    """Makes calls. Every one ends with an answer or with one `HostedError` that has no other error behind it."""

    def __init__(
        self, connection: Connection, sdk: Sdk, *, clock: Clock, sleep: Sleep, retries: Retries, listener: Listener[CallReport]
    ) -> None:
        self.connection = connection
        self.clock = clock
        self.sleep = sleep
        self._sdk = sdk
        self._keys = KeyRing(connection.keys, clock, connection.key_rest)
        self._redactor = Redactor(key.key.reveal() for key in connection.keys)
        self._retries = retries
        self._listener = listener

    async def ask(self, call: Call, ask: Ask, read: Read[T], *, sent: int = 0) -> T:
        """What `read` makes of the body that `call` is answered with; `ask` makes it once, with one client of the SDK.

        `sent` is the size of the file it carries. Raises `HostedError`, also where `read` does.
        """

        async def once(key: ApiKey) -> T:
            return read(await (await ask(self._sdk.client(key))).read())

        return await self._repeat(call, lambda tally: self._with_a_key(call, once, tally), sent)

    async def fetch(self, call: Call, fetch: Fetch, read: Read[T], *, sent: int = 0) -> T:
        """What `read` makes of what `fetch` gets from a signed address, with no key. Raises `HostedError`."""

        async def get() -> T:
            return read(await fetch(self._sdk.http))

        async def once(tally: _Tally) -> T | HostedError:
            tally.tries += 1
            return await self._within(call, get())

        return await self._repeat(call, once, sent)

    def as_json(self, call: Call, kind: type[T]) -> Read[T]:
        """A reader of JSON as a `kind`, which lets through fields that nobody asked for."""

        def read(body: bytes) -> T:
            if not body.strip():
                raise HostedError(f"{call.name}: answered with nothing at all", reason=HostedReason.EMPTY_RESPONSE, uncertain=True)
            try:
                return msgspec.json.decode(body, type=kind)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                told = self._redactor.clean(f"{call.name}: not what the API promises: {error}")
            raise HostedError(told, reason=HostedReason.INVALID_RESPONSE, uncertain=True)

        return read

    def clean(self, text: str) -> str:
        """`text` of the provider, fit to be shown."""
        return self._redactor.clean(text)

    async def _repeat(self, call: Call, once: Callable[[_Tally], Awaitable[T | HostedError]], sent: int) -> T:
        """Do `once` until it is answered, or there is no sense in doing it again."""
        started = self.clock.monotonic()
        tally = _Tally()
        attempt = 1
        answer = await once(tally)
        while isinstance(answer, HostedError):
            wait = self._retries.wait(call, answer, attempt)
            if wait is None:
                break
            await self.sleep(wait)
            attempt += 1
            answer = await once(tally)
        failure = answer if isinstance(answer, HostedError) else None
        self._listener(CallReport(call.name, self.clock.monotonic() - started, tally.tries, sent * tally.tries, failure))
        if isinstance(answer, HostedError):
            raise answer
        return answer

    async def _with_a_key(self, call: Call, once: Callable[[ApiKey], Awaitable[T]], tally: _Tally) -> T | HostedError:
        """Do `once` with one key after the other, until one is not refused."""
        refusal: HostedError | None = None
        for _ in self._keys:
            try:
                key = self._keys.choose(call)
            except HostedError as nobody:
                return refusal or nobody
            tally.tries += 1
            answer = await self._within(call, once(key))
            if not isinstance(answer, HostedError) or answer.reason not in REFUSALS:
                return answer
            self._keys.refused(key, call, answer.reason)
            refusal = answer
        assert refusal is not None, "there is at least one key"
        return refusal

    async def _within(self, call: Call, answer: Awaitable[T]) -> T | HostedError:
        """`answer`, or what went wrong; the time it may take is that of the whole, so that one which trickles in ends too."""
        try:
            async with asyncio.timeout(self.connection.seconds(call)):
                return await answer
        except HostedError as failure:
            return failure
        except Exception as error:  # noqa: BLE001 - whatever the SDK or its transport raises, callers see one type
            return failure_of(error, call, self._redactor, self.clock.now())


@dataclass(slots=True)
class _Tally:
    """How often a call was sent."""

    tries: int = 0
