"""The loop that takes letters out of the store and to the site, in every process that serves."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Self

from playproof.clock import Clock, milliseconds
from playproof.decision import Verdict
from playproof.errors import StoreError
from playproof.ids import RandomBytes
from playproof.observe.metrics import Metrics
from playproof.store import Letter, Notice
from playproof.store.outbox_tables import OutboxTables
from playproof.webhooks.notice import notice_of
from playproof.webhooks.schedule import next_attempt
from playproof.webhooks.sender import Attempt, Sender

AT_ONCE = 8
"""Letters under way at a time."""
HOLD_SECONDS = 60.0
"""How long a letter is one process's alone: several times what an attempt may take."""
POLL_SECONDS = 3.0
"""How often the store is asked, at the least, for what another process put in."""
GATHER_SECONDS = 0.05
"""How long those who hurry wait for company: one look at the store is enough for all."""
SAMPLE_SECONDS = 30.0
"""How often the letters that wait are counted."""

GRACE_SECONDS = 2.0
"""How long those under way may take when the process stops; what is cut off then is sent again."""

Sleep = Callable[[float], Awaitable[object]]

_log = logging.getLogger("playproof.webhooks")


class Delivery:
    """Sends each letter until it arrives, or there is no hope, as long as its context lasts. At least once; the same id at every attempt.

    Entering the context raises `SettingsError` where the sender cannot be made ready.
    Processes share a store: whoever claims a letter is alone with it until the hold runs out.
    """

    def __init__(
        self,
        outbox: OutboxTables,
        sender: Sender,
        *,
        holder: str,
        metrics: Metrics,
        clock: Clock,
        random: RandomBytes,
        sleep: Sleep = asyncio.sleep,
        grace: float = GRACE_SECONDS,
    ) -> None:
        """`holder` claims the letters that are under way, as nobody else is named."""
        self._outbox = outbox
        self._sender = sender
        self._metrics = metrics
        self._clock = clock
        self._random = random
        self._sleep = sleep
        self._grace = grace
        self._holder = holder
        self._hurried = asyncio.Event()
        self._sampled: float | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._sender.__aenter__()
        self._task = asyncio.create_task(self._deliver_for_ever(), name="webhooks")
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._sender.__aexit__()

    def notice(self, scope: str, verdict: Verdict) -> Notice:
        """What the site is told of a verdict that becomes final now; to be put in with it. From any thread."""
        return notice_of(scope, verdict, self._clock.now(), self._random)

    def hurry(self) -> None:
        """Say that a letter was put in. From the event loop's thread; only a hint, without it the letter goes a little later."""
        self._hurried.set()

    async def _deliver_for_ever(self) -> None:
        """Deliver until cancelled; then let go of what is under way, for others or the next start. A store that fails is asked again."""
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._hurried.clear()
                try:
                    seconds = await self._begin(running)
                except StoreError as error:
                    _log.warning("webhooks postponed", extra={"error": str(error)})
                    seconds = POLL_SECONDS
                await self._rest(running, seconds)
                running = {task for task in running if not task.done()}
        finally:
            if running:
                await asyncio.wait(running, timeout=self._grace)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            with contextlib.suppress(StoreError):
                await asyncio.to_thread(self._outbox.release, self._holder)

    async def _begin(self, running: set[asyncio.Task[None]]) -> float:
        """Send what is due, as far as there is room; seconds until something may be due again. Raises `StoreError`."""
        if room := AT_ONCE - len(running):
            letters = await asyncio.to_thread(self._outbox.claim, self._holder, HOLD_SECONDS, room)
            running |= {asyncio.create_task(self._deliver(letter)) for letter in letters}
        await self._sample()
        next_at = await asyncio.to_thread(self._outbox.next_at)
        if next_at is None or len(running) == AT_ONCE:
            return POLL_SECONDS
        return min(POLL_SECONDS, max(0.01, (next_at - milliseconds(self._clock.now())) / 1000))

    async def _rest(self, running: set[asyncio.Task[None]], seconds: float) -> None:
        """Wait until one under way has ended, somebody hurries, or so many seconds are over."""
        waking = (asyncio.ensure_future(self._sleep(seconds)), asyncio.ensure_future(self._hurried.wait()))
        try:
            await asyncio.wait({*running, *waking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waking:
                task.cancel()
        if self._hurried.is_set():
            await self._sleep(GATHER_SECONDS)

    async def _sample(self) -> None:
        now = self._clock.monotonic()
        if self._sampled is None or now - self._sampled >= SAMPLE_SECONDS:
            self._sampled = now
            counts = await asyncio.to_thread(self._outbox.counts)
            self._metrics.put("playproof_webhooks_waiting", counts.waiting)

    async def _deliver(self, letter: Letter) -> None:
        started = self._clock.monotonic()
        try:
            attempt = await self._sender.send(letter.id, letter.body)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not stop the letters that come after
            _log.exception("webhook failed", extra={"webhook": letter.id})
            attempt = Attempt(reason=f"a fault of PlayProof ({type(error).__name__}); the log has it")
        self._metrics.observe("playproof_webhook_seconds", self._clock.monotonic() - started)
        try:
            await self._settle(letter, attempt)
        except StoreError as error:
            # It is sent again when its hold is over.
            _log.warning("webhook not noted", extra={"webhook": letter.id, "error": str(error)})

    async def _settle(self, letter: Letter, attempt: Attempt) -> None:
        """Note how `attempt` ended. Raises `StoreError`."""
        if attempt.reason is None:
            await asyncio.to_thread(self._outbox.delivered, letter.id, self._holder)
            self._metrics.count("playproof_webhooks_total", "delivered")
            return
        again = next_attempt(attempt, letter, milliseconds(self._clock.now()), self._random)
        noted = await asyncio.to_thread(self._outbox.failed, letter.id, self._holder, again, attempt.reason)
        self._metrics.count("playproof_webhooks_total", "failed" if again is not None or not noted else "given_up")
        if again is None and noted:
            fields = {"webhook": letter.id, "attempts": letter.attempts + 1, "reason": attempt.reason}
            _log.error("webhook given up", extra=fields)
