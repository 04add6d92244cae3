"""What a store promises of letters to sites, whatever engine is below."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest

from playproof.errors import StoreUnavailable
from playproof.store import Letter, Notice, Posts, Store
from playproof.testing import FakeClock, session_record
from playproof.testing.records import RECEIVED_AT

SECONDS = 60
HOLD = 60.0

Open = Callable[..., Store]


def put(store: Store, name: str) -> int:
    return store.put(session_record(name)).result(SECONDS).number


def post(store: Store, *names: str) -> int:
    """Put in letters about one session; its number."""
    number = put(store, "session of " + "".join(names))
    for name in names:
        store.outbox.add(number, Notice(name, f"about {name}".encode()))
    return number


def claimed(store: Store, holder: str, *, seconds: float = HOLD, limit: int = 10) -> list[str]:
    return [letter.id for letter in store.outbox.claim(holder, seconds, limit)]


def test_a_letter_is_claimed_as_it_was_put_in(store: Store) -> None:
    post(store, "a")
    expected = Letter(id="a", body=b"about a", attempts=0, created_at=RECEIVED_AT)
    assert store.outbox.claim("me", HOLD, 10) == [expected]


def test_who_claims_a_letter_is_alone_with_it_until_the_hold_is_over(store: Store, other: Store, clock: FakeClock) -> None:
    post(store, "a", "b", "c")
    assert claimed(store, "me", limit=2) == ["a", "b"]
    assert claimed(other, "you") == ["c"]
    assert (claimed(store, "me"), claimed(other, "you")) == ([], [])
    clock.advance(HOLD)
    assert claimed(other, "you", limit=2) == ["a", "b"]
    assert not store.outbox.delivered("a", "me"), "it is somebody else's by now"
    assert other.outbox.delivered("a", "you")


def test_many_who_claim_at_once_never_get_the_same(store: Store, other: Store) -> None:
    post(store, *(f"{number:03}" for number in range(60)))

    def all_of(number: int) -> list[str]:
        mine: list[str] = []
        while some := claimed((store, other)[number % 2], f"holder {number}", limit=4):
            mine += some
        return mine

    with ThreadPoolExecutor(6) as pool:
        found = [name for some in pool.map(all_of, range(6)) for name in some]
    assert sorted(found) == [f"{number:03}" for number in range(60)]


def test_a_hold_that_ran_out_unnoticed_still_counts(store: Store, clock: FakeClock) -> None:
    post(store, "a")
    claimed(store, "me")
    clock.advance(2 * HOLD)
    assert store.outbox.delivered("a", "me")
    assert claimed(store, "you") == []


def test_what_was_delivered_is_delivered_once(store: Store, clock: FakeClock) -> None:
    post(store, "a")
    claimed(store, "me")
    assert store.outbox.delivered("a", "me")
    assert not store.outbox.delivered("a", "me")
    assert not store.outbox.failed("a", "me", None, "too late")
    clock.advance(HOLD)
    assert claimed(store, "me") == []
    assert store.outbox.counts() == Posts(waiting=0, delivered=1, given_up=0)
    assert store.outbox.next_at() is None


def test_what_failed_comes_again_when_it_is_due(store: Store, clock: FakeClock) -> None:
    post(store, "a", "b")
    claimed(store, "me")
    assert store.outbox.failed("a", "me", RECEIVED_AT + 5_000, "status 500")
    assert store.outbox.failed("b", "me", RECEIVED_AT + 3_000, "no connection")
    assert store.outbox.next_at() == RECEIVED_AT + 3_000
    assert claimed(store, "me") == []
    clock.advance(5.0)
    letters = store.outbox.claim("me", HOLD, 10)
    assert [(letter.id, letter.attempts) for letter in letters] == [("b", 1), ("a", 1)], "what is due the longest comes first"


def test_the_next_time_is_that_of_the_first_letter_or_hold(store: Store) -> None:
    assert store.outbox.next_at() is None
    post(store, "a", "b")
    assert store.outbox.next_at() == RECEIVED_AT
    claimed(store, "me", limit=1, seconds=60.0)
    claimed(store, "me", limit=1, seconds=30.0)
    assert store.outbox.next_at() == RECEIVED_AT + 30_000


def test_what_was_given_up_stays_until_it_is_put_back(store: Store, clock: FakeClock) -> None:
    post(store, "a", "b")
    claimed(store, "me")
    for name in ("a", "b"):
        store.outbox.failed(name, "me", RECEIVED_AT + 1, "status 500")
    clock.advance(1.0)
    claimed(store, "me")
    for name in ("a", "b"):
        assert store.outbox.failed(name, "me", None, "status 410")
    clock.advance(3600.0)
    assert claimed(store, "me") == []
    assert store.outbox.counts() == Posts(waiting=0, delivered=0, given_up=2)

    assert store.outbox.retry("a") == 1
    assert store.outbox.retry("a") == 0, "it waits already"
    assert store.outbox.retry("unknown") == 0
    (letter,) = store.outbox.claim("me", HOLD, 10)
    assert (letter.id, letter.attempts) == ("a", 0)
    assert letter.created_at == RECEIVED_AT + 3_601_000, "its time begins anew"
    assert store.outbox.retry() == 1
    assert claimed(store, "me") == ["b"]


def test_letting_go_is_for_others_to_claim_at_once(store: Store) -> None:
    post(store, "a", "b")
    claimed(store, "me", limit=1)
    claimed(store, "you", limit=1)
    assert store.outbox.release("me") == 1
    assert claimed(store, "they") == ["a"]


def test_letters_are_listed_with_the_session_they_are_about(store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playproof.store.outbox_tables.PAGE", 2)
    post(store, "c", "b", "d")
    clock.advance(1.0)
    post(store, "e")
    claimed(store, "me", limit=1)
    store.outbox.failed("b", "me", None, "status 410")
    listed = list(store.outbox.posted())
    assert [one.id for one in listed] == ["b", "c", "d", "e"]
    first = listed[0]
    assert (first.scope, first.session_id) == ("open", "session of cbd")
    assert (first.state, first.reason, first.attempts) == ("given_up", "status 410", 1)
    assert [one.id for one in store.outbox.posted("waiting")] == ["c", "d", "e"]
    assert [one.id for one in store.outbox.posted("given_up")] == ["b"]


def test_letters_leave_a_week_after_they_were_settled(store: Store, clock: FakeClock) -> None:
    post(store, "delivered", "given up", "waiting")
    claimed(store, "me")
    clock.advance(3600.0)
    store.outbox.delivered("delivered", "me")
    store.outbox.failed("given up", "me", None, "status 410")
    store.outbox.release("me")
    quarter = timedelta(days=90)
    clock.advance(7 * 86400.0)
    assert store.purge(clock.now(), quarter, quarter).letters == 0
    clock.advance(0.001)
    assert store.purge(clock.now(), quarter, quarter).letters == 2
    assert store.outbox.counts() == Posts(waiting=1, delivered=0, given_up=0)


def test_letters_leave_with_their_session(store: Store, clock: FakeClock) -> None:
    post(store, "a")
    assert store.erase("session of a", "open") == 1
    post(store, "b")
    clock.advance(60.0)
    assert store.purge(clock.now(), timedelta(seconds=1), timedelta(seconds=1)).sessions == 1
    assert store.outbox.counts() == Posts(waiting=0, delivered=0, given_up=0)


def test_what_is_put_in_is_there_for_the_next_process(reopen: Open, clock: FakeClock) -> None:
    with closing(reopen(clock=clock)) as store:
        post(store, "a")
    with closing(reopen(clock=clock)) as store:
        assert claimed(store, "me") == ["a"]


def test_a_closed_store_says_so(reopen: Open) -> None:
    store = reopen()
    store.close()
    with pytest.raises(StoreUnavailable):
        store.outbox.claim("me", HOLD, 1)
    with pytest.raises(StoreUnavailable):
        store.outbox.retry()
