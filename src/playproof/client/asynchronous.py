"""The client for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self, Unpack

import httpx

from playproof.client.answer import Reply, Trouble, Unanswered, Verification
from playproof.client.course import ANSWER_BYTES, Caller, Course, Options, Post
from playproof.client.transfer import HEADERS, reply_of, trouble_of


class AsyncClient(Caller):
    """Asks about tokens, on one event loop. Close it, or use it as a context, when it is not needed any more."""

    def __init__(
        self,
        secret: str,
        url: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        **options: Unpack[Options],
    ) -> None:
        """See `playproof.client.course.Caller`; `transport` is httpx's own unless given."""
        super().__init__(secret, url, **options)
        self._http = httpx.AsyncClient(transport=transport, headers=HEADERS)
        self._sleep = sleep

    async def verify(
        self,
        token: str | None,
        *,
        remoteip: str | None = None,
        sitekey: str | None = None,
        expected_action: str | None = None,
        expected_hostname: str | None = None,
    ) -> Verification:
        """What `token`, the form's field `playproof-response`, is worth. Spends it. Raises nothing for what goes wrong out there."""
        return await self._run(self.course(token, remoteip, sitekey, expected_action, expected_hostname))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def _run(self, course: Course) -> Verification:
        reply: Reply | Unanswered | None = None
        try:
            while True:
                step = course.send(reply)
                if isinstance(step, Post):
                    reply = await self._post(step)
                else:
                    await self._sleep(step.seconds)
                    reply = None
        except StopIteration as end:
            result: Verification = end.value
            return result

    async def _post(self, post: Post) -> Reply | Unanswered:
        parts: list[bytes] = []
        try:
            async with (
                asyncio.timeout(post.seconds),
                self._http.stream("POST", self.url, content=post.body, timeout=post.seconds) as response,
            ):
                async for part in response.aiter_bytes():
                    parts.append(part)
                    if sum(map(len, parts)) > ANSWER_BYTES:
                        return Unanswered(Trouble.MISUNDERSTOOD)
                return reply_of(response, b"".join(parts), self._clock.now())
        except TimeoutError:
            return Unanswered(Trouble.TIMEOUT)
        except httpx.RequestError as error:
            return trouble_of(error)
