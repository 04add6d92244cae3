"""What a store remembers of sessions that were queued for a batch, when retention has removed them, whatever engine is below."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import msgspec
import pytest

from playproof.batch.queue import SessionQueue
from playproof.errors import ResultGone, StoreUnavailable
from playproof.store import FOREVER, Awaiting, Done, Final, Forming, Live, Purged, SessionRecord, Store, tombstones
from playproof.store.queued import HOLDER
from playproof.testing import FakeClock, session_record
from playproof.testing.records import RECEIVED_AT

SECONDS = 60
KEEP = timedelta(days=90)
DAY = 86_400
MOMENT = 0.001

Open = Callable[..., Store]


@pytest.fixture
def reopen(reopen: Open) -> Open:
    """Open the store of this test, as another process would."""
    return partial(reopen, live=Live("live"))


@pytest.fixture
def queue(store: Store, clock: FakeClock) -> SessionQueue:
    """The queue of this test."""
    return SessionQueue(store, most=10_000, clock=clock)


def queued(name: str, scope: str = "open", received_at: int = RECEIVED_AT) -> SessionRecord:
    memory = Awaiting(assessment=b"{}", next_at=FOREVER, holder=HOLDER, held_until=FOREVER)
    return msgspec.structs.replace(session_record(name, scope=scope, received_at=received_at), awaited=memory, queued=True)


def put(store: Store, *records: SessionRecord) -> list[str]:
    return [future.result(SECONDS).status for future in [store.put(record) for record in records]]


def purge(store: Store, clock: FakeClock) -> Purged:
    return store.purge(clock.now(), timedelta(days=7), KEEP)


def settle(store: Store) -> None:
    """Make every queued verdict final."""
    final = partial(Final, verdict=b'{"by": "a"}', decision="pass", anomaly_score=None, raw_score=None, source="local", model_version="m")
    for entry in store.batch.claim("p", SECONDS, Forming(1, 0, 50)):
        done = Done(epoch=entry.epoch, final=final(number=entry.session.number, eligible=False, notice=None))
        assert store.batch.settle([done]) == [True]


def gone(queue: SessionQueue, name: str, scope: str = "open") -> bool:
    """Whether its result is gone; an id that is known or unknown has none that is."""
    try:
        queue.result(scope, name)
    except ResultGone:
        return True
    return False


def test_a_result_is_there_then_gone_and_then_unknown(store: Store, queue: SessionQueue, clock: FakeClock) -> None:
    put(store, queued("a"))
    first = queue.result("open", "a")
    assert first is not None
    assert first.queued is not None
    settle(store)
    clock.advance(2 * DAY)
    assert store.batch.purge(RECEIVED_AT + DAY * 1000) == 1
    clock.advance(88 * DAY)
    assert purge(store, clock).sessions == 0
    last = queue.result("open", "a")
    assert last is not None
    assert (last.verdict, last.queued) == (b'{"by": "a"}', None)
    clock.advance(MOMENT)
    assert purge(store, clock).sessions == 1
    with pytest.raises(ResultGone, match="'a' is no longer kept"):
        queue.result("open", "a")
    assert queue.place("open", "a") is None
    clock.advance(90 * DAY)
    assert purge(store, clock).tombstones == 0
    assert gone(queue, "a")
    clock.advance(MOMENT)
    assert purge(store, clock).tombstones == 1
    assert queue.result("open", "a") is None


def test_only_what_was_queued_is_gone(store: Store, queue: SessionQueue, clock: FakeClock) -> None:
    put(store, session_record("asked"), queued("waiting"), queued("other", scope="another"))
    clock.advance(91 * DAY)
    assert purge(store, clock).sessions == 3
    assert [gone(queue, name) for name in ("asked", "waiting", "other", "never")] == [False, True, False, False]
    assert [gone(queue, name, "another") for name in ("asked", "waiting", "other")] == [False, False, True]


@pytest.mark.parametrize("name", ["\udc80", "a\x00b"], ids=["half a surrogate pair", "zero"])
def test_a_text_that_cannot_be_stored_is_not_known(queue: SessionQueue, name: str) -> None:
    assert queue.result("open", name) is None
    assert queue.place("open", name) is None
    assert queue.exhume("open", name) == 0


@pytest.mark.parametrize("scope", [None, "open"])
def test_an_erased_session_leaves_nothing(store: Store, queue: SessionQueue, clock: FakeClock, scope: str | None) -> None:
    put(store, queued("a"), queued("b"))
    assert store.erase("a", scope) == 1
    clock.advance(91 * DAY)
    purge(store, clock)
    assert [gone(queue, name) for name in "ab"] == [False, True]


def test_an_erasure_takes_what_retention_left(store: Store, queue: SessionQueue, clock: FakeClock) -> None:
    put(store, queued("a"), queued("a", scope="another"), queued("b"), queued("b", scope="another"))
    clock.advance(91 * DAY)
    purge(store, clock)
    assert store.erase("a", "open") == 0
    assert (gone(queue, "a"), gone(queue, "a", "another")) == (False, True)
    assert store.erase("b") == 0
    assert (gone(queue, "b"), gone(queue, "b", "another")) == (False, False)


def test_an_id_that_is_put_again_is_a_new_session(store: Store, queue: SessionQueue, clock: FakeClock) -> None:
    names = ["a", "b", "c"]
    put(store, *(queued(name, scope) for name in names for scope in ("open", "another")))
    clock.advance(91 * DAY)
    purge(store, clock)
    now = RECEIVED_AT + 91 * DAY * 1000
    assert put(store, queued("a", received_at=now), session_record("b", received_at=now)) == ["stored", "stored"]
    for name in ("a", "b"):
        assert queue.result("open", name) is not None
        assert not store.batch.gone("open", name)
    assert [gone(queue, name, "another") for name in names] == [True, True, True]
    clock.advance(91 * DAY)
    assert purge(store, clock).tombstones == 4  # c's, and the other scope's
    assert [gone(queue, name) for name in names] == [True, False, False]


def test_many_go_in_steps_and_each_leaves_its_own(store: Store, queue: SessionQueue, clock: FakeClock) -> None:
    names = [f"s{number:03}" for number in range(450)]
    put(store, *(queued(name) if number % 3 else session_record(name) for number, name in enumerate(names)))
    clock.advance(91 * DAY)
    assert purge(store, clock).sessions == 450
    assert [gone(queue, name) for name in names] == [bool(number % 3) for number in range(450)]
    clock.advance(91 * DAY)
    assert purge(store, clock).tombstones == 300


def test_a_session_goes_with_its_tombstone_or_stays(store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, queued("a"))
    clock.advance(91 * DAY)

    def fail(*_: object) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as broken:
        broken.setattr(tombstones, "leave", fail)
        with pytest.raises(StoreUnavailable):
            purge(store, clock)
    assert store.get("open", "a") is not None
    assert not store.batch.gone("open", "a")
    assert purge(store, clock).sessions == 1
    assert store.batch.gone("open", "a")


def test_who_erases_while_others_purge_leaves_nothing(store: Store, other: Store, clock: FakeClock) -> None:
    names = [f"s{number:03}" for number in range(400)]
    put(store, *map(queued, names))
    clock.advance(91 * DAY)
    purging = threading.Thread(target=purge, args=(other, clock))
    purging.start()
    for name in names[::4]:
        store.erase(name)
    purging.join(SECONDS)
    assert not purging.is_alive()
    assert [store.batch.gone("open", name) for name in names] == [bool(number % 4) for number in range(400)]
