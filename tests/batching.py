"""Batches for tests: one process's queue, scorer and scheduler over a store, on a clock that the test moves."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np

from playproof.batch.inference import Inference
from playproof.batch.queue import SessionQueue
from playproof.batch.report import Report
from playproof.batch.retry import Retry
from playproof.batch.scheduler import Scheduler
from playproof.batch.scorers import BatchScorer, Embedded, Hosted
from playproof.batch.settling import Settling
from playproof.dataset import Channel
from playproof.decision import Judge, Verdict
from playproof.errors import HostedError, HostedReason
from playproof.ids import RandomBytes
from playproof.scoring.hosted import VersionCalibration
from playproof.service import Service, Submission, build_judge, decode_verdict
from playproof.settings import Settings
from playproof.store import Forming, Notice, Store
from playproof.telemetry import Session
from playproof.testing import FakeClock, human_session
from playproof.woodwide.flights import Passenger
from playproof.woodwide.mapping import Answer, RawScore
from playproof.woodwide.settlement import Yardstick

SECONDS = 60
PLAYS = 4
"""Different plays behind the sessions of a test."""
RULE = Forming(least=10, wait=300_000, most=50)
DAY = timedelta(days=1)


@cache
def plays() -> tuple[Session, ...]:
    """Sessions of people, made once for all tests of a process."""
    return tuple(human_session(np.random.default_rng([7, number])) for number in range(PLAYS))


class Provider:
    """A hosted model that answers as it is told; `fly` of `playproof.batch.scorers.Hosted`."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.calls: list[tuple[float, int]] = []
        """When each came, in seconds since the clock was made, and how many sessions it carried."""
        self.failure: HostedError | None = None
        self.poisonous: set[int] = set()
        """Numbers of sessions for which every call fails that carries one of them."""
        self.answers: dict[int, Answer] = {}
        """What is answered in place of a score, by number."""
        self.takes = 0.0
        """Seconds of a call."""

    async def __call__(self, passengers: Sequence[Passenger[int]]) -> Mapping[int, Answer]:
        """Score."""
        await asyncio.sleep(0)
        self.calls.append((self.clock.monotonic(), len(passengers)))
        self.clock.advance(self.takes)
        if self.failure is not None:
            raise self.failure
        numbers = [passenger.key for passenger in passengers]
        if self.poisonous.intersection(numbers):
            raise HostedError("422: will not do", reason=HostedReason.REFUSED, answered=422)
        return {number: RawScore(0.5, False, "mv_1") for number in numbers} | self.answers

    def per_minute(self, start: float = 0.0, end: float = math.inf) -> list[int]:
        """How many calls came in each minute in which any did, of a span of time."""
        return [count for _, count in sorted(Counter(int(at // 60) for at, _ in self.calls if start <= at < end).items())]


def down(reason: HostedReason = HostedReason.SERVER_ERROR, retry_after: float | None = None) -> HostedError:
    """What a provider says that is out."""
    return HostedError("out", reason=reason, retry_after=retry_after)


class Worker:
    """One process's batch system. Asks `provider` where there is one, else the embedded model scores."""

    def __init__(
        self,
        store: Store,
        clock: FakeClock,
        provider: Provider | None = None,
        *,
        name: str = "worker",
        judge: Judge | None = None,
        calibration: VersionCalibration | None = None,
        rule: Forming = RULE,
        most: int = 1000,
        on: bool = True,
        random: RandomBytes = b"\x80".__mul__,
    ) -> None:
        self.store = store
        self.clock = clock
        self.judge = judge or build_judge(Settings(), clock=clock)
        self.queue = SessionQueue(store, most=most, clock=clock)
        self.service = Service(self.judge, store, clock=clock, queue=self.queue)
        self.reports: list[Report] = []
        self.notices = 0
        retry = Retry(5, random)
        scorer: BatchScorer = Embedded(self.judge)
        if provider is not None:
            scorer = Hosted(self.judge, provider, lambda version: Yardstick("mdl_1", calibration, synthetic=False))
        self.inference = Inference(
            store,
            scorer,
            Settling(self.judge, retry, longest=DAY, notice=self._notice, clock=clock),
            retry,
            holder=name,
            clock=clock,
            listener=self.reports.append,
        )
        self.scheduler = Scheduler(
            store,
            self.inference,
            rule,
            interval=timedelta(seconds=30),
            on=on,
            longest=DAY,
            keep=DAY,
            holder=name,
            clock=clock,
        )
        self._name = name

    def _notice(self, scope: str, verdict: Verdict) -> Notice:
        self.notices += 1
        return Notice(f"{self._name}-{self.notices}", b"{}")

    def submit(self, name: str) -> Submission:
        """One session queued."""
        session = replace(plays()[sum(name.encode()) % PLAYS], id=name)
        return self.service.submit(session, channel=Channel.API, use_batch=True)

    def enqueue(self, *names: str) -> list[int]:
        """Sessions queued; their numbers."""
        return [submission.outcome.result(SECONDS).number for submission in [self.submit(name) for name in names]]

    def verdict(self, name: str) -> Verdict:
        """The stored verdict under an id."""
        found = self.store.get("open", name)
        assert found is not None
        return decode_verdict(found.verdict)


def some(count: int, prefix: str = "s") -> list[str]:
    """Names of so many sessions."""
    return [f"{prefix}{number:04}" for number in range(count)]
