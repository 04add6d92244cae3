"""The session queue: scored sessions that wait for a batch, which makes their verdicts final."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future

import msgspec

from playproof.clock import Clock, milliseconds
from playproof.decision import Verdict
from playproof.errors import QueueFull, ResultGone
from playproof.store import FOREVER, Awaiting, Backlog, Exhumed, Grave, PutOutcome, SessionRecord, Store
from playproof.store.queued import HOLDER, EntryState

BURIED = "buried"
"""The `fallbackReason` of a session that was given up."""
FULL = "queue_full"
"""The `fallbackReason` of a session that found no room in the queue."""

WAITING: tuple[EntryState, ...] = ("queued", "claimed")
"""The states of a session whose verdict a batch is to make final."""

RECOUNT_SECONDS = 1.0
"""How long a count of what waits is relied on; what other processes enqueue meanwhile can exceed the bound by as much."""
RETRY_SECONDS = 30.0
"""After how long a sender that found no room may try again."""
STEP = 200
"""Sessions that are exhumed in one transaction."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Verdict).decode


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """Where a session stands in the queue."""

    state: EntryState
    position: int
    """1 for what comes next; 0 where it is not queued."""
    age_seconds: float
    """Since it was queued."""
    attempts: int
    """That failed for what it is."""
    reason: str | None
    """Why the latest one failed, or it was put off."""


class Result(msgspec.Struct, frozen=True):
    """What is known of a session."""

    verdict: bytes
    """JSON, preliminary or final."""
    queued: Queued | None
    """Where it stands; `None` where its verdict is final, or awaited in real time."""


class SessionQueue:
    """Queues sessions and says where they stand. Safe to share between threads; every method raises `StoreUnavailable`."""

    def __init__(self, store: Store, *, most: int, clock: Clock) -> None:
        """No more than `most` sessions wait."""
        self._store = store
        self._tables = store.batch
        self._most = most
        self._clock = clock
        self._counting = threading.Lock()
        self._lock = threading.Lock()
        self._room = 0
        self._taken = 0
        self._count_again = clock.monotonic()

    def enqueue(self, record: SessionRecord, assessment: bytes) -> Future[PutOutcome]:
        """Store `record` and queue it, in one transaction; the future resolves when both are on disk.

        Its verdict is preliminary; `assessment` is what it takes to judge again (`playproof.woodwide.question.kept`). An id that is
        stored already is not queued again. Raises `QueueFull` where there is no room: then nothing is stored.
        """
        self._take_room()
        awaited = Awaiting(assessment=assessment, next_at=FOREVER, holder=HOLDER, held_until=FOREVER)
        return self._store.put(msgspec.structs.replace(record, awaited=awaited, queued=True))

    @property
    def stale(self) -> bool:
        """Whether the next to enqueue counts what waits first, and blocks meanwhile."""
        return self._clock.monotonic() >= self._count_again

    def count(self) -> None:
        """Count what waits, unless that was done just now."""
        with self._counting:
            if not self.stale:
                return
            taken = self._taken
            room = self._most - self._tables.waiting(self._most)
            with self._lock:
                self._room = room - (self._taken - taken)
                self._count_again = self._clock.monotonic() + RECOUNT_SECONDS

    def _take_room(self) -> None:
        self.count()
        with self._lock:
            if self._room <= 0:
                raise QueueFull(f"{self._most} sessions wait for a batch already", retry_after=RETRY_SECONDS)
            self._room -= 1
            self._taken += 1

    def result(self, scope: str, session_id: str) -> Result | None:
        """The verdict on a session, whether or not it was ever queued, and where it stands; `None` where the id is not known.

        Raises `ResultGone` where a session of this id was queued and retention has removed it, for as long again as verdicts are kept.
        """
        while True:
            stored = self._store.get(scope, session_id)
            if stored is None:
                if self._tables.gone(scope, session_id):
                    raise ResultGone(f"the result of session {session_id!r} is no longer kept")
                return None
            queued = self.place(scope, session_id) if stored.awaiting else None
            if queued is None or queued.state in WAITING:
                return Result(stored.verdict, queued)
            # Its verdict has become final between the two looks.

    def place(self, scope: str, session_id: str) -> Queued | None:
        """Where a session stands; `None` where it is not in the queue, nor was within BATCH_KEEP."""
        found = self._tables.place(scope, session_id)
        if found is None:
            return None
        age = max(0, milliseconds(self._clock.now()) - found.enqueued_at) / 1000.0
        return Queued(state=found.state, position=found.position, age_seconds=age, attempts=found.attempts, reason=found.reason)

    def backlog(self) -> Backlog:
        """How many sessions are queued, claimed, settled and buried; counts them."""
        return self._tables.backlog()

    def buried(self, after: int = 0) -> Iterator[Grave]:
        """The sessions that were given up, in order of arrival, each with its error; those after the one of a number."""
        return self._tables.buried(after)

    def exhume(self, scope: str | None = None, session_id: str | None = None) -> int:
        """Queue again what was given up: what is under an id, in `scope` or in all, or everything; how many sessions that were.

        Their verdicts become preliminary again, of a revision one higher and with the same decision; no webhook says so.
        The next batch makes them final, one revision on and with a webhook, as if they had never been. Raises `QueueFull` where not all
        of a step have room; those before it are queued.
        """
        if session_id is not None:
            return self._exhume(self._tables.graves(session_id, scope))
        total = 0
        step: list[Grave] = []
        for grave in self._tables.buried():
            step.append(grave)
            if len(step) == STEP:
                total += self._exhume(step)
                step = []
        return total + self._exhume(step)

    def _exhume(self, graves: list[Grave]) -> int:
        for _ in graves:
            self._take_room()
        return self._tables.exhume([Exhumed(grave.number, self._preliminary(grave.verdict)) for grave in graves]) if graves else 0

    def _preliminary(self, body: bytes) -> bytes:
        verdict = _decode(body)
        return _encode(
            msgspec.structs.replace(
                verdict,
                status="preliminary",
                revision=verdict.revision + 1,
                fallback_reason=None if verdict.fallback_reason == BURIED else verdict.fallback_reason,
            )
        )
