"""Sessions that still await their hosted score are asked about again, those of processes that died included."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from playproof.clock import Clock, milliseconds
from playproof.errors import HostedReason, StoreUnavailable
from playproof.store import Awaited, Postponed, Store
from playproof.woodwide.breaker import Breaker, State
from playproof.woodwide.question import question_of
from playproof.woodwide.realtime import Realtime
from playproof.woodwide.settlement import Settled

HOLD_SECONDS = 30.0
"""How long what a process asks about is its own unless it says so again; so long what a dead one held has to wait, where nobody can
tell that it is dead."""
RENEW_SECONDS = LOOK_SECONDS = 5.0
"""How often a process says so, and looks for what others left behind."""
MOST = 1000
"""Sessions under way at a time on behalf of nobody who waits."""
UNREAD_SECONDS = 600.0
"""How long a session is left alone that cannot be read."""
PROBE = 50
"""As many try whether a provider that was out answers again."""

_log = logging.getLogger(__name__)


class Resume:
    """Keeps asking until nothing is awaited. Belongs to one event loop."""

    def __init__(self, store: Store, realtime: Realtime, breaker: Breaker, holder: str, clock: Clock) -> None:
        self._awaited = store.awaited
        self._realtime = realtime
        self._breaker = breaker
        self._holder = holder
        self._clock = clock
        self._news = asyncio.Event()
        self._trouble = False
        self._over = True  # a start may be what ends it: with another key, another model

    def heard(self, settled: Settled) -> None:
        """Take note of what was settled: after trouble, the first score says that the others need not wait any longer."""
        if settled.reason is not None:
            self._trouble = True
        elif self._trouble:
            self._trouble, self._over = False, True
        self._news.set()

    def hurry(self) -> None:
        """Say that there may be something to ask."""
        self._news.set()

    async def run(self) -> None:
        """Ask again, for as long as the process lives."""
        while True:
            self._news.clear()  # before, so that none which comes during the round is missed
            try:
                pause = await self._round()
            except StoreUnavailable as error:
                _log.warning("awaited_sessions_wait_for_the_store", extra={"error": str(error)})
                pause = LOOK_SECONDS
            except Exception:  # noqa: BLE001 - this loop must outlive whatever is wrong with one session
                _log.exception("awaited_sessions_not_asked")
                pause = LOOK_SECONDS
            if pause > 0.0:
                # Not `wait_for`, which before Python 3.12 can lose a cancellation that comes together with the event.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._news.wait()

    async def hold(self) -> None:
        """Keep what is under way from being taken over, for as long as the process lives."""
        while True:
            try:
                # Not what is held and asked about by nobody, such as a session whose request was over before it was on disk.
                await asyncio.to_thread(self._awaited.renew, self._holder, self._realtime.under_way, HOLD_SECONDS)
            except StoreUnavailable as error:
                _log.warning("holds_not_renewed", extra={"error": str(error)})
            await asyncio.sleep(RENEW_SECONDS)

    async def _round(self) -> float:
        """Ask about what is due; how many seconds to rest then unless there is news."""
        if self._over:
            self._over = False
            await asyncio.to_thread(self._awaited.hasten)
        room = self._room()
        if room <= 0:
            return min(LOOK_SECONDS, self._breaker.left or LOOK_SECONDS)
        claimed = await asyncio.to_thread(self._awaited.claim, self._holder, HOLD_SECONDS, room)
        unread = [awaited.number for awaited in claimed if not self._ask(awaited)]
        if unread:
            later = milliseconds(self._clock.now()) + int(UNREAD_SECONDS * 1000)
            put_off = [Postponed(number=number, next_at=later, reason=HostedReason.CLIENT_ERROR, attempted=False) for number in unread]
            await asyncio.to_thread(self._awaited.postpone, put_off, self._holder)
        if claimed:
            return 0.0
        due = await asyncio.to_thread(self._awaited.next_at)
        if due is None:
            return LOOK_SECONDS
        return min(LOOK_SECONDS, max(0.01, (due - milliseconds(self._clock.now())) / 1000.0))

    def _ask(self, awaited: Awaited) -> bool:
        """Ask about a session; false where what is kept of it cannot be read."""
        try:
            question = question_of(awaited)
        except Exception:  # noqa: BLE001 - the others are asked about all the same
            _log.exception("awaited_session_not_read", extra={"session": awaited.session_id})
            return False
        self._realtime.ask(question, told=True)
        return True

    def _room(self) -> int:
        """About how many more sessions to ask now."""
        state = self._breaker.state
        if state is State.OPEN:
            return 0
        return (MOST if state is State.CLOSED else PROBE) - len(self._realtime.under_way)
