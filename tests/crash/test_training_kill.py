"""`kill -9` while an upload or a training is on its way: what comes after carries it on, and does nothing twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from playproof.store import open_store
from playproof.telemetry import Labels
from playproof.testing import human_session, labelled_lines
from tests.emulating import API_KEY, running_emulator

PATIENCE_SECONDS = 180
ENDLESS_SECONDS = 3600.0
"""What the dead asked for stays on its way until all is over."""
PEOPLE = 40

# Uploads and trains, as a person would; its turn would not be over by itself before the test is.
PROGRAM = """
from playproof.cli import run
from playproof.woodwide import turns

turns.HOLD_SECONDS = 3600.0
for command in (["upload", "people.jsonl", "--wait"], ["train"]):
    assert run(["woodwide", *command, "--data-dir", "data"]) == 0
"""


@pytest.fixture(scope="module")
def corpus() -> bytes:
    rng = np.random.default_rng(1)
    sessions = [human_session(rng, session_id=f"s{number}", targets=4) for number in range(PEOPLE)]
    return labelled_lines([(session, Labels("human", source="lab", subject=session.id or "")) for session in sessions])


@pytest.mark.parametrize(
    ("route", "when"),
    [
        ("datasets.upload", "after"),
        ("uploads.put", "before"),
        ("datasets.complete", "after"),
        ("models.train", "after"),
        ("models.infer", "before"),
    ],
)
def test_it_is_carried_on(tmp_path: Path, corpus: bytes, route: str, when: str) -> None:
    (tmp_path / "people.jsonl").write_bytes(corpus)
    with running_emulator() as emulator:
        fault = emulator.fault("latency", route, when=when, seconds=ENDLESS_SECONDS, times=1)
        environment = {**os.environ, "WOODWIDE_BASE_URL": emulator.url, "WOODWIDE_API_KEY": API_KEY}
        with subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as process:
            emulator.struck(fault)
            process.kill()
        train = [sys.executable, "-m", "playproof", "woodwide", "train", "--data-dir", "data"]
        done = subprocess.run(train, cwd=tmp_path, env=environment, capture_output=True, check=True, timeout=PATIENCE_SECONDS)
        with closing(open_store(tmp_path / "data")) as store:
            (upload,), (record,) = store.hosted.uploads(), store.hosted.models()
        kinds = [job.type for job in emulator.service.jobs.all().values()]
        assert [kinds.count("dataset_ingest"), kinds.count("train")] == [1, 1]
        assert len(emulator.service.datasets.versions(upload.dataset_id or "")) == 1
    assert (upload.state, record.state) == ("ingested", "ready")
    assert json.loads(done.stdout)["modelVersionId"] == record.version_id
