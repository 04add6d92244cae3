"""`playproof emulator` as a process."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from playproof.cli import run
from tests.emulating import PATIENCE_SECONDS, Caller, people


@dataclass
class Emulating:
    """A running `playproof emulator`."""

    process: subprocess.Popen[str]
    url: str
    banner: str

    def stop(self, sig: int) -> int:
        self.process.send_signal(sig)
        return self.process.wait(PATIENCE_SECONDS)


@contextlib.contextmanager
def emulating(folder: Path, *arguments: str, **environment: str) -> Iterator[Emulating]:
    command = [sys.executable, "-m", "playproof", "emulator", "--port", "0", "--job-seconds", "0", *arguments]
    given = {**os.environ, "PLAYPROOF_DATA_DIR": str(folder / "service"), **environment}
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True, env=given) as process:
        try:
            assert process.stdout is not None
            lines: list[str] = []
            while not lines or not lines[-1].startswith("Stop it"):
                lines.append(process.stdout.readline())
                assert lines[-1], f"the emulator did not start: {lines}"
            banner = "".join(lines)
            match = re.search(r"http://127\.0\.0\.1:\d+", banner)
            assert match is not None
            yield Emulating(process, match[0], banner)
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(tmp_path: Path, sig: int) -> None:
    with emulating(tmp_path) as emulator:
        assert httpx.get(f"{emulator.url}/jobs", headers={"Authorization": "Bearer sk_any"}, timeout=PATIENCE_SECONDS).json() == {
            "items": [],
            "next_cursor": None,
        }
        assert emulator.stop(sig) == 0


def test_what_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with emulating(tmp_path, "--data-dir", str(folder)) as emulator:
        with Caller(emulator.url) as caller:
            model = caller.model(people(50))
            scores = caller.infer(model, people(3)).json()["data"]
        assert emulator.stop(signal.SIGKILL) == -signal.SIGKILL
    with emulating(tmp_path, "--data-dir", str(folder)) as emulator, Caller(emulator.url) as caller:
        assert caller.infer(model, people(3)).json()["data"] == scores


def test_faults_by_flag_and_by_the_admin_key_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with emulating(tmp_path, "--data-dir", str(folder), "--fault", "no_credits@jobs.*,times=1") as emulator:
        assert "no_credits on jobs.*" in emulator.banner
        with Caller(emulator.url) as caller:
            assert [caller.http.get("/jobs").status_code for _ in range(2)] == [402, 200]
        key = (folder / "admin.key").read_text().strip()
        assert key not in emulator.banner
        assert (folder / "admin.key").stat().st_mode & 0o777 == 0o600
        with Caller(emulator.url, key) as admin:
            assert admin.get("/_emulator/faults")["items"][0]["kind"] == "no_credits"


def test_the_admin_key_can_be_given(tmp_path: Path) -> None:
    with emulating(tmp_path, PLAYPROOF_ADMIN_KEY="the-operator") as emulator, Caller(emulator.url, "the-operator") as admin:
        assert admin.get("/_emulator/calls") == {}


def test_pages_of_other_hosts_and_origins_get_nothing(tmp_path: Path) -> None:
    with emulating(tmp_path) as emulator, Caller(emulator.url) as caller:
        for headers in ({"Host": "rebound.example"}, {"Origin": "https://elsewhere.example"}):
            assert caller.http.get("/jobs", headers=headers).status_code == 403


def test_keys_can_be_asked_for(tmp_path: Path) -> None:
    with emulating(tmp_path, "--api-key", "sk_known") as emulator:
        with Caller(emulator.url) as stranger:
            assert stranger.http.get("/jobs").status_code == 401
        with Caller(emulator.url, "sk_known") as friend:
            assert friend.http.get("/jobs").status_code == 200


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "refusing to serve 0.0.0.0 without a key"),
        (["--fault", "rainfall"], "no such kind of fault: rainfall"),
        (["--fault", "latency@jobs.lost"], "latency cannot happen on jobs.lost"),
        (["--fault", "latency,second=1"], "'second=1' is not an option of a fault"),
        (["--fault", "latency,seconds=long"], "Expected `float`"),
    ],
)
def test_a_call_that_cannot_be_is_refused(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["emulator", *arguments]) == 2
    assert words in capsys.readouterr().err
