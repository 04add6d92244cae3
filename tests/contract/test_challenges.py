"""What a store promises of challenges, whatever engine is below."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from threading import Barrier
from typing import Any

import msgspec
import pytest

from playproof.errors import StoreUnavailable
from playproof.store import Awaiting, FunnelRow, Rate, Store, StoredChallenge
from playproof.testing import FakeClock, session_record
from playproof.testing.records import RECEIVED_AT
from tests.visits import (
    LIFE,
    SCOPE,
    SECONDS,
    SITE,
    advance,
    close,
    conclude,
    digest_of,
    finish,
    issue,
    issued,
    kept,
    play,
    session_of,
    token_of,
)

HOUR = 3_600_000
DAY = timedelta(days=1)

Open = Callable[..., Store]


def test_what_is_issued_is_there_for_every_process(store: Store, other: Store) -> None:
    record = issued("c")
    assert store.challenges.issue(record).result(SECONDS) is None
    fields: dict[str, Any] = msgspec.structs.asdict(record)
    nothing: dict[str, Any] = dict.fromkeys(("started_at", "closed_at", "number", "token_at", "closing"))
    assert kept(other, "c") == StoredChallenge(**fields, sequence=0, **nothing)
    assert other.challenges.get("another") is None
    assert other.challenges.get("half of a pair \ud800") is None


def test_what_is_issued_is_on_disk_when_that_is_said(reopen: Open) -> None:
    with closing(reopen()) as first:
        issue(first, "c")
        assert advance(first, "c", 1)
    with closing(reopen()) as second:
        assert kept(second, "c").sequence == 1
        assert second.challenges.batches("c") == [b"batch 1"]


def test_batches_are_accepted_in_order_and_kept(store: Store, other: Store) -> None:
    issue(store, "c")
    assert advance(store, "c", 1, now=RECEIVED_AT + 5)
    assert advance(other, "c", 2, now=RECEIVED_AT + 9)
    assert not advance(store, "c", 2), "it was taken already"
    assert not advance(store, "c", 4), "the one before never came"
    assert not advance(store, "another", 1)
    found = kept(store, "c")
    assert (found.sequence, found.state, found.started_at) == (2, b"2", RECEIVED_AT + 5)
    assert other.challenges.batches("c") == [b"batch 1", b"batch 2"]


def test_of_two_who_take_the_same_step_one_does(store: Store, other: Store) -> None:
    issue(store, "c")
    for step in range(1, 41):
        start = Barrier(2)

        def take(one: Store, step: int = step, start: Barrier = start) -> bool:
            start.wait(SECONDS)
            return advance(one, "c", step)

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(take, (store, other))) == [False, True]
    assert kept(store, "c").sequence == 40
    assert len(store.challenges.batches("c")) == 40


def test_a_closed_challenge_takes_nothing_more(store: Store, other: Store) -> None:
    issue(store, "c")
    assert advance(store, "c", 1)
    assert close(store, "c", 0) is None, "it went on meanwhile"
    assert close(store, "c", 1, now=RECEIVED_AT + 7) == 0
    assert close(other, "c", 1) is None
    assert not advance(other, "c", 2)
    found = kept(other, "c")
    assert (found.state, found.closing, found.closed_at, found.number) == (b"closed", b"how it ended", RECEIVED_AT + 7, 0)


def test_of_many_who_close_a_challenge_one_does(store: Store, other: Store) -> None:
    for turn in range(10):
        issue(store, f"c{turn}")
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(close, (store, other)[number % 2], f"c{turn}", 0, play(turn)) for number in range(8)]
        numbers = [one.result(SECONDS) for one in asked]
        won = [number for number in numbers if number is not None]
        assert len(won) == 1
        assert kept(store, f"c{turn}").number == won[0]


def test_a_concluded_challenge_has_a_session_and_a_token_and_no_batches(store: Store, other: Store) -> None:
    issue(store, "c")
    advance(store, "c", 1)
    close(store, "c", 1)
    outcome = conclude(store, "c", now=RECEIVED_AT + 11)
    assert outcome.status == "stored"
    assert kept(other, "c").token_at == RECEIVED_AT + 11
    assert other.challenges.batches("c") == []
    assert other.tokens.get(digest_of("c")) is not None
    found = other.get(SCOPE, "c")
    assert found is not None
    assert found.telemetry == b"content"
    dataset = other.live.find("movement_live_inference")
    assert dataset is not None
    assert other.live.counts(dataset).rows == 1


def test_the_first_conclusion_stands(store: Store, other: Store) -> None:
    issue(store, "c")
    close(store, "c")
    first = conclude(store, "c", now=RECEIVED_AT + 11)
    again = conclude(other, "c", now=RECEIVED_AT + 99)
    assert (again.status, again.number, again.verdict) == ("replayed", first.number, first.verdict)
    assert kept(store, "c").token_at == RECEIVED_AT + 11
    assert conclude(other, "c", content=b"other content").status == "conflict"
    token = store.tokens.get(digest_of("c"))
    assert token is not None
    assert token.issued_at == RECEIVED_AT + 11


def test_what_is_not_closed_is_not_concluded(store: Store) -> None:
    issue(store, "c")
    for name in ("c", "another"):
        outcome = conclude(store, name)
        assert (outcome.status, outcome.verdict, outcome.number) == ("conflict", b"", 0)
        assert store.get(SCOPE, name) is None
        assert store.tokens.get(digest_of(name)) is None


def test_a_preliminary_verdict_is_awaited_as_any(store: Store) -> None:
    issue(store, "c")
    close(store, "c")
    memory = Awaiting(assessment=b"{}", next_at=RECEIVED_AT, holder="me", held_until=RECEIVED_AT)
    record = msgspec.structs.replace(session_of("c"), awaited=memory)
    store.challenges.conclude("c", record, token_of("c"), RECEIVED_AT).result(SECONDS)
    assert [one.session_id for one in store.awaited.claim("you", 60.0, 5)] == ["c"]


def test_rates_are_counted_by_all_processes_together(store: Store, other: Store) -> None:
    limits = [Rate(b"address", 60_000, 3), Rate(b"site", 60_000, 5)]
    over = [one.challenges.issue(issued(f"c{number}"), limits).result(SECONDS) for number, one in enumerate((store, other) * 2)]
    assert over == [None, None, None, limits[0]]
    assert [store.challenges.get(f"c{number}") is not None for number in range(4)] == [True, True, True, False]
    elsewhere = [Rate(b"another address", 60_000, 3), limits[1]]
    over = [other.challenges.issue(issued(f"d{number}"), elsewhere).result(SECONDS) for number in range(3)]
    assert over == [None, None, limits[1]], "what was refused did not count for the site"


def test_a_window_that_is_over_is_forgotten(store: Store, clock: FakeClock) -> None:
    limits = [Rate(b"key", 60_000, 1), Rate(b"key", 3_600_000, 2)]
    assert store.challenges.count(limits).result(SECONDS) is None
    assert store.challenges.count(limits).result(SECONDS) == limits[0]
    clock.advance(60)
    assert store.challenges.count(limits).result(SECONDS) is None
    clock.advance(60)
    assert store.challenges.count(limits).result(SECONDS) == limits[1], "windows of other lengths are counted by themselves"
    store.purge(clock.now(), DAY, DAY)
    assert store.challenges.count(limits).result(SECONDS) == limits[1]


def test_a_rate_holds_however_many_come_at_once(store: Store, other: Store) -> None:
    # Named in another order by each, as different addresses and sites are.
    rates = [Rate(b"a", HOUR, 40), Rate(b"b", HOUR, 100), Rate(b"c", HOUR, 100)]
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit((store, other)[number % 2].challenges.count, rates if number % 3 else rates[::-1]) for number in range(160)]
    found = [one.result(SECONDS).result(SECONDS) for one in asked]
    assert found.count(None) == 40
    assert store.challenges.count(rates[1:]).result(SECONDS) is None


def test_one_step_that_fails_leaves_the_others_of_its_commit(store: Store) -> None:
    """A text that no database takes, between steps that are fine."""
    issue(store, "c")
    futures: list[Future[Any]] = []
    for number in range(1, 31):
        futures += [
            store.challenges.advance("c", number, b"s", b"b", RECEIVED_AT),
            store.challenges.issue(issued(f"bad {number} \ud800")),
            store.challenges.issue(issued("c")),  # its id is taken
            store.put(session_record(f"s{number}")),
        ]
    for taken, bad, twice, put in zip(*(iter(futures),) * 4, strict=True):
        assert taken.result(SECONDS) is True
        assert put.result(SECONDS).status == "stored"
        for one in (bad, twice):
            with pytest.raises(StoreUnavailable):
                one.result(SECONDS)
    assert kept(store, "c").sequence == 30
    store.check()


def test_what_is_given_up_before_its_turn_is_not_done(store: Store) -> None:
    issue(store, "c")
    given_up = [store.challenges.advance("c", 1, b"s", b"b", RECEIVED_AT) for _ in range(20)]
    cancelled = [one.cancel() for one in given_up]
    done = [one.result(SECONDS) for one, gone in zip(given_up, cancelled, strict=True) if not gone]
    assert kept(store, "c").sequence == sum(done)


def test_open_challenges_are_counted(store: Store) -> None:
    for name in ("a", "b", "c"):
        issue(store, name)
    close(store, "b")
    finish(store, "d")
    assert store.challenges.open_count(RECEIVED_AT) == 2
    assert store.challenges.open_count(RECEIVED_AT + LIFE) == 0


def test_the_funnel_counts_how_far_challenges_came(store: Store) -> None:
    issue(store, "a")
    issue(store, "b", game="snake")
    advance(store, "b", 1)
    for name in ("c", "d"):
        finish(store, name)
    finish(store, "e", site="site_2")
    issue(store, "later", now=RECEIVED_AT + HOUR)
    store.tokens.spend(digest_of("c"), SITE, RECEIVED_AT, None, lambda *_: b"{}").result(SECONDS)

    def row(game: str, device: str, *counts: int, **decisions: int) -> FunnelRow:
        names = ("issued", "started", "finished", "verified")
        return FunnelRow(game=game, way="game", device=device, **dict(zip(names, counts, strict=True)), decisions=decisions)

    nothing = [row("osu", "", 1, 0, 0, 0), row("snake", "", 1, 1, 0, 0)]
    mine = [nothing[0], row("osu", "mouse", 2, 0, 2, 1, **{"pass": 2}), nothing[1]]
    assert store.challenges.funnel(RECEIVED_AT, RECEIVED_AT + HOUR, SITE) == mine
    everybody = [nothing[0], row("osu", "mouse", 3, 0, 3, 1, **{"pass": 3}), nothing[1]]
    assert store.challenges.funnel(RECEIVED_AT, RECEIVED_AT + HOUR) == everybody
    assert store.challenges.funnel(RECEIVED_AT, RECEIVED_AT) == []


def test_the_funnel_still_knows_of_what_came_to_nothing(store: Store, clock: FakeClock) -> None:
    for name in ("a", "b", "c"):
        issue(store, name)
    advance(store, "b", 1)
    finish(store, "d")
    before = store.challenges.funnel(RECEIVED_AT, RECEIVED_AT + HOUR)
    clock.advance(DAY.total_seconds() + LIFE / 1000 + 1)
    assert store.purge(clock.now(), DAY * 7, DAY * 90).challenges == 3
    assert [store.challenges.get(name) is None for name in "abcd"] == [True, True, True, False]
    assert store.challenges.funnel(RECEIVED_AT, RECEIVED_AT + HOUR) == before
    assert store.challenges.funnel(RECEIVED_AT + HOUR, RECEIVED_AT + 2 * HOUR) == []
    clock.advance(90 * DAY.total_seconds())
    store.purge(clock.now(), DAY * 7, DAY * 90)
    assert store.challenges.funnel(0, RECEIVED_AT + HOUR) == []


def test_a_challenge_that_came_to_nothing_stays_for_a_day(store: Store, clock: FakeClock) -> None:
    issue(store, "a")
    advance(store, "a", 1)
    clock.advance(DAY.total_seconds() + LIFE / 1000)
    assert store.purge(clock.now(), DAY, DAY).challenges == 0
    clock.advance(1)
    assert store.purge(clock.now(), DAY, DAY).challenges == 1
    assert store.challenges.batches("a") == []


def test_a_finished_challenge_goes_with_its_session(store: Store, clock: FakeClock) -> None:
    finish(store, "c", play(1))
    clock.advance(3 * DAY.total_seconds())
    purged = store.purge(clock.now(), DAY, DAY * 4)
    assert (purged.challenges, purged.sessions) == (0, 0)
    clock.advance(2 * DAY.total_seconds())
    assert store.purge(clock.now(), DAY, DAY * 4).sessions == 1
    assert store.challenges.get("c") is None
    assert store.tokens.get(digest_of("c")) is None


@pytest.mark.parametrize("scope", [None, SCOPE])
def test_erasing_a_session_erases_its_challenge_and_token(store: Store, scope: str | None) -> None:
    finish(store, "c")
    finish(store, "d")
    assert store.erase("c", scope) == 1
    assert store.challenges.get("c") is None
    assert store.tokens.get(digest_of("c")) is None
    assert store.tokens.get(digest_of("d")) is not None


def test_erasing_in_another_scope_leaves_a_challenge(store: Store) -> None:
    finish(store, "c")
    for scope in ("open", "site:site_2"):
        assert store.erase("c", scope) == 0
    assert store.challenges.get("c") is not None


def test_a_challenge_that_was_erased_while_it_was_played_leaves_nothing(store: Store) -> None:
    issue(store, "c")
    advance(store, "c", 1)
    assert store.erase("c") == 0
    assert not advance(store, "c", 2)
    assert close(store, "c", 1) is None
    assert conclude(store, "c").number == 0
    assert store.get(SCOPE, "c") is None
    assert store.challenges.batches("c") == []
