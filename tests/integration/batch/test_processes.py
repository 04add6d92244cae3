"""Batches over HTTP with real processes: beside each other, stopped, and killed."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from playproof.clock import SystemClock
from playproof.service import decode_verdict
from tests.postgres import Server
from tests.receiving import SECRET, receiving
from tests.serving import PATIENCE_SECONDS, Serving, body, is_problem, serving

ADMIN = "the-admin-key"
RESULT = "/api/v1/batch/result/"
BY_HAND = {"BATCH_SCHEDULER": "off", "PLAYPROOF_ADMIN_KEY": ADMIN}


@pytest.fixture(params=("sqlite", "postgres"))
def shared(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The settings of every process that uses the database of this test."""
    if request.param == "sqlite":
        yield {}
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database() as url:
        yield {"PLAYPROOF_DATABASE_URL": url}


def queued(service: Serving, number: int, name: str) -> httpx.Response:
    return service.post(body(number, sessionId=name, options={"useBatch": True}))


def result(service: Serving, name: str) -> httpx.Response:
    return httpx.get(service.url + RESULT + name, timeout=PATIENCE_SECONDS)


def ordered(service: Serving, path: str, **given: Any) -> Any:
    """What the operator is answered."""
    headers = {"Authorization": f"Bearer {ADMIN}"}
    response = httpx.post(f"{service.url}/api/v1/batch/{path}", headers=headers, timeout=PATIENCE_SECONDS, **given)
    assert response.status_code == 200, response.text
    return response.json()


def test_what_one_process_queues_another_processes_and_both_know_the_result(tmp_path: Path, postgres: Server) -> None:
    with (
        postgres.database() as url,
        serving(tmp_path / "one", log=tmp_path / "one.log", PLAYPROOF_DATABASE_URL=url, **BY_HAND) as one,
        serving(tmp_path / "two", log=tmp_path / "two.log", PLAYPROOF_DATABASE_URL=url, **BY_HAND) as two,
    ):
        names = [f"s{number}" for number in range(8)]
        places = [queued(one if number % 2 else two, number, name).headers["location"] for number, name in enumerate(names)]
        assert places == [RESULT + name for name in names]
        assert [result(two if number % 2 else one, name).json()["position"] for number, name in enumerate(names)] == list(range(1, 9))
        assert queued(two, 1, "s1").headers["playproof-replayed"] == "true"
        assert ordered(two, "process")["final"] == 8
        for name in names:
            assert result(one, name).status_code == 200
            assert result(one, name).content == result(two, name).content
        assert ordered(one, "scheduler/start") == {"running": True, "changed": True}
        assert ordered(two, "scheduler/start") == {"running": True, "changed": False}


def test_a_queue_outlives_the_process_and_the_site_is_told_once(tmp_path: Path, shared: dict[str, str]) -> None:
    log = tmp_path / "log"
    with receiving() as receiver:
        settings = {
            "PLAYPROOF_WEBHOOK_URL": receiver.url(),
            "PLAYPROOF_WEBHOOK_SECRET": SECRET,
            "PLAYPROOF_WEBHOOK_PRIVATE": "true",
            "PLAYPROOF_ADMIN_KEY": ADMIN,
            **shared,
        }
        with serving(tmp_path / "data", log=log, **settings) as service:
            assert ordered(service, "scheduler/stop") == {"running": False, "changed": True}
            first = [queued(service, number, f"s{number}").content for number in range(3)]
            assert service.stop(signal.SIGKILL) == -signal.SIGKILL
        with serving(tmp_path / "data", log=log, **settings) as service:
            assert ordered(service, "scheduler/stop") == {"running": False, "changed": False}
            waiting = [result(service, f"s{number}") for number in range(3)]
            assert [answer.status_code for answer in waiting] == [202] * 3
            assert [answer.json()["verdict"] for answer in waiting] == [json.loads(content) for content in first]
            assert ordered(service, "process")["final"] == 3
            arrivals = [receiver.next() for _ in range(3)]
            verdicts = {f"s{number}": result(service, f"s{number}").json() for number in range(3)}
            assert service.stop() == 0
        for arrival in arrivals:
            arrival.verified(SystemClock().now())
        told = {content["sessionId"]: content for content in (json.loads(arrival.body)["data"]["verdict"] for arrival in arrivals)}
        assert told == verdicts
        assert receiver.arrivals.empty()


def test_a_full_queue_over_the_wire(tmp_path: Path) -> None:
    with serving(tmp_path / "data", log=tmp_path / "log", BATCH_QUEUE_MAX="1", **BY_HAND) as service:
        assert queued(service, 1, "first").status_code == 202
        refused = queued(service, 2, "second")
        assert is_problem(refused, 503, "queue-full")["verdict"] == result(service, "second").json()
        assert int(refused.headers["retry-after"]) >= 1
        assert decode_verdict(result(service, "second").content).status == "final"
        metrics = httpx.get(f"{service.url}/metrics").text
        assert "playproof_batch_full_total 1.0" in metrics
