"""Awaited sessions against a dictionary that says how each should stand, over drawn histories of two processes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from playproof.clock import milliseconds
from playproof.store import Awaiting, Depth, Final, Notice, Postponed, Store
from playproof.testing import FakeClock, session_record

SECONDS = 60
HOLD = 30

NAMES = st.sampled_from("abcd")
PROCESSES = st.sampled_from(["p", "q"])


Open = Callable[..., Store]


@dataclass
class Expected:
    number: int
    received_at: int
    next_at: int
    holder: str | None
    held_until: int
    attempts: int = 0


class History(RuleBasedStateMachine):
    """Sessions come, are claimed, put off, made final and erased, by two processes, one of which may start anew."""

    def __init__(self, place: Callable[[Path], AbstractContextManager[Open]]) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="playproof-test-"))
        self.stack = ExitStack()
        self.reopen = self.stack.enter_context(place(self.home / "data"))
        self.clock = FakeClock()
        self.stores = {name: self.reopen(clock=self.clock) for name in ("p", "q")}
        self.known: dict[str, int] = {}
        self.waiting: dict[str, Expected] = {}
        self.final: set[str] = set()
        self.notices = 0

    @property
    def now(self) -> int:
        return milliseconds(self.clock.now())

    def free(self, one: Expected) -> bool:
        return one.holder is None or one.held_until <= self.now

    @rule(process=PROCESSES, name=NAMES, later=st.integers(0, 40))
    def put(self, process: str, name: str, later: int) -> None:
        until = self.now + HOLD * 1000
        awaited = Awaiting(assessment=name.encode(), next_at=self.now + later * 1000, holder=process, held_until=until)
        record = msgspec.structs.replace(session_record(name, received_at=self.now), awaited=awaited)
        outcome = self.stores[process].put(record).result(SECONDS)
        assert outcome.status == ("replayed" if name in self.known else "stored")
        if name not in self.known:
            self.known[name] = outcome.number
            self.waiting[name] = Expected(outcome.number, self.now, awaited.next_at, process, until)
        assert outcome.number == self.known[name]

    @rule(process=PROCESSES, limit=st.integers(1, 3))
    def claim(self, process: str, limit: int) -> None:
        due = [(one.next_at, name) for name, one in self.waiting.items() if one.next_at <= self.now and self.free(one)]
        claimed = self.stores[process].awaited.claim(process, HOLD, limit)
        assert [self.waiting[one.session_id].next_at for one in claimed] == [at for at, _ in sorted(due)[:limit]]
        assert {one.session_id for one in claimed} <= {name for _, name in due}
        for one in claimed:
            expected = self.waiting[one.session_id]
            assert (one.number, one.attempts, one.assessment) == (expected.number, expected.attempts, one.session_id.encode())
            expected.holder, expected.held_until = process, self.now + HOLD * 1000

    @rule(process=PROCESSES, names=st.sets(NAMES))
    def renew(self, process: str, names: set[str]) -> None:
        held = [one for name, one in self.waiting.items() if one.holder == process and name in names]
        numbers = [self.known.get(name, 99) for name in names]
        assert self.stores[process].awaited.renew(process, numbers, HOLD) == len(held)
        for one in held:
            one.held_until = self.now + HOLD * 1000

    @rule(process=PROCESSES)
    def release(self, process: str) -> None:
        self.stores[process].awaited.release(process)
        for one in self.waiting.values():
            if one.holder == process:
                one.holder = None

    @rule(process=PROCESSES, name=NAMES, later=st.integers(0, 40), attempted=st.booleans())
    def postpone(self, process: str, name: str, later: int, attempted: bool) -> None:
        item = Postponed(number=self.known.get(name, 99), next_at=self.now + later * 1000, reason="timeout", attempted=attempted)
        self.stores[process].awaited.postpone([item], process)
        one = self.waiting.get(name)
        if one is not None and one.holder == process:
            one.holder, one.next_at, one.attempts = None, item.next_at, one.attempts + attempted

    @rule(process=PROCESSES)
    def hasten(self, process: str) -> None:
        late = [one for one in self.waiting.values() if one.next_at > self.now and self.free(one)]
        assert self.stores[process].awaited.hasten() == len(late)
        for one in late:
            one.next_at = self.now

    @rule(process=PROCESSES, names=st.lists(NAMES, min_size=1, max_size=3, unique=True))
    def finalise(self, process: str, names: list[str]) -> None:
        finals = []
        for name in names:
            self.notices += 1
            finals.append(
                Final(
                    number=self.known.get(name, 99),
                    verdict=b"{}",
                    decision="pass",
                    anomaly_score=None,
                    raw_score=None,
                    source="woodwide",
                    model_version="m",
                    eligible=True,
                    notice=Notice(f"n{self.notices}", b"{}"),
                )
            )
        assert self.stores[process].awaited.finalise(finals) == [name in self.waiting for name in names]
        for name in names:
            if self.waiting.pop(name, None) is not None:
                self.final.add(name)

    @rule(process=PROCESSES, name=NAMES)
    def erase(self, process: str, name: str) -> None:
        assert self.stores[process].erase(name) == (name in self.known)
        self.known.pop(name, None)
        self.waiting.pop(name, None)
        self.final.discard(name)

    @rule(seconds=st.integers(1, 40))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(process=PROCESSES)
    def restart(self, process: str) -> None:
        self.stores[process].close()
        self.stores[process] = self.reopen(clock=self.clock)

    @invariant()
    def stands_as_it_should(self) -> None:
        store = self.stores["p"]
        oldest = min(self.waiting.values(), key=lambda one: one.number, default=None)
        assert store.awaited.depth() == Depth(len(self.waiting), oldest.received_at if oldest else None)
        assert store.awaited.next_at() == min((one.next_at for one in self.waiting.values() if self.free(one)), default=None)
        for name in self.known:
            found = store.get("open", name)
            assert found is not None
            assert (found.awaiting, found.revision, found.eligible) == (name in self.waiting, 1 + (name in self.final), name in self.final)
        assert store.outbox.counts().waiting == len(self.final)

    def teardown(self) -> None:
        for store in self.stores.values():
            store.close()
        self.stack.close()
        shutil.rmtree(self.home)


def test_history(place: Callable[[Path], AbstractContextManager[Open]]) -> None:
    class Here(History):
        def __init__(self) -> None:
            super().__init__(place)

    run_state_machine_as_test(Here, settings=settings(max_examples=10, stateful_step_count=30))
