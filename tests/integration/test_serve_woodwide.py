"""`make serve-woodwide`: hosted verdicts without a key, and again at the next start."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from playproof.emulator.service import Emulated
from tests.serving import PATIENCE_SECONDS, body, read_until


@contextlib.contextmanager
def started(repository: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """What it prints, and the service's address; Ctrl-C ends it."""
    command = [sys.executable, str(repository / "scripts" / "serve_woodwide.py"), "--folder", str(folder), "--port", "0"]
    # As at a terminal, Ctrl-C reaches the whole group.
    environment = {**os.environ, "WOODWIDE_DEADLINE_MS": "9000"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True, env=environment)
    try:
        banner = read_until(process, "Stop it")
        match = re.search(r"PlayProof serves (http://\S+)", banner)
        assert match is not None, banner
        yield banner, match[1]
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def scored(url: str, content: bytes) -> dict[str, Any]:
    answer = httpx.post(f"{url}/api/v1/score", content=content, headers={"Content-Type": "application/json"}, timeout=PATIENCE_SECONDS)
    assert answer.status_code == 200, answer.text
    verdict: dict[str, Any] = answer.json()
    return verdict


def test_it_trains_once_and_shows_hosted_verdicts_marked_synthetic(repository: Path, tmp_path: Path) -> None:
    with started(repository, tmp_path / "both") as (banner, url):
        assert "hosted scores decide" in banner
        assert "made up: it demonstrates, and proves nothing" in banner
        example = re.search(r"--data @(\S+)", banner)
        assert example is not None
        bot = scored(url, Path(example[1]).read_bytes())
        person = scored(url, body(5, sessionId="a person"))
    assert [bot["decision"], person["decision"]] == ["fail", "pass"]
    for verdict in (bot, person):
        assert (verdict["status"], verdict["anomaly"]["source"]) == ("final", "woodwide")
        assert "synthetic_model" in [reason["code"] for reason in verdict["reasons"]]
    model = re.search(r"ANOMALY_MODEL_ID=(\S+)", banner)
    assert model is not None
    with started(repository, tmp_path / "both") as (again, url):
        assert f"ANOMALY_MODEL_ID={model[1]}\n" in again
        assert "Making" not in again
        assert scored(url, body(6, sessionId="another"))["hosted"]["modelId"] == model[1]


def refused(repository: Path, folder: Path) -> str:
    command = [sys.executable, str(repository / "scripts" / "serve_woodwide.py"), "--folder", str(folder), "--port", "0"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 1
    return done.stderr


def test_a_folder_that_is_in_use_or_none_is_refused_in_a_line(repository: Path, tmp_path: Path) -> None:
    with Emulated(tmp_path / "both" / "emulator"):
        assert refused(repository, tmp_path / "both") == (
            f"Error: another emulator uses {tmp_path}/both/emulator; choose another with --data-dir\n"
        )
    file = tmp_path / "file"
    file.touch()
    assert refused(repository, file) == f"Error: the data folder {file}/emulator cannot be used: not a directory; choose with --data-dir\n"
