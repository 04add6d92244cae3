"""The course of one question: attempts, pauses and the end of patience, without the network, which is the caller's to do."""

from __future__ import annotations

import json
import logging
import os
import threading
import uuid
from collections.abc import Callable, Generator
from typing import Literal, NamedTuple, TypedDict
from urllib.parse import urlsplit

from playproof.client.answer import MISSING, OUTAGES, Decision, Reply, Trouble, Unanswered, Verification, read
from playproof.clock import Clock, SystemClock
from playproof.ids import RandomBytes
from playproof.patience import full_jitter

OnError = Literal["closed", "open", "review"]
"""What holds where the service cannot be asked: nobody is let in, everybody is, or everybody is to be looked at."""

PATH = "/api/v1/siteverify"
ANSWER_BYTES = 64 * 1024
"""Of an answer, at most."""
LONGEST_TOKEN = 2048
TIMEOUT_SECONDS = 3.0
RETRIES = 2

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0

_log = logging.getLogger("playproof.client")


class Post(NamedTuple):
    """Send this, and come back with a `Reply` or `Unanswered` within so many seconds."""

    body: bytes
    seconds: float


class Wait(NamedTuple):
    """Do nothing for so many seconds."""

    seconds: float


class Options(TypedDict, total=False):
    """What a client may be told beside whom to ask; see `Caller`."""

    on_error: OnError
    timeout: float
    retries: int
    on_unanswered: Callable[[Verification], None] | None
    clock: Clock
    random: RandomBytes


Course = Generator[Post | Wait, Reply | Unanswered | None, Verification]


class Caller:
    """What the client for threads and the one for asyncio share."""

    def __init__(
        self,
        secret: str,
        url: str,
        *,
        on_error: OnError = "closed",
        timeout: float = TIMEOUT_SECONDS,
        retries: int = RETRIES,
        on_unanswered: Callable[[Verification], None] | None = None,
        clock: Clock | None = None,
        random: RandomBytes = os.urandom,
    ) -> None:
        """`secret` is the site's, `url` where the service is, such as ``https://verify.example``.

        `timeout` is how many seconds a question may take in all, its `retries` and the pauses between them included. `on_error` says
        what holds where nobody could be asked in that time; `on_unanswered` is told of each such result. Raises `ValueError` where an
        argument will not do.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("url is the address of the service, such as https://verify.example")
        if not secret:
            raise ValueError("secret is the site's secret; it is empty")
        if on_error not in ("closed", "open", "review"):
            raise ValueError("on_error is closed, open or review")
        if not timeout > 0.0 or retries < 0:
            raise ValueError("timeout is positive, and retries is not negative")
        self.url = url.rstrip("/") + PATH
        self.on_error: OnError = on_error
        self._secret = secret
        self._timeout = timeout
        self._attempts = retries + 1
        self._on_unanswered = on_unanswered
        self._clock = clock or SystemClock()
        self._random = random
        self._lock = threading.Lock()
        self._opened = 0

    @property
    def opened(self) -> int:
        """How many visitors were let in because nobody could be asked, since this client was made. Watch it."""
        return self._opened

    def __repr__(self) -> str:
        return f"{type(self).__name__}(url={self.url!r}, on_error={self.on_error!r})"

    def course(
        self, token: str | None, remoteip: str | None, sitekey: str | None, expected_action: str | None, expected_hostname: str | None
    ) -> Course:
        """One question: what to do next, step by step, and in the end what came of it."""
        if not token or len(token) > LONGEST_TOKEN:
            return Verification(success=False, codes=(MISSING if not token else "invalid-input-response",))
        asked = {
            "secret": self._secret,
            "response": token,
            "remoteip": remoteip,
            "sitekey": sitekey,
            "expected_action": expected_action,
            "expected_hostname": expected_hostname,
            # One for all attempts, so that an answer that got lost is given again instead of a token found spent.
            "idempotency_key": str(uuid.UUID(bytes=self._random(16), version=4)),
        }
        body = json.dumps({name: value for name, value in asked.items() if value is not None}).encode()
        deadline = self._clock.monotonic() + self._timeout
        last = Unanswered(Trouble.TIMEOUT)
        for attempt in range(1, self._attempts + 1):
            left = deadline - self._clock.monotonic()
            if left <= 0.0:
                break
            replied = yield Post(body, left / (self._attempts - attempt + 1))
            assert replied is not None
            found = read(replied) if isinstance(replied, Reply) else replied
            if isinstance(found, Verification):
                return found
            last = found
            pause = full_jitter(self._random, attempt, _FIRST_PAUSE, _LONGEST_PAUSE) if found.retry_after is None else found.retry_after
            if last.trouble is Trouble.REFUSED or attempt == self._attempts or pause >= deadline - self._clock.monotonic():
                break
            yield Wait(pause)
        return self._unanswered(last)

    def _unanswered(self, last: Unanswered) -> Verification:
        direction: OnError = self.on_error if last.trouble in OUTAGES else "closed"
        decision: Decision | None = "review" if direction == "review" else None
        result = Verification(success=direction == "open", decision=decision, codes=last.codes, trouble=last.trouble)
        if result.success:
            with self._lock:
                self._opened += 1
        _log.warning("siteverify gave no answer: %s, decided %s", last.trouble.value, direction)
        if self._on_unanswered is not None:
            self._on_unanswered(result)
        return result
