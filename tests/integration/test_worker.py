"""`playproof worker`: real processes beside a server, beside each other, stopped and killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from playproof.cli import run
from playproof.clock import SystemClock
from playproof.store import Backlog, Store, open_store
from playproof.store.sqlite.driver import find_driver
from playproof.testing import FakeClock
from tests.batching import Worker as Queue
from tests.batching import some
from tests.emulating import running_emulator
from tests.postgres import QUICK as UNSAFE
from tests.postgres import Server, own_server
from tests.realtime import hosted_environment, taught
from tests.receiving import SECRET, receiving
from tests.serving import PATIENCE_SECONDS, body, log_lines, read_until, serving

CLOCK = SystemClock()
QUICK = {"BATCH_MIN": "1", "BATCH_INTERVAL": "0.2s"}
SHARABLE = pytest.mark.skipif(not find_driver().sharable, reason=f"{find_driver()} cannot be shared between processes")


@dataclass
class Working:
    """A running `playproof worker`."""

    process: subprocess.Popen[str]
    banner: str
    log: Path

    def ask(self, path: str) -> httpx.Response:
        """What it answers to whoever watches it."""
        address = re.search(r"http://127\.0\.0\.1:\d+", self.banner)
        assert address is not None
        return httpx.get(address[0] + path, timeout=PATIENCE_SECONDS)

    def stop(self, sig: int = signal.SIGTERM) -> int:
        """Send `sig` and wait; the exit code."""
        self.process.send_signal(sig)
        return self.process.wait(PATIENCE_SECONDS)


@contextlib.contextmanager
def working(folder: Path, *arguments: str, **environment: str) -> Iterator[Working]:
    """`playproof worker` on the data in `folder`; killed at the end if it still runs."""
    log = folder.with_name("worker.log")
    command = [sys.executable, "-m", "playproof", "worker", "--data-dir", str(folder), *arguments]
    with (
        log.open("a") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env={**os.environ, **environment}) as process,
    ):
        try:
            banner = read_until(process, "Stop it")
            assert "Stop it" in banner, log.read_text()
            yield Working(process, banner, log)
        finally:
            if process.poll() is None:
                process.kill()


@contextlib.contextmanager
def silence() -> Iterator[str]:
    """The address of a provider that takes calls and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database, or nothing for one in the data folder."""
    if request.param == "sqlite":
        if not find_driver().sharable:
            pytest.skip(f"{find_driver()} cannot be shared between processes")
        yield ""
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(tmp_path / "data", database_url=url or None)) as store:
        yield store


def at(url: str) -> dict[str, str]:
    """The settings of a process that uses the database."""
    return {"PLAYPROOF_DATABASE_URL": url} if url else {}


def enqueue(store: Store, *names: str) -> None:
    Queue(store, FakeClock(CLOCK.now())).enqueue(*names)


def until(done: Callable[[Backlog], bool], store: Store, *workers: Working) -> Backlog:
    """How the queue stands as soon as it is `done`."""
    deadline = CLOCK.monotonic() + PATIENCE_SECONDS
    while not done(backlog := store.batch.backlog()):
        for worker in workers:
            assert worker.process.poll() is None, worker.log.read_text()
        assert CLOCK.monotonic() < deadline, backlog
        threading.Event().wait(0.02)
    return backlog


def until_logged(worker: Working, word: str) -> None:
    """Return when the log of a worker has a word."""
    deadline = CLOCK.monotonic() + PATIENCE_SECONDS
    while word not in worker.log.read_text():
        assert worker.process.poll() is None, worker.log.read_text()
        assert CLOCK.monotonic() < deadline, worker.log.read_text()
        threading.Event().wait(0.02)


def all_settled(store: Store, count: int, *workers: Working) -> None:
    backlog = until(lambda now: now.settled == count, store, *workers)
    assert (backlog.queued, backlog.claimed, backlog.buried) == (0, 0, 0)


@SHARABLE
def test_a_worker_does_what_its_server_leaves_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder, log=None, **QUICK, BATCH_WORK="off") as server, closing(open_store(folder)) as store:
        enqueue(store, *some(30))
        assert httpx.get(f"{server.url}/api/v1/sessions/s0007").json()["status"] == "preliminary"
        with working(folder, "--port", "0", **QUICK) as worker:
            all_settled(store, 30, worker)
            told = httpx.get(f"{server.url}/api/v1/sessions/s0007").json()
            assert (told["status"], told["revision"]) == ("final", 2)
            assert worker.stop() == 0
        assert server.stop() == 0


@SHARABLE
def test_a_worker_can_be_watched_and_nothing_else(tmp_path: Path) -> None:
    with working(tmp_path / "data", "--port", "0", **QUICK, PLAYPROOF_LOG_FORMAT="json") as worker:
        assert worker.ask("/health").json()["status"] == "ok"
        assert worker.ask("/ready").json() == {"ready": True, "checks": {"store": "ok", "model": "ok"}}
        assert "playproof_batch_scheduler_running 1.0" in worker.ask("/metrics").text
        assert worker.ask("/api/v1/sessions/s1").status_code == 404
        assert worker.ask("/").status_code == 404
        assert worker.stop(signal.SIGINT) == 0
        assert [(line["level"], line["event"]) for line in log_lines(worker.log)] == [("info", "worker stops")]
    assert not (tmp_path / "data" / "admin.key").exists()


@SHARABLE
def test_a_worker_tells_the_site(tmp_path: Path) -> None:
    with receiving() as site, closing(open_store(tmp_path / "data")) as store:
        telling = {"PLAYPROOF_WEBHOOK_URL": site.url(), "PLAYPROOF_WEBHOOK_SECRET": SECRET, "PLAYPROOF_WEBHOOK_PRIVATE": "true"}
        enqueue(store, "s1")
        with working(tmp_path / "data", **QUICK, **telling) as worker:
            arrival = site.next()
            assert arrival.verified(CLOCK.now()) == arrival.id
            verdict = json.loads(arrival.body)["data"]["verdict"]
            assert (verdict["sessionId"], verdict["status"], verdict["revision"]) == ("s1", "final", 2)
            until(lambda _: store.outbox.counts().waiting == 0, store, worker)
            assert worker.stop() == 0
        assert site.arrivals.empty()


@SHARABLE
def test_a_worker_asks_about_what_a_server_left(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with running_emulator() as emulator:
        asking = hosted_environment(emulator, asyncio.run(taught(folder, emulator)))
        emulator.fault("server_error", "models.infer")
        with serving(folder, log=None, **asking) as server:
            assert server.post(body(1, sessionId="s1")).json()["status"] == "preliminary"
            assert server.stop() == 0
        emulator.heal()
        with working(folder, **asking) as worker, closing(open_store(folder)) as store:
            until(lambda _: store.awaited.depth().waiting == 0, store, worker)
            found = store.get("open", "s1")
            assert found is not None
            assert (found.revision, found.source) == (2, "woodwide")
            assert worker.stop() == 0


def test_several_workers_share_a_database(url: str, store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with working(folder, **QUICK, **at(url)) as one, working(folder, **QUICK, **at(url)) as other:
        enqueue(store, *some(200))
        all_settled(store, 200, one, other)
        assert one.stop() == 0
        enqueue(store, *some(20, "t"))
        all_settled(store, 220, other)
        assert other.stop() == 0
        assert "watch it" not in other.banner
    revisions = [found.revision for name in some(200) if (found := store.get("open", name)) is not None]
    assert revisions == [2] * 200


def test_a_worker_that_is_stopped_holds_nothing(url: str, store: Store, tmp_path: Path) -> None:
    enqueue(store, *some(40))
    with silence() as provider:
        asking = {"ANOMALY_MODEL_ID": "mdl_1", "WOODWIDE_API_KEY": "sk_test", "WOODWIDE_BASE_URL": provider}
        with working(tmp_path / "data", **QUICK, **asking, **at(url)) as worker:
            until(lambda now: now.claimed == 40, store, worker)
            assert worker.stop() == 0
    backlog = store.batch.backlog()
    assert (backlog.queued, backlog.claimed) == (40, 0)


def test_what_a_killed_worker_had_is_taken_over(url: str, store: Store, tmp_path: Path) -> None:
    enqueue(store, *some(40))
    with silence() as provider:
        asking = {"ANOMALY_MODEL_ID": "mdl_1", "WOODWIDE_API_KEY": "sk_test", "WOODWIDE_BASE_URL": provider}
        with working(tmp_path / "data", **QUICK, **asking, **at(url)) as worker:
            until(lambda now: now.claimed == 40, store, worker)
            assert worker.stop(signal.SIGKILL) == -signal.SIGKILL
    assert store.batch.backlog().claimed == 40
    if url:  # in a shared folder the dead are known at once; elsewhere it takes a minute, which is over now
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE batch_entry SET next_at = 0 WHERE state = 'claimed'")
    with working(tmp_path / "data", **QUICK, **at(url)) as worker:
        all_settled(store, 40, worker)
        assert worker.stop() == 0


def test_a_worker_waits_for_a_database_that_goes_away(tmp_path: Path) -> None:
    folder = tmp_path / "data"

    def works(count: int) -> None:
        with closing(open_store(folder, database_url=url)) as store:
            enqueue(store, *some(count))
            all_settled(store, count, worker)

    with own_server(**UNSAFE) as server, server.database() as url:
        with working(folder, **QUICK, **at(url)) as worker:
            works(20)
            server.stop()
            until_logged(worker, "batches_wait_for_the_store")
            server.start()
            works(40)
            server.stop()
            assert worker.stop() == 0
        server.start()


def test_a_second_signal_does_not_wait() -> None:
    program = """if True:
        import asyncio
        from playproof.web.worker import first_signal
        async def stuck():
            stopping = first_signal()
            print("works", flush=True)
            await stopping.wait()
            print("stops", flush=True)
            await asyncio.Event().wait()
        asyncio.run(stuck())
    """
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert "works" in read_until(process, "works")
        process.send_signal(signal.SIGTERM)
        assert "stops" in read_until(process, "stops")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == -signal.SIGINT


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("postgresql://nobody@127.0.0.1:1/none", "cannot be reached"),
        ("mysql://localhost/playproof", "PLAYPROOF_DATABASE_URL"),
    ],
)
def test_a_database_that_is_not_there_is_told(
    address: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PLAYPROOF_DATABASE_URL", address)
    assert run(["worker", "--data-dir", str(tmp_path / "data")]) in {1, 2}
    said = capsys.readouterr().err
    assert said.startswith("Error: ")
    assert why in said


def test_a_port_that_is_taken_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run(["worker", "--data-dir", str(tmp_path / "data"), "--port", str(taken.getsockname()[1])]) == 2
    assert "cannot listen on 127.0.0.1" in capsys.readouterr().err
