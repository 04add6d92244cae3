"""The client for code that waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self, Unpack

import httpx

from playproof.client.answer import Reply, Trouble, Unanswered, Verification
from playproof.client.course import ANSWER_BYTES, Caller, Course, Options, Post
from playproof.client.transfer import HEADERS, reply_of, trouble_of


class Client(Caller):
    """Asks about tokens; may be shared between threads. Close it, or use it as a context, when it is not needed any more."""

    def __init__(
        self,
        secret: str,
        url: str,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        **options: Unpack[Options],
    ) -> None:
        """See `playproof.client.course.Caller`; `transport` is httpx's own unless given."""
        super().__init__(secret, url, **options)
        self._http = httpx.Client(transport=transport, headers=HEADERS)
        self._sleep = sleep

    def verify(
        self,
        token: str | None,
        *,
        remoteip: str | None = None,
        sitekey: str | None = None,
        expected_action: str | None = None,
        expected_hostname: str | None = None,
    ) -> Verification:
        """What `token`, the form's field `playproof-response`, is worth. Spends it. Raises nothing for what goes wrong out there."""
        return self._run(self.course(token, remoteip, sitekey, expected_action, expected_hostname))

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _run(self, course: Course) -> Verification:
        reply: Reply | Unanswered | None = None
        try:
            while True:
                step = course.send(reply)
                if isinstance(step, Post):
                    reply = self._post(step)
                else:
                    self._sleep(step.seconds)
                    reply = None
        except StopIteration as end:
            result: Verification = end.value
            return result

    def _post(self, post: Post) -> Reply | Unanswered:
        # httpx limits the time of each read, not of all together.
        until = self._clock.monotonic() + post.seconds
        parts: list[bytes] = []
        try:
            with self._http.stream("POST", self.url, content=post.body, timeout=post.seconds) as response:
                for part in response.iter_bytes():
                    parts.append(part)
                    if sum(map(len, parts)) > ANSWER_BYTES:
                        return Unanswered(Trouble.MISUNDERSTOOD)
                    if self._clock.monotonic() > until:
                        return Unanswered(Trouble.TIMEOUT)
                return reply_of(response, b"".join(parts), self._clock.now())
        except httpx.RequestError as error:
            return trouble_of(error)
