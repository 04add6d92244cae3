"""The provider's own command line against the emulator. It needs Python 3.12; where there is none, that is said."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulating import API_KEY, Running, running_emulator

REQUIREMENT = "woodwide-cli==0.1.1"
ROWS = "a,b\n" + "".join(f"{i % 13},{i * 2 % 29}\n" for i in range(40))


def _suits(python: str) -> bool:
    asked = subprocess.run([python, "-c", "import sys; sys.exit(sys.version_info < (3, 12))"], capture_output=True)
    return asked.returncode == 0


def find_python() -> str | None:
    """A Python that the command line runs on."""
    if named := os.environ.get("PLAYPROOF_TEST_PYTHON312"):
        return named
    found = [sys.executable, *filter(None, (shutil.which(f"python3.{minor}") for minor in (12, 13, 14)))]
    if pyenv := shutil.which("pyenv"):  # its programs on the PATH refuse to run where another version is chosen
        whence = subprocess.run([pyenv, "whence", "--path", "python3.12"], capture_output=True, text=True)
        found += whence.stdout.split()
    # Where several are installed beside each other, each in a folder of its version.
    found += sorted(map(str, Path(sys.base_prefix).parent.glob("3.1[2-9]*/bin/python3.1[2-9]")))
    return next((python for python in found if _suits(python)), None)


@pytest.fixture(scope="session")
def official() -> list[str]:
    """The command, installed once in a cache folder."""
    python = find_python()
    if python is None:
        pytest.skip("the official command line needs Python 3.12: put python3.12 on the PATH, or name it in PLAYPROOF_TEST_PYTHON312")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "playproof-tests" / REQUIREMENT
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (cache / "ready").exists():
            subprocess.run([python, "-m", "venv", "--clear", str(cache / "venv")], check=True)
            subprocess.run([str(cache / "venv/bin/pip"), "install", "--quiet", REQUIREMENT], check=True)
            (cache / "ready").touch()
    return [str(cache / "venv/bin/wwai")]


class Terminal:
    """Calls of the command line."""

    def __init__(self, command: list[str], emulator: Running, home: Path) -> None:
        self._command = command
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(home), "WOODWIDE_BASE_URL": emulator.url, "WOODWIDE_API_KEY": API_KEY}
        self.home = home

    def call(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """One call."""
        done = subprocess.run(
            [*self._command, *arguments], env=self._environment, cwd=self.home, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        return done

    def json(self, *arguments: str) -> Any:
        """What one call prints, the last document of several."""
        text = self.call(*arguments).stdout.strip()
        decoder = json.JSONDecoder()
        document = None
        while text:
            document, end = decoder.raw_decode(text)
            text = text[end:].lstrip()
        return document


@pytest.fixture
def terminal(official: list[str], tmp_path: Path) -> Iterator[Terminal]:
    with running_emulator() as emulator:
        (tmp_path / "rows.csv").write_text(ROWS)
        yield Terminal(official, emulator, tmp_path)


def test_datasets(terminal: Terminal) -> None:
    made = terminal.json("datasets", "create", "--file", "rows.csv", "--name", "people", "--description", "those who played")
    assert terminal.json("jobs", "wait", made["job_id"], "--poll-interval", "1")["status"] == "succeeded"
    uploaded = terminal.json("datasets", "upload", "--file", "rows.csv", "--dataset-id", made["id"])
    assert terminal.json("jobs", "wait", uploaded["job_id"], "--poll-interval", "1")["status"] == "succeeded"
    assert [one["name"] for one in terminal.json("datasets", "list", "--q", "PEO")["items"]] == ["people"]
    assert terminal.json("datasets", "get", made["id"])["current_version"]["version"] == 2
    assert terminal.json("datasets", "update", made["id"], "--name", "players")["name"] == "players"
    assert len(terminal.json("datasets", "preview", made["id"], "--max-rows", "3")["rows"]) == 3
    assert [row["id"] for row in terminal.json("datasets", "lookup", made["id"], "--ids", "39,1,99")["rows"]] == [39, 1]
    assert [one["version"] for one in terminal.json("datasets", "versions", made["id"])["items"]] == [2, 1]
    assert terminal.json("datasets", "version", made["id"], uploaded["version_id"])["row_count"] == 40
    assert terminal.json("datasets", "models", made["id"])["items"] == []
    assert made["id"] in terminal.call("--format", "table", "datasets", "list").stdout
    terminal.call("datasets", "delete", made["id"], "--yes")
    assert terminal.json("datasets", "list")["items"] == []
    assert len(terminal.json("datasets", "list", "--include-archived")["items"]) == 1
    error = json.loads(terminal.call("datasets", "get", made["id"], code=1).stderr)
    assert (error["status_code"], error["detail"]) == (404, "Dataset not found")


def test_models_inference_and_jobs(terminal: Terminal) -> None:
    made = terminal.json("datasets", "create", "--file", "rows.csv")
    terminal.json("jobs", "wait", made["job_id"], "--poll-interval", "1")
    trained = terminal.json("models", "train", "--type", "anomaly", "--dataset", made["id"], "--wait", "--poll-interval", "1")
    model = trained["model_id"]
    assert trained["status"] == "succeeded"
    retrained = terminal.json("models", "retrain", model, "--dataset", made["id"], "--wait", "--poll-interval", "1")
    assert retrained["model_id"] == model
    assert [one["id"] for one in terminal.json("models", "list")["items"]] == [model]
    assert terminal.json("models", "get", model)["current_version"]["version"] == 2
    versions = terminal.json("models", "versions", model)["items"]
    assert terminal.json("models", "version", model, versions[0]["id"])["version"] == 2

    at_once = terminal.json("infer", "sync", model, "--file", "rows.csv", "--output-type", "json", "--anomaly-format", "per_row")
    assert at_once["data"]["id"] == list(range(40))
    assert terminal.json("infer", "sync", model, "--file", "rows.csv").startswith("anomalous_ids")
    later = terminal.json("infer", "async", model, "--file", "rows.csv", "--wait")
    assert later["status"] == "succeeded"
    batch = terminal.json("infer", "batch", model, "--dataset", made["id"], "--wait", "--force-rerun")
    assert batch["resources"]["dataset"]["version_id"] == made["version_id"]

    assert terminal.json("jobs", "get", batch["id"])["type"] == "infer_batch"
    assert terminal.json("jobs", "results", batch["id"])["summary"]["total_row_count"] == 40
    assert [one["id"] for one in terminal.json("jobs", "list", "--type", "infer_batch")["items"]] == [batch["id"], later["id"]]
    assert terminal.json("jobs", "cancel", batch["id"])["status"] == "succeeded"
    assert terminal.call("--format", "table", "jobs", "list").stdout.count("infer_batch") == 2
    terminal.call("models", "delete", model, "--yes")
    assert terminal.json("models", "list")["items"] == []


def test_a_failed_job_is_retried(terminal: Terminal) -> None:
    (terminal.home / "few.csv").write_text("a,b\n1,2\n")
    made = terminal.json("datasets", "create", "--file", "few.csv")
    terminal.json("jobs", "wait", made["job_id"], "--poll-interval", "1")
    terminal.call("models", "train", "--type", "anomaly", "--dataset", made["id"], "--wait", "--poll-interval", "1", code=1)
    (failed,) = terminal.json("jobs", "list", "--status", "failed")["items"]
    retried = terminal.json("jobs", "retry", failed["id"])
    assert retried["id"] != failed["id"]
    ended = json.loads(terminal.call("jobs", "wait", retried["id"], "--poll-interval", "1", code=1).stdout)
    assert "at least 10 rows" in ended["error_message"]
