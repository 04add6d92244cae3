"""The batch queue against a dictionary that says how each entry should stand, over drawn histories of two processes.

`PLAYPROOF_TEST_HISTORIES` says how many; docs/batch.md has the figures of a long run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from playproof.clock import milliseconds
from playproof.store import FOREVER, Awaiting, Done, Entry, EntryState, Exhumed, Final, Forming, Later, Notice, open_store
from playproof.store.queued import HOLDER
from playproof.testing import FakeClock, session_record

HISTORIES = int(os.environ.get("PLAYPROOF_TEST_HISTORIES", "15"))
SECONDS = 60
HOLD = 30
RULE = Forming(least=3, wait=20_000, most=5)
NAMES = "abcdefghij"

PROCESSES = st.sampled_from(["p", "q"])
SOME = st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True)


@dataclass
class Expected:
    number: int
    enqueued_at: int
    next_at: int
    state: EntryState = "queued"
    sharing: int = 0
    attempts: int = 0
    epoch: int = 0
    revision: int = 1
    letters: int = 0
    holder: str | None = None


class History(RuleBasedStateMachine):
    """Sessions are queued, claimed, finished, fail and are buried, by two processes that crash, are slow and start anew."""

    @initialize()
    def start(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="playproof-test-"))
        self.clock = FakeClock()
        self.stores = {name: open_store(self.home / "data", clock=self.clock) for name in ("p", "q")}
        self.entries: dict[str, Expected] = {}
        self.claims: dict[str, dict[str, Entry]] = defaultdict(dict)  # what each process believes that it holds
        self.notices = 0

    @property
    def now(self) -> int:
        return milliseconds(self.clock.now())

    @rule(process=PROCESSES, names=SOME)
    def enqueue(self, process: str, names: Sequence[str]) -> None:
        for name in names:
            memory = Awaiting(assessment=name.encode(), next_at=FOREVER, holder=HOLDER, held_until=FOREVER)
            record = msgspec.structs.replace(session_record(name, received_at=self.now), awaited=memory, queued=True)
            outcome = self.stores[process].put(record).result(SECONDS)
            assert outcome.status == ("replayed" if name in self.entries else "stored")
            expected = self.entries.setdefault(name, Expected(outcome.number, self.now, self.now))
            assert outcome.number == expected.number

    @rule(process=PROCESSES)
    def claim(self, process: str) -> None:
        due = self.formed()
        claimed = self.stores[process].batch.claim(process, HOLD, RULE)
        assert [entry.session.session_id for entry in claimed] == due
        for entry in claimed:
            expected = self.entries[entry.session.session_id]
            expected.state, expected.holder, expected.next_at = "claimed", process, self.now + HOLD * 1000
            expected.epoch += 1
            assert (entry.epoch, entry.sharing, entry.session.attempts) == (expected.epoch, expected.sharing, expected.attempts)
            assert (entry.session.assessment, entry.enqueued_at) == (entry.session.session_id.encode(), expected.enqueued_at)
            self.claims[process][entry.session.session_id] = entry

    def formed(self) -> list[str]:
        """The names of the batch that forms now."""
        for one in self.entries.values():
            if one.state == "claimed" and one.next_at <= self.now:
                one.state, one.holder, one.next_at = "queued", None, one.enqueued_at
        due = sorted(
            (one.next_at, one.number, name) for name, one in self.entries.items() if one.state == "queued" and one.next_at <= self.now
        )
        smaller = [(self.entries[name].sharing, at) for at, _, name in due if self.entries[name].sharing]
        if smaller:
            sharing, _ = min(smaller)
            return [name for _, _, name in due if self.entries[name].sharing == sharing][: min(sharing, RULE.most)]
        names = [name for _, _, name in due]
        waited = any(self.entries[name].enqueued_at <= self.now - RULE.wait for name in names)
        return names[: RULE.most] if waited or len(names) >= RULE.least else []

    @rule(process=PROCESSES, buried=st.booleans(), few=st.integers(1, 5))
    def finish(self, process: str, buried: bool, few: int) -> None:
        mine = list(self.claims[process].items())[:few]
        done = []
        for _, entry in mine:
            self.notices += 1
            done.append(Done(epoch=entry.epoch, final=self.final(entry.session.number), buried=buried, reason="r", error="e"))
        ours = [self.holds(name, entry) for name, entry in mine]
        assert self.stores[process].batch.settle(done) == ours
        for (name, _), won in zip(mine, ours, strict=True):
            del self.claims[process][name]
            if won:
                one = self.entries[name]
                one.state, one.next_at, one.holder, one.sharing = "buried" if buried else "settled", self.now, None, 0
                one.attempts += buried
                one.letters += 1
                one.revision += 1

    @rule(process=PROCESSES, few=st.integers(1, 5), attempted=st.booleans(), later=st.integers(0, 40))
    def fail(self, process: str, few: int, attempted: bool, later: int) -> None:
        mine = list(self.claims[process].items())[:few]
        sharing = (len(mine) + 1) // 2 if attempted else 0
        at = self.now + later * 1000
        back = [
            Later(number=entry.session.number, epoch=entry.epoch, next_at=at, reason="r", attempted=attempted, sharing=sharing)
            for _, entry in mine
        ]
        self.stores[process].batch.settle([], back)
        for name, entry in mine:
            if self.holds(name, entry):
                one = self.entries[name]
                one.state, one.next_at, one.holder, one.sharing = "queued", at, None, sharing
                one.attempts += attempted
            del self.claims[process][name]

    def holds(self, name: str, entry: Entry) -> bool:
        one = self.entries.get(name)
        return one is not None and one.number == entry.session.number and one.state == "claimed" and one.epoch == entry.epoch

    @rule(process=PROCESSES)
    def crash(self, process: str) -> None:
        self.stores[process].close()
        self.claims[process].clear()
        self.stores[process] = open_store(self.home / "data", clock=self.clock)

    @rule(process=PROCESSES)
    def renew(self, process: str) -> None:
        held = [one for one in self.entries.values() if one.state == "claimed" and one.holder == process]
        assert self.stores[process].batch.renew(process, HOLD) == len(held)
        for one in held:
            one.next_at = self.now + HOLD * 1000

    @rule(process=PROCESSES)
    def release(self, process: str) -> None:
        held = [one for one in self.entries.values() if one.state == "claimed" and one.holder == process]
        assert self.stores[process].batch.release(process) == len(held)
        for one in held:
            one.state, one.holder, one.next_at = "queued", None, one.enqueued_at

    @rule(process=PROCESSES, names=SOME)
    def exhume(self, process: str, names: Sequence[str]) -> None:
        dead = [name for name in names if name in self.entries and self.entries[name].state == "buried"]
        items = [Exhumed(self.entries[name].number, b'{"status": "preliminary"}') for name in names if name in self.entries]
        assert self.stores[process].batch.exhume(items) == len(dead)
        for name in dead:
            one = self.entries[name]
            one.state, one.enqueued_at, one.next_at, one.attempts = "queued", self.now, self.now, 0
            one.revision += 1

    @rule(process=PROCESSES, name=st.sampled_from(NAMES))
    def erase(self, process: str, name: str) -> None:
        assert self.stores[process].erase(name) == (name in self.entries)
        self.entries.pop(name, None)

    @rule(seconds=st.integers(1, 40))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @invariant()
    def stands_as_expected(self) -> None:
        store = self.stores["p"]
        by_state = {state: sum(one.state == state for one in self.entries.values()) for state in ("queued", "claimed", "settled", "buried")}
        backlog = store.batch.backlog()
        assert {state: getattr(backlog, state) for state in by_state} == by_state
        assert store.outbox.counts().waiting == sum(one.letters for one in self.entries.values())
        assert store.awaited.depth().waiting == by_state["queued"] + by_state["claimed"]
        for name, one in self.entries.items():
            found, place = store.get("open", name), store.batch.place("open", name)
            assert found is not None
            assert place is not None
            assert (found.revision, found.awaiting) == (one.revision, one.state in ("queued", "claimed"))
            assert (place.state, place.attempts, place.enqueued_at) == (one.state, one.attempts, one.enqueued_at)

    def final(self, number: int) -> Final:
        return Final(
            number=number,
            verdict=b'{"status": "final"}',
            decision="pass",
            anomaly_score=None,
            raw_score=None,
            source="local",
            model_version="m",
            eligible=True,
            notice=Notice(f"n{self.notices}", b"{}"),
        )

    def teardown(self) -> None:
        for store in self.stores.values():
            store.close()
        shutil.rmtree(self.home)


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=HISTORIES, stateful_step_count=40)
