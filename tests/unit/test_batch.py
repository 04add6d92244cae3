"""How long a batch waits before it is tried again, and how it is halved."""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playproof.batch.queue import SessionQueue
from playproof.batch.retry import FIRST_SECONDS, LONGEST_SECONDS, Retry
from playproof.errors import QueueFull
from playproof.ids import made_at, message_id, session_id
from playproof.testing import FakeClock, session_record

RETRY = Retry(5, os.urandom)


@given(failures=st.integers(0, 200), asked=st.floats(0, 1e5), drawn=st.binary(min_size=6, max_size=6))
def test_a_pause_is_what_was_asked_for_and_anything_up_to_its_bound(failures: int, asked: float, drawn: bytes) -> None:
    bound = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** (max(1, failures) - 1))
    assert asked <= Retry(5, lambda _: drawn).pause(failures, asked) <= asked + bound


def test_a_pause_takes_its_whole_range() -> None:
    pauses = [RETRY.pause(3) for _ in range(2000)]
    assert min(pauses) < 1.0
    assert max(pauses) > 4 * FIRST_SECONDS - 1.0
    assert abs(sum(pauses) / len(pauses) - 2 * FIRST_SECONDS) < 1.0


@given(size=st.integers(1, 500), data=st.data())
def test_whoever_others_fail_for_stands_alone_after_few_calls(size: int, data: st.DataObject) -> None:
    poisonous = data.draw(st.integers(0, size - 1))
    waiting, calls, scored = [list(range(size))], 0, 0
    while waiting:
        batch = waiting.pop()
        calls += 1
        if poisonous not in batch:
            scored += len(batch)
        elif len(batch) > 1:
            half = RETRY.sharing(len(batch))
            assert half < len(batch)
            waiting += [batch[:half], batch[half:]]
    assert scored == size - 1
    assert calls <= 2 * math.ceil(math.log2(size)) + 1


def test_only_what_stands_alone_is_given_up() -> None:
    assert [RETRY.hopeless(failed, 1) for failed in (4, 5, 9)] == [False, True, True]
    assert not RETRY.hopeless(100, 2)


class Full:
    """A store's queue in which so many wait."""

    def __init__(self, waiting: int) -> None:
        self.batch = self
        self.there = waiting
        self.counted = 0
        self.stored = 0

    def waiting(self, most: int) -> int:
        self.counted += 1
        return min(most, self.there)

    def put(self, record: object) -> None:
        self.stored += 1


def test_a_queue_counts_what_waits_once_a_second() -> None:
    clock, store = FakeClock(), Full(7)
    queue = SessionQueue(store, most=10, clock=clock)  # type: ignore[arg-type]
    for _ in range(3):
        queue.enqueue(session_record("s"), b"")
    with pytest.raises(QueueFull) as full:
        queue.enqueue(session_record("s"), b"")
    assert full.value.retry_after > 0
    assert (store.counted, store.stored) == (1, 3)
    store.there = 9
    clock.advance(1)
    queue.enqueue(session_record("s"), b"")
    with pytest.raises(QueueFull):
        queue.enqueue(session_record("s"), b"")
    assert (store.counted, store.stored) == (2, 4)


@given(since=st.timedeltas(timedelta(), timedelta(days=2_000_000)))
def test_an_id_says_when_it_was_made(since: timedelta) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + since
    found = made_at(session_id(moment, os.urandom))
    assert found is not None
    assert abs((found - moment).total_seconds()) <= 0.001


@pytest.mark.parametrize(
    "name", ["", "pp_", "s17", "pp_" + "z" * 26, "pp_" + "u" * 26, "pp_" + "0" * 25, message_id(FakeClock().now(), bytes)]
)
def test_any_other_id_does_not(name: str) -> None:
    assert made_at(name) is None
