"""A store against a dictionary that says what it should hold, over drawn histories."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import timedelta
from pathlib import Path

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from playproof.errors import StoreRefused
from playproof.store import SessionRecord, Store, restore_backup
from playproof.testing import FakeClock, session_record

SECONDS = 60
KEEP_TELEMETRY = timedelta(seconds=20)
KEEP_VERDICTS = timedelta(seconds=60)

NAMES = st.sampled_from(["a", "b", "c"])
SCOPES = st.sampled_from(["one", "two"])
CONTENTS = st.sampled_from([b"first", b"second"])


Open = Callable[..., Store]


class History(RuleBasedStateMachine):
    """Puts, erasures, retention, restarts, and one backup at a time where the engine makes them."""

    def __init__(self, place: Callable[[Path], AbstractContextManager[Open]]) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="playproof-test-"))
        self.stack = ExitStack()
        self.reopen = self.stack.enter_context(place(self.home / "data"))
        self.clock = FakeClock()
        self.held: dict[tuple[str, str], SessionRecord] = {}
        self.left: dict[tuple[str, str], int] = {}
        self.saved: tuple[dict[tuple[str, str], SessionRecord], dict[tuple[str, str], int]] | None = None
        self.erased: list[tuple[str, str | None, int]] = []
        self.open()

    def open(self) -> None:
        self.store = self.reopen(clock=self.clock)

    def now(self) -> int:
        return int(self.clock.now().timestamp() * 1000)

    @rule(scope=SCOPES, name=NAMES, content=CONTENTS, queued=st.booleans())
    def put(self, scope: str, name: str, content: bytes, queued: bool) -> None:
        record = msgspec.structs.replace(session_record(name, scope=scope, content=content, received_at=self.now()), queued=queued)
        before = self.held.setdefault((scope, name), record)
        expected = "stored" if before is record else "replayed" if before.digest == record.digest else "conflict"
        assert self.store.put(record).result(SECONDS).status == expected
        self.left.pop((scope, name), None)

    @rule(scope=st.none() | SCOPES, name=NAMES)
    def erase(self, scope: str | None, name: str) -> None:
        gone = [key for key in self.held if key[1] == name and scope in {None, key[0]}]
        assert self.store.erase(name, scope) == len(gone)
        self.erased.append((name, scope, self.now()))
        for key in gone:
            del self.held[key]
        self.left = {key: gone_at for key, gone_at in self.left.items() if key[1] != name or scope not in {None, key[0]}}

    @rule()
    def purge(self) -> None:
        self.store.purge(self.clock.now(), KEEP_TELEMETRY, KEEP_VERDICTS)
        oldest = self.now() - KEEP_VERDICTS // timedelta(milliseconds=1)
        self.left |= {key: self.now() for key, record in self.held.items() if record.received_at < oldest and record.queued}
        self.left = {key: gone_at for key, gone_at in self.left.items() if gone_at >= oldest}
        self.held = {key: record for key, record in self.held.items() if record.received_at >= oldest}

    @rule(seconds=st.integers(1, 40))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.open()

    @rule()
    def back_up(self) -> None:
        with contextlib.suppress(StoreRefused):
            self.store.backup(self.home / "copy")
            self.saved = dict(self.held), dict(self.left)

    @precondition(lambda self: self.saved is not None)
    @rule()
    def restore(self) -> None:
        assert self.saved is not None
        self.store.close()
        restore_backup(self.home / "copy", self.home / "data", force=True, clock=self.clock)
        held, left = self.saved
        self.held = {key: record for key, record in held.items() if not self._erased_since(key, record.received_at)}
        self.left = {key: gone_at for key, gone_at in left.items() if not self._erased_since(key, 0)}
        self.clock.advance(1)
        self.open()

    def _erased_since(self, key: tuple[str, str], received_at: int) -> bool:
        return any(name == key[1] and scope in {None, key[0]} and when >= received_at for name, scope, when in self.erased)

    @invariant()
    def holds_what_it_should(self) -> None:
        for scope in ("one", "two"):
            for name in ("a", "b", "c"):
                found = self.store.get(scope, name)
                record = self.held.get((scope, name))
                assert (found is None) == (record is None)
                assert self.store.batch.gone(scope, name) == ((scope, name) in self.left)
                if found is not None and record is not None:
                    assert (found.digest, found.verdict, found.features) == (record.digest, record.verdict, record.features)

    def teardown(self) -> None:
        self.store.close()
        self.stack.close()
        shutil.rmtree(self.home)


def test_history(place: Callable[[Path], AbstractContextManager[Open]]) -> None:
    class Here(History):
        def __init__(self) -> None:
            super().__init__(place)

    run_state_machine_as_test(Here, settings=settings(max_examples=10, stateful_step_count=30))
