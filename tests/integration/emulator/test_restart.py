"""State on disk: what a restart finds, and who may hold the folder."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from playproof.emulator.core import Pace
from playproof.emulator.service import Emulated
from playproof.errors import StoreRefused
from playproof.testing import FakeClock
from tests.emulating import PATIENCE_SECONDS, Caller, people, running_emulator


def test_a_restart_keeps_everything(tmp_path: Path) -> None:
    rows = people(5, seed=4)
    clock = FakeClock()
    with running_emulator(tmp_path, clock=clock) as emulator, Caller(emulator.url) as caller:
        made = caller.upload(people(60), dataset_name="live")
        model = caller.train(made["id"])["id"]
        scores = caller.infer(model, rows).json()["data"]
        job = caller.post(f"/models/{model}/infer-batch", {"dataset_id": made["id"], "anomaly_format": "per_row"})["job_id"]
        results = caller.get(f"/jobs/{job}/results/rows", limit=500)
        url = caller.get(f"/jobs/{job}/results")["inference_results_uri"]
        lists = [caller.get(path) for path in ("/datasets", "/models", "/jobs")]
    with running_emulator(tmp_path, clock=clock) as emulator, Caller(emulator.url) as caller:
        assert [caller.get(path) for path in ("/datasets", "/models", "/jobs")] == lists
        assert caller.infer(model, rows).json()["data"] == scores
        assert caller.get(f"/jobs/{job}/results/rows", limit=500) == results
        assert caller.post(f"/models/{model}/infer-batch", {"dataset_id": made["id"], "anomaly_format": "per_row"})["job_id"] == job
        signed = url[url.index("/_storage") :]
        assert httpx.get(emulator.url + signed, timeout=PATIENCE_SECONDS).status_code == 200
        assert caller.upload(people(3), dataset_id=made["id"])["dataset"]["version_number"] == 2
        assert caller.http.post("/datasets", files={"file": b"a\n1\n"}, data={"dataset_name": "live"}).status_code == 400


def test_jobs_go_on_after_a_restart(tmp_path: Path) -> None:
    clock = FakeClock()
    pace = Pace(ingest=10)
    with running_emulator(tmp_path, clock=clock, pace=pace) as emulator, Caller(emulator.url) as caller:
        made = caller.upload(people(60))
        prepared = caller.post("/datasets/upload", {"file": {"filename": "late.csv", "bytes": 4}})
        path = prepared["upload"]["upload_url"].removeprefix(emulator.url)
    with running_emulator(tmp_path, clock=clock, pace=pace) as emulator, Caller(emulator.url) as caller:
        assert caller.get(f"/jobs/{made['job_id']}")["status"] == "queued"
        assert httpx.put(emulator.url + path, content=b"a\n1\n", timeout=PATIENCE_SECONDS).status_code == 200
        caller.post(f"/datasets/{prepared['version_id']}/complete")
        clock.advance(11)
        assert caller.get(f"/jobs/{made['job_id']}")["status"] == "succeeded"
        assert caller.get(f"/jobs/{prepared['job_id']}")["status"] == "succeeded"


def test_a_folder_is_held_by_one(tmp_path: Path) -> None:
    with Emulated(tmp_path), pytest.raises(StoreRefused, match="another emulator uses"):
        Emulated(tmp_path)
    Emulated(tmp_path).close()


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreRefused, match="cannot be used"):
        Emulated(tmp_path / "file")


def test_half_a_record_is_not_read(tmp_path: Path) -> None:
    with running_emulator(tmp_path) as emulator, Caller(emulator.url) as caller:
        made = caller.upload(people(12))
    (tmp_path / "datasets" / f".{made['id']}.json.draft").write_text('{"id":')
    with running_emulator(tmp_path) as emulator, Caller(emulator.url) as caller:
        assert len(caller.get("/datasets")["items"]) == 1


@pytest.mark.parametrize("lost", ["datasets", "dataset-versions", "models", "model-versions", "jobs"])
def test_what_a_kill_between_two_records_left_is_forgotten(tmp_path: Path, lost: str) -> None:
    clock = FakeClock()
    pace = Pace(ingest=10, train=10)
    with running_emulator(tmp_path, clock=clock, pace=pace) as emulator, Caller(emulator.url) as caller:
        kept = caller.upload(people(20), dataset_name="kept")
        clock.advance(11)
        before = set(tmp_path.rglob("*.json"))
        caller.get("/jobs")
        caller.train(kept["id"])
        caller.post("/datasets/upload", {"file": {"filename": "late.csv", "bytes": 4}}, headers={"Idempotency-Key": "k"})
    for file in set(tmp_path.rglob("*.json")) - before:
        if file.parent.name == lost:
            file.unlink()
    with running_emulator(tmp_path, clock=clock, pace=pace) as emulator, Caller(emulator.url) as caller:
        clock.advance(11)
        assert caller.train(kept["id"])["status"] in ("queued", "succeeded")
        caller.post("/datasets/upload", {"file": {"filename": "other.csv", "bytes": 4}}, headers={"Idempotency-Key": "k2"})
        for path in ("/datasets", "/models", "/jobs"):
            for record in caller.get(path)["items"]:
                assert caller.get(f"{path}/{record['id']}")["id"] == record["id"]


def test_deleting_ends_what_is_under_way(tmp_path: Path) -> None:
    clock = FakeClock()
    with running_emulator(clock=clock, pace=Pace(train=10, infer=10)) as emulator, Caller(emulator.url) as caller:
        made = caller.upload(people(20))
        first = caller.train(made["id"])
        clock.advance(11)
        batch = caller.post(f"/models/{first['id']}/infer-batch", {"dataset_id": made["id"]})["job_id"]
        assert caller.http.delete(f"/models/{first['id']}").status_code == 204
        second = caller.train(made["id"])["job_id"]
        assert caller.http.delete(f"/datasets/{made['id']}").status_code == 204
        clock.advance(11)
        assert [caller.get(f"/jobs/{job}")["status"] for job in (batch, second)] == ["canceled", "canceled"]


def test_a_job_that_ended_two_processes_fails_in_the_third(tmp_path: Path) -> None:
    clock = FakeClock()
    with running_emulator(tmp_path, clock=clock, pace=Pace(ingest=10)) as emulator, Caller(emulator.url) as caller:
        job = caller.upload(people(20))["job_id"]
    file = tmp_path / "jobs" / f"{job}.json"
    assert '"begun":0' in file.read_text()
    file.write_text(file.read_text().replace('"begun":0', '"begun":2'))
    clock.advance(11)
    with running_emulator(tmp_path, clock=clock) as emulator, Caller(emulator.url) as caller:
        assert caller.get(f"/jobs/{job}")["error_message"] == "the emulator ended 2 times over this job"
