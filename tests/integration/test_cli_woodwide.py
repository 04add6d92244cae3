"""`playproof woodwide`, as a person calls it, against the emulator."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playproof.cli import run
from playproof.telemetry import Labels
from playproof.testing import bot_session, human_session, labelled_lines
from tests.emulating import API_KEY, Running, running_emulator

PEOPLE, EACH = 40, 2
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(1)
    people = [
        (human_session(rng, session_id=f"s{number}", targets=4), Labels("human", source="synthetic", subject=f"p{number % PEOPLE}"))
        for number in range(PEOPLE * EACH)
    ]
    bot = (bot_session(rng, session_id="b"), Labels("bot", source="synthetic"))
    file = tmp_path_factory.mktemp("corpus") / "people.jsonl"
    file.write_bytes(labelled_lines([*people, bot]))
    return file


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    return ["--data-dir", str(tmp_path / "data")]


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with running_emulator() as running:
        monkeypatch.setenv("WOODWIDE_BASE_URL", running.url)
        monkeypatch.setenv("WOODWIDE_API_KEY", API_KEY)
        yield running


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(["woodwide", *arguments]) == code
    return capsys.readouterr().out


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    return json.loads(said(capsys, *arguments, "--format", "json", code=code))


def test_a_model_is_uploaded_for_trained_and_checked(
    emulator: Running, corpus: Path, data: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = told(capsys, "upload", str(corpus), *data)
    assert (upload["status"], upload["name"], upload["rows"], upload["people"]) == ("announced", "movement_human_train", 56, 28)
    assert upload["keptOut"] == {"rows": 24, "people": 12}
    assert upload["skipped"] == {"bots": 1, "short": 0, "keyboard": 0, "repeated": 0}
    assert (upload["synthetic"], upload["withoutSubject"], upload["standing"]) == (True, 0, "shown")
    version = told(capsys, "train", "--mode", "fast", *data)
    assert (version["status"], version["standing"], version["calibration"]) == ("ready", "shown", {"rows": 24, "people": 12})
    status = told(capsys, "status", *data)
    assert status["woodwide"] == "answers, and the key is good"
    assert [one["uploadId"] for one in status["uploads"]] == [upload["uploadId"]]
    assert status["versions"] == [version]
    monkeypatch.setenv("ANOMALY_MODEL_ID", version["modelId"])
    found = told(capsys, "check", *data, code=1)
    assert [one["step"] for one in found if not one["good"]] == ["calibration"]
    assert "one row" in [one["step"] for one in found]


def test_at_a_terminal_it_is_told_in_words(emulator: Running, corpus: Path, data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--format", "table", *data]
    shown = said(capsys, "upload", str(corpus), "--name", "ours", "--wait", *words)
    assert "is ingested" in shown
    assert "kept out     24 rows of 12 people: hosted scores are shown and decide nothing" in shown
    assert "left out     1 of bots" in shown
    begun = said(capsys, "train", "--no-wait", *words)
    setting, _, rest = begun.partition("\n")
    assert setting.startswith("ANOMALY_MODEL_ID=mdl_")
    assert "is training" in rest
    followed = said(capsys, "train", *words)
    assert followed.startswith(setting)
    assert "is ready" in followed
    assert "made up: it demonstrates, and proves nothing" in followed
    status = said(capsys, "status", *words)
    assert "shown, synthetic" in status
    assert "ANOMALY_MODEL_ID is not set" in status
    checked = said(capsys, "check", "--model", setting.removeprefix("ANOMALY_MODEL_ID="), *words, code=1)
    assert "a row has the same score alone and in company" in checked


def test_without_a_key_nothing_is_read_or_sent(corpus: Path, data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["upload", str(corpus)], ["train"], ["check", "--model", "mdl_A"]):
        assert run(["woodwide", *arguments, *data]) == 2
        assert "there is no key to ask Woodwide with: set WOODWIDE_API_KEY" in capsys.readouterr().err
    assert not Path("data").exists()
    assert told(capsys, "status", *data)["woodwide"] == "not asked: there is no key"


def test_what_cannot_be_done_is_told(
    emulator: Running, corpus: Path, data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["woodwide", "check", *data]) == 2
    assert "set ANOMALY_MODEL_ID, or give --model" in capsys.readouterr().err
    assert run(["woodwide", "check", "--model", "mdl_A", *data]) == 1
    assert "there are no people's rows to score" in capsys.readouterr().err
    assert run(["woodwide", "train", *data]) == 1
    assert "nothing to train on yet" in capsys.readouterr().err
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text('{"movements": [], "labels": {"label": "Bot"}}\nno JSON\n')
    assert run(["woodwide", "upload", str(wrong), *data]) == 1
    err = capsys.readouterr().err
    assert "wrong.jsonl, line 1: " in err
    assert "wrong.jsonl, line 2: " in err
    assert "too little to train on: 0 usable sessions" in err
    assert emulator.count("datasets.upload").calls == 0
    assert run(["woodwide", "upload", str(corpus), str(wrong), *data]) == 1
    assert json.loads(capsys.readouterr().out)["rows"] == 56


def test_a_provider_that_refuses_is_told_with_its_reason(
    emulator: Running, corpus: Path, data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    emulator.fault("no_credits")
    assert run(["woodwide", "upload", str(corpus), *data]) == 1
    err = capsys.readouterr().err
    assert "(credits_exhausted)" in err
    assert API_KEY not in err
    found = told(capsys, "status", *data)
    assert [(one["status"], one["reason"].endswith("(credits_exhausted)")) for one in found["uploads"]] == [("failed", True)]
    assert "credits_exhausted" in found["woodwide"]


def test_ctrl_c_stops_the_waiting_and_train_carries_on(emulator: Running, corpus: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "playproof", "woodwide"]
    stuck = emulator.fault("job_stuck", "datasets.complete")
    upload = [*command, "upload", str(corpus), "--wait", "--data-dir", "data"]
    with subprocess.Popen(upload, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        pause = threading.Event()
        while emulator.count("jobs.retrieve").calls == 0 and process.poll() is None:
            pause.wait(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out, err.strip()) == (130, b"", b"Interrupted.")
    emulator.service.faults.remove(stuck.id)
    train = subprocess.run(
        [*command, "train", "--data-dir", "data"], cwd=tmp_path, capture_output=True, check=True, timeout=PATIENCE_SECONDS
    )
    assert json.loads(train.stdout)["status"] == "ready"
    assert emulator.count("datasets.upload").calls == 1
