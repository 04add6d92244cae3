"""What happens when the server, or the way to it, fails in the middle of something."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import pairwise
from typing import Any, Never

import msgspec
import psycopg
import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from playproof.errors import StoreUnavailable
from playproof.store import Commit, PutOutcome
from playproof.store.postgres.address import Address
from playproof.store.postgres.database import connect
from playproof.store.postgres.engine import writing_engine
from playproof.store.postgres.errors import caused, unavailable
from playproof.store.postgres.link import TRIES, PostgresLink
from playproof.store.postgres.store import PostgresStore
from playproof.store.retention import touch
from playproof.testing import FakeClock, session_record
from tests.faulting import Faults
from tests.visits import check_visit, persist

SECONDS = 60


FAULTS = Faults()


def lose(connection: psycopg.Connection[Any]) -> Never:
    """Break the connection."""
    connection.close()
    raise psycopg.OperationalError("server closed the connection unexpectedly")


class FaultyCursor(psycopg.Cursor[Any]):
    """A cursor whose statements can fail."""

    def execute(self, *arguments: Any, **named: Any) -> Any:
        return FAULTS.call(lambda: super(FaultyCursor, self).execute(*arguments, **named), partial(lose, self.connection))

    def executemany(self, *arguments: Any, **named: Any) -> Any:
        return FAULTS.call(lambda: super(FaultyCursor, self).executemany(*arguments, **named), partial(lose, self.connection))


class FaultyRawCursor(psycopg.RawCursor[Any], FaultyCursor):
    """The same with the server's own parameters."""


class FaultyConnection(psycopg.Connection[Any]):
    """A connection whose statements and commits can fail."""

    @property
    def cursor_factory(self) -> type[psycopg.Cursor[Any]]:
        return FaultyRawCursor if self._raw else FaultyCursor

    @cursor_factory.setter
    def cursor_factory(self, chosen: type[psycopg.Cursor[Any]]) -> None:
        self._raw = issubclass(chosen, psycopg.RawCursor)

    def commit(self) -> None:
        FAULTS.call(super().commit, partial(lose, self))


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(psycopg, "connect", FaultyConnection.connect)
    yield
    FAULTS.armed = False


def answer(store: PostgresStore, session_id: str) -> PutOutcome | None:
    with contextlib.suppress(StoreUnavailable):
        return store.put(session_record(session_id)).result(SECONDS)
    return None


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_whichever_call_of_a_visit_fails_it_can_go_on(url: str, faulty: None, after: bool) -> None:
    with closing(PostgresStore(url)) as store:
        store.replays.prepare()
        for number in range(1, 200):
            FAULTS.arm(number, after=after)
            persist(store, f"c{number}")
            untouched = FAULTS.calls < number
            FAULTS.armed = False
            check_visit(store, f"c{number}")
            if untouched:
                break
        else:
            pytest.fail("no visit was left untouched")
        assert number > 30
        store.check()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_whichever_call_fails_nothing_answered_is_lost_and_writing_goes_on(url: str, faulty: None, after: bool) -> None:
    failures = 0
    reached = 0
    with closing(PostgresStore(url)) as store:
        for number in range(1, 100):
            records = [session_record(f"{number} {i}") for i in range(3)]
            store.put(session_record(f"{number} before")).result(SECONDS)
            FAULTS.arm(number, after=after)
            answers = [answer(store, f"{number} {i}") for i in range(3)]
            untouched = FAULTS.calls < number
            reached = max(reached, FAULTS.calls)
            FAULTS.armed = False
            failures += answers.count(None)
            for record, one in zip(records, answers, strict=True):
                if one is not None:
                    assert store.get("open", record.session_id) is not None
                # Asking again is always safe: the answer is the one verdict that is stored.
                again = store.put(record).result(SECONDS)
                assert again.status in {"stored", "replayed"}
                assert again.verdict == record.verdict
            if untouched:
                break
        else:
            pytest.fail("no run was left untouched")
        assert reached > 20  # statements and commits of three groups
        assert failures == 3  # the commits: what fails before one is run again
        store.check()


def test_a_commit_whose_answer_is_lost_is_not_acknowledged(url: str, faulty: None, monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[Commit] = []
    with closing(PostgresStore(url, on_commit=commits.append)) as store:

        def lose_the_answer(connection: psycopg.Connection[Any]) -> None:
            psycopg.Connection.commit(connection)
            lose(connection)

        with monkeypatch.context() as patched:
            patched.setattr(FaultyConnection, "commit", lose_the_answer)
            with pytest.raises(StoreUnavailable, match="cannot be reached"):
                store.put(session_record("a")).result(SECONDS)
            with pytest.raises(StoreUnavailable, match="cannot be reached"):
                store.check()
        assert store.put(session_record("a")).result(SECONDS).status == "replayed"
        store.check()
    assert [commit.error is None for commit in commits] == [False, True]


def test_erasure_fails_as_a_whole_or_not_at_all(url: str, faulty: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(PostgresStore(url)) as store:
        store.put(session_record("a")).result(SECONDS)
        with monkeypatch.context() as patched:
            patched.setattr(FaultyConnection, "commit", lose)
            with pytest.raises(StoreUnavailable):
                store.erase("a")
        found = store.get("open", "a")
        assert found is not None
        assert found.telemetry == b"content"
        assert store.erase("a") == 1


def test_a_transaction_that_cannot_even_be_given_up_is_left_to_the_server(url: str, faulty: None, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = msgspec.structs.replace(session_record("a"), game_type="\ud800")
    with closing(PostgresStore(url)) as store:
        with monkeypatch.context() as patched:
            patched.setattr(FaultyConnection, "rollback", lose)
            with pytest.raises(StoreUnavailable):
                store.put(broken).result(SECONDS)
        assert store.put(session_record("b")).result(SECONDS).status == "stored"
        with pytest.raises(StoreUnavailable):
            store.put(broken).result(SECONDS)
        store.check()


def end_others(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(ending)


def test_connections_lost_while_nothing_was_to_do_are_made_anew_without_a_failure(url: str) -> None:
    with closing(PostgresStore(url)) as store:
        store.put(session_record("a")).result(SECONDS)
        assert store.get("open", "a") is not None
        end_others(url)
        assert store.put(session_record("b")).result(SECONDS).status == "stored"
        end_others(url)
        assert store.get("open", "b") is not None
        end_others(url)
        assert store.erase("a") == 1


def test_who_cannot_connect_does_not_try_for_every_group(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    tries: list[float] = []

    def absent(*_: Any, **__: Any) -> Any:
        tries.append(clock.monotonic())
        raise psycopg.OperationalError("connection refused")

    with closing(PostgresStore(url, clock=clock)) as store:
        end_others(url)
        with monkeypatch.context() as patched:
            patched.setattr(psycopg, "connect", absent)
            for _ in range(200):
                with pytest.raises(StoreUnavailable, match="connection refused"):
                    store.put(session_record("a")).result(SECONDS)
                clock.advance(0.1)
        gaps = [later - earlier for earlier, later in pairwise(tries)]
        assert 8 <= len(tries) <= 20
        assert gaps[0] < 0.2
        assert 1.9 < gaps[-1] < 2.5
        clock.advance(3)
        assert store.put(session_record("a")).result(SECONDS).status == "stored"
        store.check()


def test_a_store_that_failed_finds_out_by_itself_when_writing_works_again(url: str, faulty: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(PostgresStore(url)) as store:
        with monkeypatch.context() as patched:
            patched.setattr(FaultyConnection, "commit", lose)
            with pytest.raises(StoreUnavailable):
                store.put(session_record("a")).result(SECONDS)
        wait_until(lambda: store.health().error is None)
        store.check()


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(SECONDS * 10):
        if holds():
            return
        threading.Event().wait(0.1)
    pytest.fail("it never came to that")


def test_a_server_that_goes_while_nothing_is_to_do_is_missed_and_found_again(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: Any, **__: Any) -> Any:
        raise psycopg.OperationalError("connection refused")

    with closing(PostgresStore(url)) as store:
        store.check()
        end_others(url)
        with monkeypatch.context() as patched:
            patched.setattr(psycopg, "connect", absent)
            wait_until(lambda: store.health().error is not None)
            with pytest.raises(StoreUnavailable, match="connection refused"):
                store.check()
        wait_until(lambda: store.health().error is None)
        assert store.put(session_record("a")).result(SECONDS).status == "stored"


def test_rows_that_another_process_holds_are_waited_for_only_so_long(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playproof.store.postgres.engine.BUSY_SECONDS", 0.2)
    with closing(PostgresStore(url)) as store:
        store.put(session_record("a")).result(SECONDS)
        with psycopg.connect(url) as other:
            other.execute("SELECT 1 FROM session FOR UPDATE")
            with pytest.raises(StoreUnavailable, match="another process held what was to be written"):
                store.erase("a")
        assert store.erase("a") == 1


@pytest.fixture
def link(url: str) -> Iterator[PostgresLink]:
    """The way of a writer to the database."""
    address = Address.of(url)
    engine = writing_engine(address, "full")
    link = PostgresLink(engine, connect(address, engine, create=False), FakeClock())
    yield link
    link.close()


def in_the_way(connection: Connection, state: str) -> None:
    """Fail as where two transactions wait for each other, and the server ends this one."""
    connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = '{state}'; END $$")


@pytest.mark.parametrize("state", ["40P01", "40001"])
def test_transactions_that_others_got_in_the_way_of_are_run_again(link: PostgresLink, url: str, state: str) -> None:
    runs: list[Connection] = []

    def work(connection: Connection) -> str:
        runs.append(connection)
        touch(connection)
        if len(runs) < 3:
            in_the_way(connection, state)
        return "done"

    assert link.transact(work) == "done"
    assert len(runs) == 3
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count FROM probe").fetchall() == [(1,)]


def test_they_are_not_run_again_for_ever(link: PostgresLink) -> None:
    runs: list[Connection] = []

    def work(connection: Connection) -> None:
        runs.append(connection)
        in_the_way(connection, "40P01")

    with pytest.raises(DBAPIError) as raised:
        link.transact(work)
    assert len(runs) == TRIES
    assert link.caused(raised.value)
    assert str(link.unavailable(raised.value)) == "other transactions kept getting in the way"
    link.transact(touch)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("25006", "only reads"),
        ("53100", "disk is full"),
        ("53300", "no more connections"),
        ("57014", "took too long"),
        ("57P03", "starting or shutting down"),
        ("XX001", "damaged"),
        ("42P01", "UndefinedTable: no reason given"),
    ],
)
def test_what_the_server_says_is_said_in_words(state: str, said: str) -> None:
    error = psycopg.errors.lookup(state)()
    assert caused(error)
    assert said in str(unavailable(error))


def test_a_value_that_will_not_do_is_not_the_databases_fault() -> None:
    assert not caused(psycopg.DataError("PostgreSQL text fields cannot contain NUL"))
    assert not caused(psycopg.errors.UniqueViolation())
    assert not caused(UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"))


def test_a_closed_store_leaves_no_connection(url: str) -> None:
    store = PostgresStore(url)
    store.put(session_record("a")).result(SECONDS)
    store.get("open", "a")
    store.close()
    with psycopg.connect(url) as connection:
        mine = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        for _ in range(SECONDS * 100):  # a server process ends a little after its connection
            if connection.execute(mine.encode()).fetchone() == (0,):
                return
            connection.commit()
            threading.Event().wait(0.01)
    pytest.fail("there are connections left")
