"""What a store promises of sessions that wait for a batch, whatever engine is below."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from itertools import count

import msgspec
import pytest

from playproof.store import (
    FOREVER,
    Awaiting,
    Backlog,
    Done,
    Entry,
    Exhumed,
    Final,
    Forming,
    Gate,
    Later,
    Live,
    Notice,
    PutOutcome,
    SessionRecord,
    Store,
)
from playproof.store.queued import HOLDER
from playproof.testing import FakeClock, session_record
from playproof.testing.records import RECEIVED_AT

SECONDS = 60
NAME = "live"
HOLD = 30.0
RULE = Forming(least=10, wait=300_000, most=50)
ANY = Forming(least=1, wait=300_000, most=50)

Open = Callable[..., Store]


@pytest.fixture
def reopen(reopen: Open) -> Open:
    """Open the store of this test, as another process would."""
    return partial(reopen, live=Live(NAME))


def queued(name: str, at: float = 0.0) -> SessionRecord:
    """A session queued so many seconds after the clock's start."""
    memory = Awaiting(assessment=f"of {name}".encode(), next_at=FOREVER, holder=HOLDER, held_until=FOREVER)
    record = session_record(name, received_at=RECEIVED_AT + int(at * 1000))
    return msgspec.structs.replace(record, eligible=True, awaited=memory, queued=True)


def enqueue(store: Store, *names: str, at: float = 0.0) -> list[int]:
    futures = [store.put(queued(name, at)) for name in names]
    return [future.result(SECONDS).number for future in futures]


def some(n: int, prefix: str = "s") -> list[str]:
    return [f"{prefix}{number:04}" for number in range(n)]


def names(entries: Sequence[Entry]) -> list[str]:
    return [entry.session.session_id for entry in entries]


def done(entry: Entry, by: str = "a", *, notice: Notice | None = None, buried: bool = False) -> Done:
    final = Final(
        number=entry.session.number,
        verdict=f'{{"by": "{by}"}}'.encode(),
        decision="review",
        anomaly_score=2.25,
        raw_score=0.5,
        source="woodwide",
        model_version="mv_1",
        eligible=True,
        notice=notice,
    )
    if buried:
        return Done(epoch=entry.epoch, final=final, buried=True, reason="refused", error="422: will not do")
    return Done(epoch=entry.epoch, final=final)


def later(entry: Entry, at: float = 0.0, *, attempted: bool = False, sharing: int = 0) -> Later:
    return Later(
        number=entry.session.number,
        epoch=entry.epoch,
        next_at=RECEIVED_AT + int(at * 1000),
        reason="timeout",
        attempted=attempted,
        sharing=sharing,
    )


def claim(store: Store, holder: str = "p", rule: Forming = ANY, seconds: float = HOLD) -> list[Entry]:
    return store.batch.claim(holder, seconds, rule)


def test_a_queued_session_is_handed_out_whole(store: Store) -> None:
    record = queued("a")
    (number,) = enqueue(store, "a")
    (entry,) = claim(store)
    session = entry.session
    assert (entry.epoch, entry.enqueued_at, session.number, session.attempts) == (1, RECEIVED_AT, number, 0)
    assert (session.session_id, session.assessment, session.verdict, session.vector) == ("a", b"of a", record.verdict, record.features)


def test_a_session_is_queued_once(store: Store) -> None:
    (number,) = enqueue(store, "a")
    assert store.put(queued("a")).result(SECONDS) == PutOutcome("replayed", queued("a").verdict, number)
    assert store.put(msgspec.structs.replace(queued("a"), digest=b"other")).result(SECONDS).status == "conflict"
    assert store.batch.waiting(10) == 1
    claim(store)
    enqueue(store, "a")
    assert store.batch.backlog() == Backlog(0, 1, 0, 0, RECEIVED_AT)


def test_a_repeat_of_a_scored_session_is_not_queued(store: Store) -> None:
    store.put(session_record("a")).result(SECONDS)
    assert store.put(queued("a")).result(SECONDS).status == "replayed"
    assert store.batch.waiting(10) == 0


def test_nobody_else_asks_for_what_is_queued(store: Store, clock: FakeClock) -> None:
    enqueue(store, *some(3))
    clock.advance(10_000_000)
    assert store.awaited.claim("anyone", HOLD, 10) == []
    assert store.awaited.next_at() is None
    assert store.awaited.hasten() == 0
    assert store.awaited.depth().waiting == 3


def test_a_batch_is_of_at_least_so_many_or_has_waited(store: Store, clock: FakeClock) -> None:
    enqueue(store, *some(9))
    assert claim(store, rule=RULE) == []
    clock.advance(299.999)
    assert claim(store, rule=RULE) == []
    enqueue(store, "tenth")
    ten = claim(store, rule=RULE)
    assert len(ten) == 10
    store.batch.settle([done(entry) for entry in ten])
    enqueue(store, "late", at=300)
    clock.advance(299)
    assert claim(store, rule=RULE) == []
    clock.advance(1.001)
    assert names(claim(store, rule=RULE)) == ["late"]


def test_a_batch_is_of_no_more_than_so_many_and_the_longest_due_come_first(store: Store, clock: FakeClock) -> None:
    clock.advance(10)
    enqueue(store, *some(30, "young"), at=5)
    enqueue(store, *some(30, "old"), at=1)
    assert names(claim(store, rule=RULE)) == some(30, "old") + some(30, "young")[:20]
    assert names(claim(store, rule=RULE)) == some(30, "young")[20:]


def test_what_is_claimed_is_nobody_else_s(store: Store, other: Store) -> None:
    enqueue(store, *some(400))
    got: dict[str, list[str]] = {"p": [], "q": []}
    start = threading.Barrier(2)

    def take(mine: Store, holder: str) -> None:
        start.wait(SECONDS)
        while entries := claim(mine, holder, Forming(1, 0, 7)):
            got[holder] += names(entries)

    threads = [threading.Thread(target=take, args=(mine, holder)) for mine, holder in ((store, "p"), (other, "q"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert sorted(got["p"] + got["q"]) == some(400)
    assert store.batch.gate().batches >= 400 / 7


def test_four_workers_form_batches_exactly(reopen: Open, clock: FakeClock) -> None:
    """At least ten, or the oldest has waited five minutes; never more than fifty: over drawn arrivals and times."""
    stores = [reopen(clock=clock) for _ in range(4)]
    source = random.Random(20261121)
    numbers = count()
    waiting: dict[str, float] = {}
    now = 0.0
    sizes: list[int] = []
    for _ in range(40):
        arriving = [f"n{next(numbers):05}" for _ in range(source.choice((0, 1, 3, 9, 10, 40, 130)))]
        enqueue(stores[0], *arriving, at=now)
        waiting |= dict.fromkeys(arriving, now)
        got: list[list[str]] = []
        start = threading.Barrier(4)

        def work(mine: Store, holder: str, start: threading.Barrier = start, got: list[list[str]] = got) -> None:
            start.wait(SECONDS)
            while entries := claim(mine, holder, RULE):
                got.append(names(entries))
                mine.batch.settle([done(entry) for entry in entries])

        threads = [threading.Thread(target=work, args=(mine, f"w{n}")) for n, mine in enumerate(stores)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
        # What is left is too little and too young; what was taken below the least had waited.
        for batch in got:
            assert len(batch) >= RULE.least or min(waiting[name] for name in batch) <= now - RULE.wait / 1000
            assert len(batch) <= RULE.most
        sizes += map(len, got)
        for name in [name for batch in got for name in batch]:
            del waiting[name]
        assert len(waiting) < RULE.least
        assert not waiting or min(waiting.values()) > now - RULE.wait / 1000
        seconds = source.choice((1.0, 30.0, 150.0, 299.0, 300.0))
        clock.advance(seconds)
        now += seconds
    assert stores[0].batch.backlog().settled == sum(sizes)
    assert {size for size in sizes if size < RULE.least}, "no batch was formed by time alone"
    assert max(sizes) == RULE.most
    for mine in stores:
        mine.close()


def test_a_final_verdict_comes_with_the_end_of_the_entry(store: Store) -> None:
    enqueue(store, "a", "b")
    a, b = claim(store)
    assert store.batch.settle([done(a, notice=Notice("n", b"{}"))], [later(b, 5)]) == [True]
    found = store.get("open", "a")
    assert found is not None
    assert (found.verdict, found.revision, found.awaiting, found.eligible) == (b'{"by": "a"}', 2, False, True)
    assert store.outbox.counts().waiting == 1
    assert store.batch.backlog() == Backlog(1, 0, 1, 0, RECEIVED_AT)
    assert store.awaited.depth().waiting == 1


def test_who_lost_an_entry_changes_nothing(store: Store, other: Store, clock: FakeClock) -> None:
    enqueue(store, *some(3))
    stale = claim(store, "p")
    clock.advance(HOLD)
    fresh = claim(other, "q")
    assert names(fresh) == names(stale)
    assert [entry.epoch for entry in fresh] == [2, 2, 2]
    late = [done(stale[0], "stale", notice=Notice("late", b"{}")), done(stale[1], "stale", buried=True)]
    assert store.batch.settle(late, [later(stale[2], attempted=True, sharing=1)]) == [False, False]
    assert store.batch.backlog().claimed == 3
    assert store.outbox.counts().waiting == 0
    assert store.batch.renew("p", HOLD) == 0
    assert other.batch.settle([done(entry, "fresh") for entry in fresh]) == [True] * 3
    assert store.batch.settle([done(entry, "stale") for entry in stale]) == [False] * 3
    assert {found.verdict for name in some(3) if (found := store.get("open", name))} == {b'{"by": "fresh"}'}


def test_a_hold_can_be_renewed_and_given_up(store: Store, other: Store, clock: FakeClock) -> None:
    enqueue(store, *some(3))
    assert len(claim(store, "p")) == 3
    clock.advance(HOLD - 1)
    assert store.batch.renew("p", HOLD) == 3
    clock.advance(HOLD - 1)
    assert claim(other, "q") == []
    assert store.batch.release("p") == 3
    assert names(claim(other, "q")) == some(3)


def test_what_a_dead_process_held_keeps_its_place(store: Store, clock: FakeClock) -> None:
    enqueue(store, "first")
    claim(store, "dead")
    enqueue(store, "second", at=1)
    clock.advance(HOLD)
    assert names(claim(store, "q")) == ["first", "second"]


def test_what_failed_together_comes_again_in_smaller_batches_that_need_no_company(store: Store, clock: FakeClock) -> None:
    enqueue(store, *some(10))
    entries = claim(store, rule=RULE)
    enqueue(store, "young", at=0)
    store.batch.settle([], [later(entry, attempted=True, sharing=5) for entry in entries])
    first, second = claim(store, rule=RULE), claim(store, rule=RULE)
    assert (names(first), names(second)) == (some(10)[:5], some(10)[5:])
    assert {entry.session.attempts for entry in first} == {1}
    assert claim(store, rule=RULE) == []
    store.batch.settle([], [later(entry, attempted=True, sharing=3) for entry in first])
    store.batch.settle([], [later(entry, 7, attempted=True, sharing=1) for entry in second[:2]])
    assert [len(claim(store, rule=RULE)) for _ in range(3)] == [3, 2, 0]
    clock.advance(7)
    assert [len(claim(store, rule=RULE)) for _ in range(3)] == [1, 1, 0]


def test_a_buried_session_is_final_and_can_be_exhumed(store: Store, clock: FakeClock) -> None:
    enqueue(store, "a", "b")
    a, b = claim(store)
    assert store.batch.settle([done(a, buried=True), done(b)]) == [True, True]
    (grave,) = store.batch.buried()
    assert store.batch.graves("a") == store.batch.graves("a", "open") == [grave]
    assert store.batch.graves("b") == store.batch.graves("a", "another") == []
    assert list(store.batch.buried(grave.number)) == []
    assert (grave.session_id, grave.reason, grave.error, grave.attempts) == ("a", "refused", "422: will not do", 1)
    assert (grave.verdict, grave.buried_at) == (b'{"by": "a"}', RECEIVED_AT)
    assert claim(store) == []
    clock.advance(60)
    assert store.batch.exhume([Exhumed(grave.number, b"{}"), Exhumed(b.session.number, b"{}")]) == 1
    assert list(store.batch.buried()) == []
    found = store.get("open", "a")
    assert found is not None
    assert (found.verdict, found.revision, found.awaiting, found.eligible) == (b"{}", 3, True, False)
    assert store.awaited.claim("anyone", HOLD, 10) == []
    (again,) = claim(store)
    assert (again.epoch, again.enqueued_at, again.session.attempts) == (2, RECEIVED_AT + 60_000, 0)
    assert again.session.assessment == b"of a"
    assert store.batch.settle([done(again)]) == [True]


def test_graves_can_be_forgotten(store: Store) -> None:
    enqueue(store, "a")
    store.batch.settle([done(entry, buried=True) for entry in claim(store)])
    assert store.batch.forget() == 1
    assert store.batch.place("open", "a") is None
    assert store.get("open", "a") is not None


def test_a_place_says_how_many_are_before(store: Store, clock: FakeClock) -> None:
    enqueue(store, *some(3))
    places = [store.batch.place("open", name) for name in some(3)]
    assert [place.position if place else None for place in places] == [1, 2, 3]
    assert store.batch.place("open", "nobody") is None
    assert store.batch.place("other", "s0000") is None
    (first,) = claim(store, rule=Forming(1, 0, 1))
    places = [store.batch.place("open", name) for name in some(3)]
    assert [(place.state, place.position) if place else None for place in places] == [("claimed", 0), ("queued", 1), ("queued", 2)]
    store.batch.settle([], [later(first, attempted=True, sharing=1)])
    places = [store.batch.place("open", name) for name in some(3)]
    assert [place.position if place else None for place in places] == [1, 2, 3]


def test_the_overdue_are_claimed_whatever_the_rule(store: Store, clock: FakeClock) -> None:
    enqueue(store, "old")
    enqueue(store, "young", at=50)
    clock.advance(100)
    assert names(store.batch.claim_overdue("p", HOLD, 10, RECEIVED_AT + 49_999)) == ["old"]
    assert names(claim(store)) == ["young"]


def test_one_does_what_a_tick_is_for(store: Store, other: Store) -> None:
    assert store.batch.last_tick() is None
    won: Counter[str] = Counter()
    start = threading.Barrier(2)

    def run(mine: Store, holder: str) -> None:
        start.wait(SECONDS)
        won[holder] = sum(mine.batch.tick(due_at, holder) for due_at in range(100))

    threads = [threading.Thread(target=run, args=(mine, holder)) for mine, holder in ((store, "p"), (other, "q"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert won.total() == 100
    assert store.batch.last_tick() == 99


def test_the_switch_is_everybody_s_and_stays(store: Store, reopen: Open, clock: FakeClock) -> None:
    assert store.batch.gate() == Gate(0, None, None, 0, 0, None)
    assert store.batch.switch(True, default=True) is False
    assert store.batch.switch(False, default=True) is True
    assert store.batch.switch(False, default=True) is False
    with closing(reopen()) as again:
        assert (again.batch.gate().scheduler, again.batch.gate().changed_at) == (False, RECEIVED_AT)
    assert store.batch.switch(True, default=False) is True


def test_a_pause_is_everybody_s_and_never_gets_shorter(store: Store, other: Store) -> None:
    store.batch.pause(RECEIVED_AT + 5_000, "timeout")
    store.batch.pause(RECEIVED_AT + 3_000, "rate_limited")
    gate = other.batch.gate()
    assert (gate.paused_until, gate.failures, gate.reason) == (RECEIVED_AT + 5_000, 2, "rate_limited")
    other.batch.resume()
    assert store.batch.gate() == Gate(0, None, None, 0, 0, None)


def test_settled_entries_and_ticks_go_and_nothing_else(store: Store, clock: FakeClock) -> None:
    enqueue(store, *some(4))
    store.batch.tick(RECEIVED_AT, "p")
    settled, buried, *_ = claim(store, rule=Forming(1, 0, 2))
    store.batch.settle([done(settled), done(buried, buried=True)])
    claim(store, rule=Forming(1, 0, 1))
    assert store.batch.purge(RECEIVED_AT) == 0
    assert store.batch.purge(RECEIVED_AT + 1) == 1
    assert store.batch.last_tick() is None
    assert store.batch.backlog() == Backlog(1, 1, 0, 1, RECEIVED_AT)
    assert store.get("open", settled.session.session_id) is not None


def test_an_erased_session_leaves_the_queue(store: Store) -> None:
    enqueue(store, *some(3))
    first, second, _ = claim(store)
    assert store.erase(first.session.session_id) == 1
    assert store.batch.settle([done(first, notice=Notice("n", b"{}")), done(second)]) == [False, True]
    assert store.outbox.counts().waiting == 0
    store.purge(FakeClock().now() + timedelta(seconds=1), timedelta(), timedelta())
    assert store.batch.backlog() == Backlog(0, 0, 0, 0, None)


def test_what_was_queued_is_queued_after_a_restart(reopen: Open, clock: FakeClock) -> None:
    with closing(reopen(clock=clock)) as store:
        enqueue(store, *some(3))
        claim(store, "p", Forming(1, 0, 1))
    with closing(reopen(clock=clock)) as store:
        assert names(claim(store, "q")) == some(3)[1:]
        clock.advance(HOLD)
        assert "s0000" in names(claim(store, "q"))
