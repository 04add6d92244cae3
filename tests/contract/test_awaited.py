"""What a store promises of verdicts that are preliminary, whatever engine is below."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial

import msgspec
import pytest
from sqlalchemy import select

from playproof.errors import StoreUnavailable
from playproof.store import Awaited, Awaiting, Depth, Final, Live, Notice, Postponed, PutOutcome, SessionRecord, Store
from playproof.store.tables import outbox
from playproof.testing import FakeClock, session_record
from playproof.testing.records import RECEIVED_AT

SECONDS = 60
NAME = "live"
HOLD = 30.0

Open = Callable[..., Store]


@pytest.fixture
def reopen(reopen: Open) -> Open:
    """Open the store of this test, as another process would."""
    return partial(reopen, live=Live(NAME))


def awaited(name: str, *, at: int = 0, holder: str = "dead", held: float = 0.0) -> SessionRecord:
    """A preliminary record, due so many milliseconds after the clock's start and held for so many seconds from there."""
    return msgspec.structs.replace(
        session_record(name),
        eligible=True,
        awaited=Awaiting(
            assessment=f"of {name}".encode(), next_at=RECEIVED_AT + at, holder=holder, held_until=RECEIVED_AT + int(held * 1000)
        ),
    )


def put(store: Store, record: SessionRecord) -> int:
    return store.put(record).result(SECONDS).number


def final(number: int, *, by: str = "a", notice: Notice | None = None) -> Final:
    return Final(
        number=number,
        verdict=f'{{"by": "{by}"}}'.encode(),
        decision="review",
        anomaly_score=2.25,
        raw_score=0.5,
        source="woodwide",
        model_version="mv_1",
        eligible=True,
        notice=notice,
    )


def claimed(store: Store, holder: str, *, seconds: float = HOLD, limit: int = 10) -> list[str]:
    return [one.session_id for one in store.awaited.claim(holder, seconds, limit)]


def notices(store: Store) -> list[str]:
    """The ids of what sites are to be told."""
    return store.awaited._read(lambda connection: list(connection.execute(select(outbox.c.id)).scalars()))


def test_a_session_has_a_number_and_a_repeat_has_the_same(store: Store) -> None:
    record = session_record("a")
    assert [put(store, session_record(name)) for name in "abc"] == [1, 2, 3]
    assert store.put(record).result(SECONDS) == PutOutcome("replayed", record.verdict, 1)
    assert store.put(session_record("a", content=b"other")).result(SECONDS) == PutOutcome("conflict", record.verdict, 0)


def test_records_of_one_group_are_numbered_as_they_came(store: Store) -> None:
    futures = [store.put(session_record(name)) for name in ["x", *"abcabd"]]
    assert [future.result(SECONDS).number for future in futures] == [1, 2, 3, 4, 2, 3, 5]


def test_an_awaited_row_is_not_eligible_before_it_is_final(store: Store) -> None:
    number = put(store, awaited("a"))
    dataset = store.live.find(NAME)
    assert dataset is not None
    (row,) = store.live.window(dataset)
    assert (row.awaiting, row.eligible) == (True, False)
    stored = store.get("open", "a")
    assert stored is not None
    assert (stored.awaiting, stored.eligible, stored.revision, stored.awaited) == (True, False, 1, None)
    assert store.awaited.finalise([final(number)]) == [True]
    (row,) = store.live.window(dataset)
    assert (row.awaiting, row.eligible, row.scorer, row.decision) == (False, True, "woodwide", "review")


def test_a_final_verdict_takes_the_place_of_the_preliminary_one(store: Store, reopen: Open) -> None:
    number = put(store, awaited("a"))
    assert store.awaited.finalise([final(number)]) == [True]
    other = reopen()
    for one in (store, other):
        found = one.get("open", "a")
        assert found is not None
        assert (found.verdict, found.decision, found.revision) == (b'{"by": "a"}', "review", 2)
        assert (found.anomaly_score, found.raw_score, found.source, found.model_version) == (2.25, 0.5, "woodwide", "mv_1")
        assert (found.awaiting, found.eligible) == (False, True)
        assert one.put(awaited("a")).result(SECONDS) == PutOutcome("replayed", b'{"by": "a"}', number)
        assert one.awaited.depth() == Depth(0, None)
        assert one.awaited.claim("anyone", HOLD, 10) == []
    other.close()


def test_a_repeat_of_a_preliminary_session_awaits_nothing_twice(store: Store) -> None:
    number = put(store, awaited("a"))
    again = store.put(awaited("a")).result(SECONDS)
    assert (again.status, again.number) == ("replayed", number)
    assert store.awaited.depth().waiting == 1


def test_whoever_is_first_makes_it_final(store: Store, other: Store) -> None:
    numbers = [put(store, awaited(f"s{n}")) for n in range(40)]
    done: dict[str, list[bool]] = {}
    start = threading.Barrier(2)

    def finish(mine: Store, by: str) -> None:
        start.wait(SECONDS)
        done[by] = [mine.awaited.finalise([final(number, by=by, notice=Notice(f"{by}{number}", b"{}"))])[0] for number in numbers]

    threads = [threading.Thread(target=finish, args=(mine, by)) for mine, by in ((store, "a"), (other, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    winners = ["a" if a else "b" for a in done["a"]]
    assert [not a for a in done["a"]] == done["b"]
    found = [store.get("open", f"s{n}") for n in range(40)]
    assert [one.verdict if one else None for one in found] == [f'{{"by": "{by}"}}'.encode() for by in winners]
    assert {one.revision for one in found if one} == {2}
    assert sorted(notices(store)) == sorted(f"{by}{number}" for by, number in zip(winners, numbers, strict=True))


def test_a_notice_is_stored_with_the_verdict_or_not_at_all(store: Store) -> None:
    first, second = (put(store, awaited(name)) for name in "ab")
    with pytest.raises(StoreUnavailable):
        store.awaited.finalise([final(first, notice=Notice("same", b"1")), final(second, notice=Notice("same", b"2"))])
    assert store.awaited.depth().waiting == 2
    assert notices(store) == []
    assert store.awaited.finalise([final(first, notice=Notice("one", b"1")), final(second)]) == [True, True]
    assert notices(store) == ["one"]


def test_what_is_claimed_is_handed_out_whole_and_the_longest_due_first(store: Store, clock: FakeClock) -> None:
    record = awaited("b", at=5)
    put(store, record)
    put(store, awaited("a", at=3))
    put(store, awaited("later", at=60_000))
    assert store.awaited.claim("p", HOLD, 10) == []
    clock.advance(1)
    first, second = store.awaited.claim("p", HOLD, 10)
    assert (first.session_id, second.session_id) == ("a", "b")
    assert second == Awaited(
        number=1,
        scope=record.scope,
        session_id="b",
        received_at=record.received_at,
        game_type=record.game_type,
        device_type=record.device_type,
        verdict=record.verdict,
        catalogue_version=record.catalogue_version,
        vector=record.features,
        assessment=b"of b",
        attempts=0,
    )


def test_no_more_is_claimed_than_was_asked_for(store: Store) -> None:
    for n in range(5):
        put(store, awaited(f"s{n}"))
    assert claimed(store, "p", limit=3) == ["s0", "s1", "s2"]
    assert claimed(store, "p", limit=3) == ["s3", "s4"]


def test_a_session_is_claimed_by_one(store: Store, other: Store) -> None:
    for n in range(60):
        put(store, awaited(f"s{n}"))
    got: dict[str, list[str]] = {"p": [], "q": []}
    start = threading.Barrier(2)

    def take(mine: Store, holder: str) -> None:
        start.wait(SECONDS)
        while some := claimed(mine, holder, limit=3):
            got[holder] += some

    threads = [threading.Thread(target=take, args=(mine, holder)) for mine, holder in ((store, "p"), (other, "q"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert sorted(got["p"] + got["q"]) == sorted(f"s{n}" for n in range(60))


def test_what_the_living_hold_is_not_claimed(store: Store, other: Store, clock: FakeClock) -> None:
    number = put(store, awaited("a", holder="p", held=HOLD))
    assert claimed(store, "p") == []
    assert claimed(other, "q") == []
    clock.advance(HOLD - 1)
    assert store.awaited.renew("p", [number, 99], HOLD) == 1
    clock.advance(HOLD - 1)
    assert claimed(other, "q") == []
    clock.advance(1)
    assert claimed(other, "q") == ["a"]
    assert claimed(store, "p") == []
    assert store.awaited.renew("p", [number], HOLD) == 0


def test_what_its_holder_does_not_renew_is_claimed_again(store: Store, clock: FakeClock) -> None:
    kept, _ = (put(store, awaited(name, holder="p", held=HOLD)) for name in "ab")
    clock.advance(HOLD - 1)
    assert store.awaited.renew("p", [kept], HOLD) == 1
    assert store.awaited.renew("p", [], HOLD) == 0
    clock.advance(1)
    assert claimed(store, "p") == ["b"]


def test_what_is_released_is_another_s_at_once(store: Store, other: Store) -> None:
    put(store, awaited("a", holder="p", held=HOLD))
    put(store, awaited("b", holder="q", held=HOLD))
    store.awaited.release("p")
    assert claimed(other, "r") == ["a"]


def test_a_postponed_session_is_due_later(store: Store, clock: FakeClock) -> None:
    number = put(store, awaited("a", holder="p", held=HOLD))
    later = RECEIVED_AT + 5_000
    store.awaited.postpone([Postponed(number=number, next_at=later, reason="rate_limited", attempted=False)], "p")
    assert store.awaited.next_at() == later
    assert claimed(store, "p") == []
    clock.advance(5)
    (again,) = store.awaited.claim("q", HOLD, 10)
    assert (again.attempts, again.verdict) == (0, session_record("a").verdict)
    store.awaited.postpone([Postponed(number=number, next_at=later, reason="row_mismatch", attempted=True, verdict=b"{}")], "q")
    (again,) = store.awaited.claim("p", HOLD, 10)
    assert (again.attempts, again.verdict) == (1, b"{}")
    found = store.get("open", "a")
    assert found is not None
    assert (found.verdict, found.revision) == (b"{}", 1)


def test_only_who_holds_a_session_postpones_it(store: Store) -> None:
    held, done = put(store, awaited("a", holder="p", held=HOLD)), put(store, awaited("b", holder="q", held=HOLD))
    assert store.awaited.finalise([final(done)]) == [True]
    late = [Postponed(number=number, next_at=0, reason="timeout", attempted=True, verdict=b"late") for number in (held, done)]
    store.awaited.postpone(late, "q")
    found = [store.get("open", name) for name in "ab"]
    assert [one.verdict if one else None for one in found] == [session_record("a").verdict, b'{"by": "a"}']
    assert claimed(store, "r") == []


def test_what_nobody_holds_can_be_hastened(store: Store) -> None:
    put(store, awaited("a", at=60_000))
    put(store, awaited("b", at=90_000))
    put(store, awaited("held", at=90_000, holder="p", held=HOLD))
    assert store.awaited.next_at() == RECEIVED_AT + 60_000
    assert store.awaited.hasten() == 2
    assert store.awaited.next_at() == RECEIVED_AT
    assert claimed(store, "q") == ["a", "b"]
    assert store.awaited.next_at() is None


def test_depth_says_how_many_wait_and_since_when(store: Store) -> None:
    assert store.awaited.depth() == Depth(0, None)
    numbers = [put(store, msgspec.structs.replace(awaited(f"s{n}"), received_at=RECEIVED_AT + n)) for n in range(3)]
    assert store.awaited.depth() == Depth(3, RECEIVED_AT)
    store.awaited.finalise([final(numbers[0])])
    assert store.awaited.depth() == Depth(2, RECEIVED_AT + 1)


def test_an_erased_session_is_awaited_no_more(store: Store) -> None:
    number = put(store, awaited("a"))
    assert store.erase("a") == 1
    assert store.awaited.depth().waiting == 0
    assert store.awaited.finalise([final(number, notice=Notice("n", b"{}"))]) == [False]
    assert notices(store) == []


def test_retention_takes_what_is_awaited_with_its_session(store: Store, clock: FakeClock) -> None:
    put(store, awaited("a"))
    clock.advance(100)
    store.purge(clock.now(), timedelta(seconds=1), timedelta(seconds=50))
    assert store.awaited.depth().waiting == 0


def test_what_was_awaited_is_awaited_after_a_restart(reopen: Open, clock: FakeClock) -> None:
    with closing(reopen(clock=clock)) as store:
        put(store, awaited("a", holder="p", held=HOLD))
    with closing(reopen(clock=clock)) as store:
        assert claimed(store, "q") == []
        clock.advance(HOLD)
        assert claimed(store, "q") == ["a"]
