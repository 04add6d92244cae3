"""Challenges and tokens against dictionaries that say how each should stand, over drawn histories of two processes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from playproof.challenges.buckets import rows_of
from playproof.clock import milliseconds
from playproof.store import Rate, Store
from playproof.testing import FakeClock
from tests.visits import SCOPE, SECONDS, SITE, advance, close, conclude, digest_of, issued, play

NAMES = st.sampled_from(["a", "b", "c"])
PLACES = st.sampled_from([0, 1])
MOST = 4
WINDOW = 60_000
QUESTIONS = st.sampled_from([None, b"one", b"two"])

Open = Callable[..., Store]


@dataclass
class Expected:
    batches: list[bytes] = field(default_factory=list)
    number: int | None = None
    token_until: int | None = None
    spent_by: bytes | None = None
    spent: bool = False


class History(RuleBasedStateMachine):
    """Challenges are issued, played, closed, concluded, spent and erased, by two processes, either of which may start anew."""

    def __init__(self, place: Callable[[Path], AbstractContextManager[Open]]) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="playproof-test-"))
        self.stack = ExitStack()
        self.reopen = self.stack.enter_context(place(self.home / "data"))
        self.clock = FakeClock()
        self.stores = [self.reopen(clock=self.clock) for _ in range(2)]
        self.held: dict[str, Expected] = {}
        self.made: dict[str, int] = {}  # how often each name was issued: an id is never used again
        self.counted: dict[int, int] = {}
        self.latest = 0

    def now(self) -> int:
        return milliseconds(self.clock.now())

    def id_of(self, name: str) -> str:
        return f"{name}{self.made.get(name, 0)}"

    @rule(place=PLACES, name=NAMES)
    def issue(self, place: int, name: str) -> None:
        if self.id_of(name) in self.held:
            return
        window = self.now() // WINDOW
        limit = Rate(b"all", WINDOW, MOST)
        over = self.stores[place].challenges.issue(issued(self.id_of(name), now=self.now()), [limit]).result(SECONDS)
        assert over == (limit if self.counted.get(window, 0) >= MOST else None)
        if over is None:
            self.counted[window] = self.counted.get(window, 0) + 1
            self.held[self.id_of(name)] = Expected()

    @rule(place=PLACES, name=NAMES, ahead=st.integers(0, 2))
    def advance(self, place: int, name: str, ahead: int) -> None:
        one = self.held.get(self.id_of(name))
        sequence = ahead + (len(one.batches) if one else 0)
        accepted = one is not None and one.number is None and ahead == 1
        assert advance(self.stores[place], self.id_of(name), sequence) == accepted
        if one and accepted:
            one.batches.append(b"batch %d" % sequence)

    @rule(place=PLACES, name=NAMES, behind=st.integers(0, 1), played=st.booleans())
    def close(self, place: int, name: str, behind: int, played: bool) -> None:
        one = self.held.get(self.id_of(name))
        sequence = (len(one.batches) if one else 0) - behind
        number = close(self.stores[place], self.id_of(name), sequence, play(ord(name)) if played else None)
        assert (number is not None) == (one is not None and one.number is None and not behind)
        if one and number is not None:
            one.number = number
            assert number > self.latest if played else number == 0
            self.latest = max(self.latest, number)

    @rule(place=PLACES, name=NAMES)
    def conclude(self, place: int, name: str) -> None:
        one = self.held.get(self.id_of(name))
        outcome = conclude(self.stores[place], self.id_of(name), now=self.now())
        if one is None or one.number is None:
            assert outcome.number == 0
        else:
            assert outcome.status == ("stored" if one.token_until is None else "replayed")
            if one.token_until is None:
                one.token_until = self.now() + 300_000

    @rule(place=PLACES, name=NAMES, question=QUESTIONS)
    def spend(self, place: int, name: str, question: bytes | None) -> None:
        one = self.held.get(self.id_of(name))
        asked = self.stores[place].tokens.spend(digest_of(self.id_of(name)), SITE, self.now(), question, lambda *_: b"{}")
        if one is None or one.token_until is None:
            expected = "unknown"
        elif one.spent:
            expected = "repeated" if question is not None and question == one.spent_by else "already"
        else:
            expected = "spent" if self.now() < one.token_until else "expired"
        assert asked.result(SECONDS).outcome == expected
        if one and expected == "spent":
            one.spent, one.spent_by = True, question

    @rule(place=PLACES, name=NAMES)
    def erase(self, place: int, name: str) -> None:
        one = self.held.pop(self.id_of(name), None)
        removed = self.stores[place].erase(self.id_of(name))
        assert removed == (one is not None and one.token_until is not None)
        if one is not None:
            self.made[name] = self.made.get(name, 0) + 1

    @rule(seconds=st.sampled_from([1, 70, 200]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(place=PLACES)
    def restart(self, place: int) -> None:
        self.stores[place].close()
        self.stores[place] = self.reopen(clock=self.clock)

    @invariant()
    def stands_as_it_should(self) -> None:
        for name in "abc":
            one, found = self.held.get(self.id_of(name)), self.stores[0].challenges.get(self.id_of(name))
            assert (found is None) == (one is None)
            if one is None or found is None:
                continue
            assert (found.sequence, found.number, found.token_at is None) == (len(one.batches), one.number, one.token_until is None)
            kept = self.stores[1].challenges.batches(self.id_of(name))
            assert kept == ([] if one.token_until is not None else one.batches)
            assert (self.stores[1].get(SCOPE, self.id_of(name)) is None) == (one.token_until is None)

    @invariant()
    def knows_what_was_played(self) -> None:
        for name in "abc":
            found = set(self.stores[1].replays.rows(rows_of(play(ord(name))).bucket).number.tolist())
            one = self.held.get(self.id_of(name))
            assert found == ({one.number} if one and one.number else set())

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        self.stack.close()
        shutil.rmtree(self.home)


def test_history(place: Callable[[Path], AbstractContextManager[Open]]) -> None:
    class Here(History):
        def __init__(self) -> None:
            super().__init__(place)

    run_state_machine_as_test(Here, settings=settings(max_examples=8, stateful_step_count=30))
