"""What a store promises of plays to know again, whatever engine is below."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from threading import Barrier

import numpy as np
import pytest

from playproof.challenges.buckets import probes_of, rows_of
from playproof.challenges.memory_index import MemoryIndex
from playproof.challenges.replay import PER_BUCKET, Found, ReplayIndex, nearest
from playproof.challenges.signature import Signature, sign
from playproof.errors import StoreUnavailable
from playproof.store import Store, replays
from playproof.testing import FakeClock, human_session
from tests.visits import close, digest_of, finish, issue, play

PLAYS = 40
DAY = timedelta(days=1)

Open = Callable[..., Store]


def keep(store: Store, name: str, signature: Signature) -> int:
    issue(store, name)
    number = close(store, name, 0, signature)
    assert number
    return number


def listed(found: Found) -> list[tuple[int, int, int]]:
    return sorted(zip(found.probe.tolist(), found.detail.tolist(), found.number.tolist(), strict=True))


def numbers(index: ReplayIndex, signature: Signature) -> set[int]:
    return set(index.rows(rows_of(signature).bucket).number.tolist())


@pytest.mark.parametrize("prepared", [False, True])
def test_a_lookup_finds_what_an_index_in_memory_finds(store: Store, other: Store, prepared: bool) -> None:
    plays = [play(seed) for seed in range(PLAYS)]
    plays += plays[:5]  # the same again
    if prepared:
        other.replays.prepare()
    given = [keep(store, f"c{place}", each) for place, each in enumerate(plays)]
    assert given == sorted(given)
    memory = MemoryIndex(plays)
    for each in (plays[0], plays[7], play(999)):
        asked = probes_of(each).bucket
        # Several probes may ask for one bucket.
        asked = np.concatenate([asked, asked[:30]])
        expected = memory.rows(asked)
        in_order = np.array(given)[expected.number] if expected.number.size else expected.number
        assert listed(other.replays.rows(asked)) == listed(Found(expected.probe, expected.detail, in_order))
    assert listed(other.replays.rows(np.empty(0, np.int64))) == []


def test_signatures_come_back_as_they_were(store: Store) -> None:
    plays = [play(seed) for seed in range(3)]
    given = [keep(store, f"c{place}", each) for place, each in enumerate(plays)]
    asked = [given[2], 999, given[0], given[2]]
    found = store.replays.signatures(asked)
    assert [None if one is None else one.pack() for one in found] == [plays[2].pack(), None, plays[0].pack(), plays[2].pack()]
    assert store.replays.signatures([]) == []


def test_only_earlier_plays_are_found_where_that_is_asked(store: Store) -> None:
    given = [keep(store, f"c{place}", play(1)) for place in range(3)]
    assert numbers(store.replays, play(1)) == set(given)
    assert numbers(store.replays.before(given[2]), play(1)) == set(given[:2])
    assert numbers(store.replays.before(given[0]), play(1)) == set()
    earlier = store.replays.before(given[1]).signatures(given[:1])
    assert earlier[0] is not None


@pytest.mark.parametrize("prepared", [False, True])
def test_of_copies_that_end_at_once_the_first_alone_finds_none(store: Store, other: Store, prepared: bool) -> None:
    if prepared:
        store.replays.prepare()
        other.replays.prepare()
    for turn in range(10):
        for place in range(6):
            issue(store, f"c{turn}-{place}")
        start = Barrier(6)

        def end(place: int, turn: int = turn, start: Barrier = start) -> tuple[int, set[int]]:
            mine = (store, other)[place % 2]
            start.wait(60)
            number = close(mine, f"c{turn}-{place}", 0, play(turn))
            assert number
            return number, numbers(mine.replays.before(number), play(turn))

        with ThreadPoolExecutor(6) as pool:
            ended = sorted(pool.map(end, range(6)), key=lambda one: one[0])
        earlier = [number for number, _ in ended]
        assert [found for _, found in ended] == [set(earlier[:place]) for place in range(6)]


def test_a_bucket_holds_the_latest_rows(store: Store) -> None:
    """However often the same is played, what a lookup reads is bounded."""
    given = [keep(store, f"c{place}", play(1, strokes=2)) for place in range(PER_BUCKET + 6)]
    found = store.replays.rows(rows_of(play(1, strokes=2)).bucket)
    assert sorted(found.number.tolist()) == given[-PER_BUCKET:]


def test_a_play_without_pairs_has_a_number_and_no_rows(store: Store) -> None:
    number = keep(store, "c", play(1, strokes=1))
    assert store.replays.signatures([number])[0] is not None
    store.erase("c")
    assert store.replays.signatures([number]) == [None]


def test_erasing_a_session_erases_its_signature(store: Store, other: Store) -> None:
    given = [finish(store, name, play(1)) for name in ("c", "d")]
    issue(store, "open")
    open_one = close(store, "open", 0, play(1))
    assert numbers(other.replays, play(1)) == {*given, open_one}
    store.erase("c")
    store.erase("open")
    assert numbers(other.replays, play(1)) == {given[1]}
    assert other.replays.signatures([given[0] or 0, given[1] or 0])[0] is None
    assert store.tokens.get(digest_of("d")) is not None


def test_signatures_have_their_time(store: Store, clock: FakeClock) -> None:
    first = finish(store, "c", play(1))
    clock.advance(3 * DAY.total_seconds())
    assert store.purge(clock.now(), DAY, DAY * 90, DAY * 4).signatures == 0
    clock.advance(DAY.total_seconds() + 1)
    assert store.purge(clock.now(), DAY, DAY * 90, DAY * 4).signatures == 1
    assert numbers(store.replays, play(1)) == set()
    assert store.replays.signatures([first or 0]) == [None]
    assert store.challenges.get("c") is not None


def test_signatures_go_with_their_sessions(store: Store, clock: FakeClock) -> None:
    finish(store, "c", play(1))
    issue(store, "open")
    close(store, "open", 0, play(1))
    clock.advance(2 * DAY.total_seconds())
    purged = store.purge(clock.now(), DAY, DAY, DAY * 30)
    assert (purged.sessions, purged.challenges, purged.signatures) == (1, 1, 0)
    assert numbers(store.replays, play(1)) == set()


def test_a_number_is_never_given_again(store: Store) -> None:
    first = keep(store, "c", play(1))
    store.erase("c")
    assert keep(store, "d", play(1)) > first


def test_many_buckets_are_read_page_by_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [keep(store, f"c{seed}", play(seed)) for seed in range(20)]
    monkeypatch.setattr(replays, "PAGE_OF", replays.PAGE_OF.limit(7))
    store.replays.prepare()
    assert [numbers(store.replays, play(seed)) for seed in range(20)] == [{number} for number in given]


def test_a_lookup_that_has_much_to_catch_up_with_misses_nothing(store: Store, other: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playproof.store.replay_tables._CATCH_UP", 3)
    other.replays.prepare()
    given = [keep(store, f"c{seed}", play(seed)) for seed in range(10)]
    found = [numbers(other.replays, play(seed)) for seed in reversed(range(10))]
    assert found == [{number} for number in reversed(given)]


def test_a_closed_store_says_so(reopen: Open) -> None:
    with closing(reopen()) as store:
        keep(store, "c", play(1))
        numbers(store.replays, play(1))
    with pytest.raises(StoreUnavailable, match="closed"):
        numbers(store.replays, play(1))
    with pytest.raises(StoreUnavailable, match="closed"):
        store.replays.signatures([1])


def test_a_recorded_play_is_found_again(store: Store) -> None:
    session = human_session(np.random.default_rng(4))
    number = keep(store, "c", sign(session))
    match = nearest(session, store.replays.before(number + 1))
    assert match is not None
    assert (match.number, match.rate) == (number, 1.0)
    assert nearest(session, store.replays.before(number)) is None
