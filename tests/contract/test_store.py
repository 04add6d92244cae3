"""What every store promises, whatever engine is below."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack, closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playproof.errors import StoreRefused, StoreUnavailable
from playproof.store import Commit, PutOutcome, SessionRecord, Store
from playproof.testing import FakeClock, session_record

SECONDS = 60
"""After which a test that hangs is ended; nothing here waits for it."""

Open = Callable[..., Store]


@pytest.fixture
def reopen(reopen: Open) -> Iterator[Open]:
    """Open the store of this test, again and again where it likes; what it left open is closed."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(closing(reopen(**options)))


@pytest.fixture(scope="module")
def one_store(place: Callable[[Path], AbstractContextManager[Open]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store for many examples."""
    with place(tmp_path_factory.mktemp("data")) as opened, closing(opened()) as store:
        yield store


@pytest.fixture
def store(reopen: Open, clock: FakeClock) -> Store:
    return reopen(clock=clock)


def put(store: Store, record: SessionRecord) -> PutOutcome:
    return store.put(record).result(SECONDS)


def stored(store: Store, record: SessionRecord) -> bool:
    return store.get(record.scope, record.session_id) is not None


def test_what_was_put_is_what_is_got(store: Store) -> None:
    record = session_record("a")
    assert put(store, record) == PutOutcome("stored", record.verdict, 1)
    found = store.get("open", "a")
    assert found is not None
    assert msgspec.structs.asdict(found) == {**msgspec.structs.asdict(record), "awaiting": False}


def test_a_score_may_be_absent(store: Store) -> None:
    record = msgspec.structs.replace(session_record("a"), anomaly_score=None, raw_score=None)
    put(store, record)
    found = store.get("open", "a")
    assert found is not None
    assert (found.anomaly_score, found.raw_score) == (None, None)


@given(session_id=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=128), content=st.binary(max_size=300))
def test_any_text_is_an_id_and_any_bytes_are_content(one_store: Store, session_id: str, content: bytes) -> None:
    one_store.erase(session_id)
    record = session_record(session_id, content=content)
    put(one_store, record)
    found = one_store.get(record.scope, session_id)
    assert found is not None
    assert msgspec.structs.asdict(found) == {**msgspec.structs.asdict(record), "awaiting": False}


def test_features_stay_where_telemetry_is_not_kept(store: Store) -> None:
    record = session_record("a", keep_telemetry=False)
    put(store, record)
    found = store.get("open", "a")
    assert found is not None
    assert (found.telemetry, found.features) == (None, record.features)


def test_the_same_content_again_answers_what_was_stored(store: Store) -> None:
    first = session_record("a", verdict=b'{"first": true}')
    put(store, first)
    assert put(store, session_record("a", verdict=b'{"first": false}')) == PutOutcome("replayed", first.verdict, 1)


def test_other_content_under_the_same_id_is_a_conflict(store: Store) -> None:
    first = session_record("a")
    put(store, first)
    assert put(store, session_record("a", content=b"other", verdict=b"{}")) == PutOutcome("conflict", first.verdict, 0)
    found = store.get("open", "a")
    assert found is not None
    assert found.telemetry == first.telemetry


def test_scopes_do_not_meet(store: Store) -> None:
    for scope in ("one", "two"):
        assert put(store, session_record("a", scope=scope, content=scope.encode())).status == "stored"
    found = store.get("two", "a")
    assert found is not None
    assert found.telemetry == b"two"
    assert store.get("three", "a") is None


def test_what_was_answered_outlives_the_store(reopen: Open) -> None:
    first = reopen()
    put(first, session_record("a"))
    first.close()
    assert put(reopen(), session_record("a")).status == "replayed"


def blocked(store: Store) -> tuple[threading.Event, threading.Thread]:
    """Keep the writer busy until the event is set, so that what is put meanwhile makes groups."""
    release, begun = threading.Event(), threading.Event()

    def hold(_: Commit | None = None) -> None:
        begun.set()
        assert release.wait(SECONDS)

    future = store.put(session_record("holds the writer"))
    future.add_done_callback(lambda _: hold())
    thread = threading.Thread(target=future.result)
    thread.start()
    assert begun.wait(SECONDS)
    return release, thread


def waiting_together(store: Store, records: list[SessionRecord]) -> list[Future[PutOutcome]]:
    release, thread = blocked(store)
    futures = [store.put(record) for record in records]
    release.set()
    thread.join(SECONDS)
    return futures


def test_repeats_and_conflicts_are_told_within_one_group(store: Store) -> None:
    records = [session_record("a"), session_record("a"), session_record("a", content=b"other"), session_record("b")]
    outcomes = [future.result(SECONDS) for future in waiting_together(store, records)]
    assert [outcome.status for outcome in outcomes] == ["stored", "replayed", "conflict", "stored"]
    assert outcomes[2].verdict == records[0].verdict


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 200])
def test_each_of_a_group_keeps_its_own(store: Store, count: int) -> None:
    records = [session_record(f"s{i}", content=f"content {i}".encode(), keep_telemetry=i % 3 != 1) for i in range(count)]
    for future in waiting_together(store, records):
        assert future.result(SECONDS).status == "stored"
    for record in records:
        found = store.get("open", record.session_id)
        assert found is not None
        assert msgspec.structs.asdict(found) == {**msgspec.structs.asdict(record), "awaiting": False}


def test_commits_are_reported(reopen: Open) -> None:
    commits: list[Commit] = []
    store = reopen(on_commit=commits.append)
    for future in waiting_together(store, [session_record(f"s{i}") for i in range(5)]):
        future.result(SECONDS)
    store.close()
    assert [commit.sessions for commit in commits] == [1, 5]
    assert all(commit.error is None and commit.seconds > 0 for commit in commits)


def test_who_counts_commits_cannot_break_them(reopen: Open, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: Commit) -> None:
        raise ZeroDivisionError

    store = reopen(on_commit=broken)
    assert put(store, session_record("a")).status == "stored"
    assert put(store, session_record("b")).status == "stored"
    store.close()
    assert "counting a commit failed" in caplog.text


@pytest.mark.parametrize("same", [True, False])
def test_fifty_at_once_under_one_id_store_one(store: Store, same: bool) -> None:
    start = threading.Barrier(50)
    outcomes: list[PutOutcome] = []

    def client(number: int) -> None:
        content = b"same" if same else f"client {number}".encode()
        record = session_record("a", content=content, verdict=b'{"client": %d}' % number)
        start.wait(SECONDS)
        outcomes.append(put(store, record))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert Counter(outcome.status for outcome in outcomes) == {"stored": 1, "replayed" if same else "conflict": 49}
    (verdict,) = {outcome.verdict for outcome in outcomes}
    found = store.get("open", "a")
    assert found is not None
    assert found.verdict == verdict


def test_a_record_that_cannot_be_stored_fails_alone(store: Store) -> None:
    records = [session_record("a"), session_record("b"), session_record("c")]
    records[1] = msgspec.structs.replace(records[1], game_type="\ud800")
    first, second, third = waiting_together(store, records)
    assert first.result(SECONDS).status == third.result(SECONDS).status == "stored"
    with pytest.raises(StoreUnavailable):
        second.result(SECONDS)
    assert not stored(store, records[1])
    store.check()


def test_a_text_that_cannot_be_stored_is_not_found(store: Store) -> None:
    assert store.get("open", "\ud800") is None


def test_a_cancelled_record_is_not_stored(store: Store) -> None:
    release, thread = blocked(store)
    given_up = store.put(session_record("a"))
    assert given_up.cancel()
    release.set()
    thread.join(SECONDS)
    put(store, session_record("b"))
    assert store.get("open", "a") is None


def test_closing_writes_what_waits(reopen: Open) -> None:
    store = reopen()
    release, thread = blocked(store)
    futures = [store.put(session_record(f"s{i}")) for i in range(300)]
    closing_thread = threading.Thread(target=store.close)
    closing_thread.start()
    release.set()
    closing_thread.join(SECONDS)
    thread.join(SECONDS)
    assert all(future.result(0).status == "stored" for future in futures)
    again = reopen()
    assert all(again.get("open", f"s{i}") for i in range(300))


def test_a_closed_store_says_so(store: Store, tmp_path: Path) -> None:
    store.close()
    store.close()
    calls: list[Callable[[], object]] = [
        lambda: store.put(session_record("a")),
        lambda: store.get("open", "a"),
        lambda: store.erase("a"),
        lambda: store.backup(tmp_path / "copy"),
        store.check,
    ]
    for call in calls:
        with pytest.raises(StoreUnavailable, match="closed"):
            call()


def test_erasing_takes_the_session_in_every_scope(store: Store) -> None:
    for scope in ("one", "two"):
        put(store, session_record("a", scope=scope))
    put(store, session_record("b", scope="one"))
    assert store.erase("a") == 2
    assert store.erase("a") == 0
    assert store.get("one", "a") is None
    assert store.get("one", "b") is not None


def test_erasing_in_one_scope_leaves_the_others(store: Store) -> None:
    for scope in ("one", "two"):
        put(store, session_record("a", scope=scope))
    assert store.erase("a", "one") == 1
    assert store.get("one", "a") is None
    assert store.get("two", "a") is not None


def test_an_erased_id_may_be_used_again(store: Store) -> None:
    put(store, session_record("a"))
    store.erase("a")
    assert put(store, session_record("a", content=b"other")).status == "stored"


def test_telemetry_goes_before_the_verdict(store: Store, clock: FakeClock) -> None:
    now = int(clock.now().timestamp() * 1000)
    day = 86_400_000
    ages = {"today": 0, "week": 8 * day, "quarter": 91 * day}
    for name, age in ages.items():
        put(store, session_record(name, received_at=now - age))
    purged = store.purge(clock.now(), timedelta(days=7), timedelta(days=90))
    assert (purged.telemetry, purged.sessions) == (2, 1)
    kept = {name: store.get("open", name) for name in ages}
    assert kept["quarter"] is None
    assert kept["week"] is not None
    assert kept["today"] is not None
    assert (kept["week"].telemetry, kept["today"].telemetry) == (None, b"content")
    assert kept["week"].features == session_record("week").features


def test_what_is_exactly_old_enough_still_stays(store: Store, clock: FakeClock) -> None:
    put(store, session_record("a", received_at=int(clock.now().timestamp() * 1000)))
    clock.advance(60)
    assert store.purge(clock.now(), timedelta(seconds=60), timedelta(seconds=60)).sessions == 0
    clock.advance(0.001)
    assert store.purge(clock.now(), timedelta(seconds=60), timedelta(seconds=60)).sessions == 1


def test_a_purge_of_many_leaves_room_for_writes(store: Store, clock: FakeClock) -> None:
    futures = [store.put(session_record(f"old{i}", received_at=0)) for i in range(1000)]
    for future in futures:
        future.result(SECONDS)
    done = threading.Event()
    statuses: list[str] = []

    def put_another(previous: Future[PutOutcome] | None = None) -> None:
        if previous is not None:
            statuses.append(previous.result(0).status)
        if not done.is_set():
            store.put(session_record(f"new{len(statuses)}")).add_done_callback(put_another)

    put_another()  # from now on one record always waits
    purged = store.purge(clock.now(), timedelta(days=7), timedelta(days=90))
    done.set()
    put(store, session_record("last"))
    assert (purged.telemetry, purged.sessions) == (1000, 1000)
    assert len(statuses) >= 10  # a purge in one piece would have let one or two through
    assert set(statuses) == {"stored"}


def test_a_healthy_store_says_so(store: Store) -> None:
    health = store.health()
    assert (health.error, health.waiting) == (None, 0)
    assert health.disk_free is None or health.disk_free > 0
    store.check()


def test_a_backup_holds_what_was_answered_before_or_is_refused_with_what_to_use(store: Store, tmp_path: Path) -> None:
    put(store, session_record("a"))
    said: int | str
    try:
        said = store.backup(tmp_path / "copy")
    except StoreRefused as refused:
        said = str(refused)
    if isinstance(said, str):
        assert "pg_dump" in said
        assert not (tmp_path / "copy").exists()
    else:
        assert said == (tmp_path / "copy").stat().st_size > 0
