"""`playproof batch`, as a person calls it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from playproof.cli import run
from playproof.clock import SystemClock, milliseconds
from playproof.store import Done, Final, Forming, Store, open_store
from playproof.testing import FakeClock
from tests.batching import Worker, some

CLOCK = SystemClock()
DATA = ("--data-dir", "data")


@dataclass
class Queue:
    """A store that a service has open, with sessions queued."""

    store: Store
    worker: Worker

    def bury(self, count: int) -> None:
        """Give up the first so many."""
        entries = self.store.batch.claim("me", 60.0, Forming(1, 0, count))
        assert len(entries) == count
        self.store.batch.settle([self._done(entry.session.number, entry.session.verdict, entry.epoch) for entry in entries])

    def _done(self, number: int, verdict: bytes, epoch: int) -> Done:
        final = verdict.replace(b'"preliminary"', b'"final"').replace(b'"fallbackReason":null', b'"fallbackReason":"buried"')
        end = Final(
            number=number, verdict=final, decision="pass", anomaly_score=None, raw_score=None, source="local", model_version="m",
            eligible=True, notice=None,
        )  # fmt: skip
        return Done(epoch=epoch, final=end, buried=True, reason="refused", error="422: will\nnot do")


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    monkeypatch.chdir(tmp_path)
    with closing(open_store(tmp_path / "data")) as store:
        worker = Worker(store, FakeClock(CLOCK.now()))
        worker.enqueue(*some(12))
        yield Queue(store, worker)


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(["batch", *arguments, *DATA]) == code
    return capsys.readouterr().out


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    return json.loads(said(capsys, *arguments, code=code))


def test_stats_count_the_queue_and_show_the_rule(queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    figures = told(capsys, "stats")
    assert (figures["queued"], figures["claimed"], figures["settled"], figures["buried"]) == (12, 0, 0, 0)
    assert figures["oldestAgeSeconds"] >= 0
    scheduler = figures["scheduler"]
    assert (scheduler["running"], scheduler["least"], scheduler["most"], scheduler["waitSeconds"]) == (True, 10, 50, 300.0)
    shown = dict(line.split(maxsplit=1) for line in said(capsys, "stats", "--format", "table").splitlines())
    assert (shown["queued"], shown["scheduler.running"], shown["scheduler.lastTickAt"]) == ("12", "True", "–")
    assert queue.store.batch.backlog().queued == 12


def test_process_works_off_what_is_there_whatever_the_minimum(
    queue: Queue, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATCH_MAX", "5")
    monkeypatch.setenv("BATCH_MIN", "5")
    done = told(capsys, "process", "--most", "1")
    assert (done["batches"], done["sessions"], done["final"], done["stopped"]) == (1, 5, 5, "enough")
    shown = dict(line.split(maxsplit=1) for line in said(capsys, "process", "--format", "table").splitlines())
    assert (shown["sessions"], shown["final"], shown["stopped"]) == ("7", "7", "empty")
    assert {queue.worker.verdict(name).status for name in some(12)} == {"final"}
    assert queue.store.outbox.counts().waiting == 0
    assert told(capsys, "process")["sessions"] == 0


def test_process_writes_webhooks_where_a_site_is_to_be_told(
    queue: Queue, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYPROOF_WEBHOOK_URL", "https://hooks.example/")
    monkeypatch.setenv("PLAYPROOF_WEBHOOK_SECRET", "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    said(capsys, "process")
    assert queue.store.outbox.counts().waiting == 12


def test_a_hosted_model_that_is_out_is_told(queue: Queue, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOMALY_MODEL_ID", "mdl_1")
    monkeypatch.setenv("WOODWIDE_API_KEY", "sk_test")
    queue.store.batch.pause(milliseconds(CLOCK.now()) + 3_600_000, "rate_limited")
    assert told(capsys, "process", code=1)["stopped"] == "paused"
    status = told(capsys, "scheduler", "status")
    assert (status["reason"], status["failures"]) == ("rate_limited", 1)
    assert status["pausedUntil"].endswith("Z")


def test_a_result_is_the_place_in_the_queue_and_then_the_verdict(queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    waiting = told(capsys, "result", "s0002")
    assert (waiting["sessionId"], waiting["status"], waiting["position"]) == ("s0002", "queued", 3)
    assert waiting["verdict"]["status"] == "preliminary"
    shown = dict(line.split(maxsplit=1) for line in said(capsys, "result", "s0002", "--format", "table").splitlines())
    assert shown["position"] == "3"
    assert shown["decision"].endswith(" (preliminary)")
    said(capsys, "process")
    final = told(capsys, "result", "s0002")
    assert (final["sessionId"], final["status"], final["revision"]) == ("s0002", "final", 2)
    shown = dict(line.split(maxsplit=1) for line in said(capsys, "result", "s0002", "--format", "table").splitlines())
    assert (shown["status"], shown["decision"], shown["source"]) == ("final", final["decision"], "local")


def test_a_result_that_is_no_longer_kept_is_told(queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "process")
    queue.store.purge(CLOCK.now() + timedelta(days=100), timedelta(days=7), timedelta(days=90))
    assert run(["batch", "result", "s0001", *DATA]) == 1
    assert "the result of session 's0001' is no longer kept" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["s9999"], ["s0001", "--scope", "shop"]])
def test_a_result_that_is_not_there_is_told(queue: Queue, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["batch", "result", *arguments, *DATA]) == 1
    assert f"no session '{arguments[0]}' is stored under scope" in capsys.readouterr().err


def test_what_was_given_up_is_listed_and_queued_again(queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    queue.bury(3)
    listed = [json.loads(line) for line in said(capsys, "buried").splitlines()]
    assert [one["sessionId"] for one in listed] == some(3)
    buried_at, verdict = listed[0].pop("buriedAt"), listed[0].pop("verdict")
    assert (verdict["sessionId"], verdict["status"], verdict["fallbackReason"]) == ("s0000", "final", "buried")
    assert listed[0] == {"scope": "open", "sessionId": "s0000", "attempts": 1, "reason": "refused", "error": "422: will\nnot do"}
    shown = said(capsys, "buried", "--format", "table").splitlines()
    assert shown[2].split() == ["open", "s0000", buried_at, "1", "refused", "422:", "will�not", "do"]
    assert told(capsys, "result", "s0001")["fallbackReason"] == "buried"

    assert said(capsys, "exhume", "s0005", code=1) == "0 sessions queued again\n"
    assert said(capsys, "exhume", "s0001", "--scope", "shop", code=1) == "0 sessions queued again\n"
    assert said(capsys, "exhume", "s0001") == "1 session queued again\n"
    assert said(capsys, "exhume", "--all") == "2 sessions queued again\n"
    assert said(capsys, "exhume", "--all", code=1) == "0 sessions queued again\n"
    assert said(capsys, "buried", "--format", "table") == "no session is buried\n"
    assert told(capsys, "process")["final"] == 12


@pytest.mark.parametrize("arguments", [[], ["s0001", "--all"], ["--all", "--scope", "open"]])
def test_what_to_exhume_has_to_be_said(queue: Queue, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["batch", "exhume", *arguments, *DATA]) == 2
    assert "either an ID or --all" in capsys.readouterr().err


def test_the_queue_is_cleared_by_those_who_say_that_they_mean_it(queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["batch", "clear", *DATA]) == 2
    assert "--confirm" in capsys.readouterr().err
    assert queue.store.batch.backlog().queued == 12
    queue.bury(2)
    assert said(capsys, "clear", "--confirm") == "10 sessions taken out of the queue, 2 buried forgotten\n"
    assert queue.worker.verdict("s0003").fallback_reason == "cleared"
    assert said(capsys, "clear", "--confirm") == "0 sessions taken out of the queue, 0 buried forgotten\n"


def test_the_scheduler_is_switched_for_all_processes(queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "scheduler", "start") == "the scheduler was running\n"
    assert said(capsys, "scheduler", "stop") == "the scheduler is stopped now\n"
    assert said(capsys, "scheduler", "stop") == "the scheduler was stopped\n"
    status = told(capsys, "scheduler", "status")
    assert status["running"] is False
    assert status["changedAt"].endswith("Z")
    assert queue.store.batch.gate().scheduler is False
    assert said(capsys, "scheduler", "start") == "the scheduler runs now\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["stats"], ["process"], ["result", "s1"], ["buried"], ["exhume", "--all"], ["clear", "--confirm"],
        ["scheduler", "start"], ["scheduler", "stop"], ["scheduler", "status"],
    ],
)  # fmt: skip
def test_no_command_makes_a_database(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["batch", *arguments, *DATA]) == 1
    assert "there is no database in data" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
