"""What can be made to go wrong, seen from the caller's side."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import woodwide

from tests.emulating import ADMIN_KEY, API_KEY, PATIENCE_SECONDS, Caller, Running, people, running_emulator

ROWS = people(8, seed=2)
LONG_SECONDS = 3600.0
"""Nobody waits so long."""


@pytest.fixture
def emulator() -> Iterator[Running]:
    with running_emulator() as running:
        yield running


@pytest.fixture
def caller(emulator: Running) -> Iterator[Caller]:
    with Caller(emulator.url) as caller:
        yield caller


@pytest.mark.parametrize(
    ("kind", "status"), [("rate_limited", 429), ("server_error", 503), ("unauthorized", 401), ("no_credits", 402), ("forbidden", 403)]
)
def test_a_status_is_answered_as_often_as_asked(emulator: Running, caller: Caller, kind: str, status: int) -> None:
    emulator.fault(kind, "jobs.list", times=2, after=1)
    assert [caller.http.get("/jobs").status_code for _ in range(4)] == [200, status, status, 200]
    assert caller.http.get("/models").status_code == 200
    assert emulator.count("jobs.list").statuses == {"200": 2, str(status): 2}


def test_rate_limits_say_when_to_come_back_and_the_sdk_does(emulator: Running, caller: Caller) -> None:
    emulator.fault("rate_limited", times=1, seconds=7)
    response = caller.http.get("/jobs")
    assert (response.headers["retry-after"], response.json()) == ("7", {"detail": "Rate limit exceeded"})
    emulator.fault("rate_limited", times=2, seconds=0.01)
    with woodwide.WoodWide(base_url=emulator.url, api_key=API_KEY) as client:
        assert client.jobs.list().items == []
    assert emulator.count("jobs.list").calls == 4


def test_a_server_error_has_the_status_asked_for(emulator: Running, caller: Caller) -> None:
    emulator.fault("server_error", status=502)
    assert caller.http.get("/jobs").status_code == 502


def test_a_late_answer_is_missed_by_who_does_not_wait(emulator: Running, caller: Caller) -> None:
    emulator.fault("latency", seconds=LONG_SECONDS)
    with pytest.raises(httpx.ReadTimeout):
        caller.http.get("/jobs", timeout=httpx.Timeout(PATIENCE_SECONDS, read=0.2))
    emulator.heal()
    emulator.fault("latency", seconds=0.01)
    assert caller.http.get("/jobs").status_code == 200


@pytest.mark.parametrize(("kind", "when"), [("latency", "before"), ("latency", "after"), ("drip", "before")])
def test_what_is_held_up_goes_on_when_the_fault_is_taken_away(emulator: Running, caller: Caller, kind: str, when: str) -> None:
    fault = emulator.fault(kind, "jobs.list", seconds=LONG_SECONDS, when=when)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(caller.get, "/jobs")
        emulator.struck(fault)
        assert not answer.done()
        emulator.heal()
        assert answer.result() == {"items": [], "next_cursor": None}


def test_a_reset_connection_gives_no_answer(emulator: Running, caller: Caller) -> None:
    emulator.fault("reset", "datasets.create", times=1)
    with pytest.raises(httpx.TransportError):
        caller.upload(ROWS)
    assert caller.get("/datasets")["items"] == []
    assert emulator.count("datasets.create").statuses == {"0": 1}


@pytest.mark.parametrize("kind", ["reset", "server_error", "rate_limited"])
def test_after_means_that_the_call_had_its_effect(emulator: Running, caller: Caller, kind: str) -> None:
    emulator.fault(kind, "datasets.create", times=1, when="after")
    files = {"file": ("rows.csv", ROWS.encode())}
    try:
        response = caller.http.post("/datasets", files=files)
        assert response.status_code == {"server_error": 503, "rate_limited": 429}[kind]
        assert list(response.json()) == ["detail"]
    except httpx.TransportError:
        assert kind == "reset"
    assert [one["name"] for one in caller.get("/datasets")["items"]] == ["rows.csv"]


def test_a_body_can_drip(emulator: Running, caller: Caller) -> None:
    emulator.fault("drip", "jobs.list", times=1, seconds=LONG_SECONDS, pieces=60)
    with caller.http.stream("GET", "/jobs") as response:
        assert response.status_code == 200  # which is there although the body is not
        emulator.heal()
        assert response.read() == b'{"items":[],"next_cursor":null}'
    emulator.fault("drip", "jobs.list", times=1, seconds=0.01, pieces=5)
    assert caller.get("/jobs") == {"items": [], "next_cursor": None}


def test_an_empty_body_keeps_its_status_and_type(emulator: Running, caller: Caller) -> None:
    model = caller.model(people(50))
    emulator.fault("empty_body")
    response = caller.infer(model, ROWS)
    assert (response.status_code, response.headers["content-type"], response.content) == (200, "application/json", b"")
    assert caller.get("/models")["items"]
    with woodwide.WoodWide(base_url=emulator.url, api_key=API_KEY) as client, pytest.raises(ValueError, match="Expecting value"):
        client.models.infer(model, file=ROWS.encode(), output_type="json")


@pytest.mark.parametrize("ending", ["failed", "rejected"])
@pytest.mark.parametrize("route", ["datasets.create", "models.train", "models.infer_batch"])
def test_a_job_can_be_made_to_end_badly(emulator: Running, caller: Caller, route: str, ending: str) -> None:
    model = caller.model(people(50))
    dataset = caller.get(f"/models/{model}")["training_dataset_id"]
    emulator.fault(f"job_{ending}", route, times=1)
    started = {
        "datasets.create": lambda: caller.upload(ROWS, dataset_name="other"),
        "models.train": lambda: caller.train(dataset, force_retrain=True),
        "models.infer_batch": lambda: caller.post(f"/models/{model}/infer-batch", {"dataset_id": dataset}),
    }[route]()
    job = caller.get(f"/jobs/{started['job_id']}")
    assert (job["status"], job["error_message"]) == (ending, f"the job was {ending}, as a fault asked for")
    if route == "datasets.create":
        assert caller.get(f"/datasets/{started['id']}")["current_version"]["status"] == "failed"
    if route == "models.train":
        assert caller.get(f"/models/{started['id']}")["status"] == "failed"


def test_a_stuck_job_runs_until_the_fault_is_gone(emulator: Running, caller: Caller) -> None:
    emulator.fault("job_stuck", times=1)
    job = caller.upload(ROWS)["job_id"]
    assert [caller.get(f"/jobs/{job}")["status"] for _ in range(3)] == ["running"] * 3
    assert caller.get(f"/jobs/{caller.upload(ROWS, dataset_name='other')['job_id']}")["status"] == "succeeded"
    emulator.heal()
    assert caller.get(f"/jobs/{job}")["status"] == "succeeded"


def _answers(caller: Caller, model: str) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """The same rows scored at once, as pages of a job and as the file of a job."""
    at_once = caller.infer(model, ROWS).json()["data"]
    data = {"output_type": "json", "anomaly_format": "per_row"}
    started = caller.post(f"/models/{model}/infer-async", files={"file": ROWS.encode()}, data=data)
    assert caller.get(f"/jobs/{started['job_id']}")["status"] == "succeeded"
    rows = caller.get(f"/jobs/{started['job_id']}/results/rows")["rows"]
    file = httpx.get(caller.get(f"/jobs/{started['job_id']}/results")["inference_results_uri"], timeout=PATIENCE_SECONDS).json()["data"]
    return at_once, rows, file


def test_rows_can_be_missing_invented_shuffled_or_without_scores(emulator: Running, caller: Caller) -> None:
    model = caller.model(people(50))
    right = caller.infer(model, ROWS).json()["data"]

    emulator.fault("fewer_rows", rows=3)
    at_once, rows, file = _answers(caller, model)
    assert at_once["id"] == [row["id"] for row in rows] == file["id"] == [0, 1, 2, 3, 4]
    emulator.heal()

    emulator.fault("more_rows", rows=2)
    at_once, rows, file = _answers(caller, model)
    assert at_once["id"] == [row["id"] for row in rows] == file["id"] == list(range(10))
    emulator.heal()

    emulator.fault("shuffled_rows")
    at_once, rows, file = _answers(caller, model)
    assert at_once["id"] == [row["id"] for row in rows] == file["id"] != list(range(8))
    assert dict(zip(at_once["id"], at_once["anomaly_score"], strict=True)) == dict(enumerate(right["anomaly_score"]))
    assert [row["speed"] for row in sorted(rows, key=lambda row: row["id"])] == [float(line.split(",")[0]) for line in ROWS.split()[1:]]
    emulator.heal()

    emulator.fault("nan_scores")
    at_once, rows, file = _answers(caller, model)
    assert at_once["anomaly_score"] == [row["anomaly_score"] for row in rows] == file["anomaly_score"] == [None] * 8
    assert all(math.isnan(float(line.split(",")[2])) for line in caller.infer(model, ROWS, output_type="csv").text.split()[1:])
    emulator.heal()

    emulator.fault("relative_scores")
    at_once, rows, file = _answers(caller, model)
    assert at_once["anomaly_score"] == [row["anomaly_score"] for row in rows] == file["anomaly_score"]
    assert sorted(at_once["anomaly_score"]) == [rank / 8 for rank in range(1, 9)]
    emulator.heal()

    emulator.fault("ids_only")
    at_once, rows, file = _answers(caller, model)
    assert at_once == file == {"anomalous_ids": [row["anomalous_ids"] for row in rows]}
    emulator.heal()

    assert caller.infer(model, ROWS).json()["data"] == right


def test_a_wrong_result_can_be_kept_until_the_job_is_done_anew(emulator: Running, caller: Caller) -> None:
    model = caller.model(people(50))
    dataset = caller.get(f"/models/{model}")["training_dataset_id"]
    order = {"dataset_id": dataset, "anomaly_format": "per_row"}
    emulator.fault("fewer_rows", "models.infer_batch", times=1)

    def total(**more: bool) -> int:
        job = caller.post(f"/models/{model}/infer-batch", {**order, **more})["job_id"]
        return int(caller.get(f"/jobs/{job}/results/rows")["total"])

    assert [total(), total(), total(force_rerun=True)] == [49, 49, 50]


def test_another_version_can_answer(emulator: Running, caller: Caller) -> None:
    model = caller.model(people(50))
    dataset = caller.get(f"/models/{model}")["training_dataset_id"]
    first = caller.get(f"/models/{model}")["current_version"]["version_id"]
    newer = caller.upload(people(60), dataset_id=dataset)
    second = caller.train(dataset, model_id=model)["version_id"]
    assert caller.infer(model, ROWS).json()["model_version_id"] == second
    emulator.fault("stale_version")
    assert caller.infer(model, ROWS, model_version_id=second).json()["model_version_id"] == first
    job = caller.post(f"/models/{model}/infer-batch", {"dataset_version_id": newer["version_id"]})["job_id"]
    assert caller.get(f"/jobs/{job}")["resources"]["dataset"]["version_number"] == 1


def test_urls_can_be_expired_when_they_are_handed_out(emulator: Running, caller: Caller) -> None:
    model = caller.model(people(50))
    job = caller.post(f"/models/{model}/infer-async", files={"file": ROWS.encode()})["job_id"]
    emulator.fault("expired_url", times=2)
    assert httpx.get(caller.get(f"/jobs/{job}/results")["inference_results_uri"], timeout=PATIENCE_SECONDS).status_code == 403
    file = {"file": {"filename": "more.csv", "bytes": len(ROWS), "content_type": "text/csv"}}
    assert (
        httpx.put(caller.post("/datasets/upload", file)["upload"]["upload_url"], content=ROWS, timeout=PATIENCE_SECONDS).status_code == 403
    )
    assert httpx.get(caller.get(f"/jobs/{job}/results")["inference_results_uri"], timeout=PATIENCE_SECONDS).status_code == 200


def test_the_legacy_beta_answers_nothing_for_what_is_small_or_new(emulator: Running, caller: Caller) -> None:
    model = caller.model(people(50))
    dataset = caller.get(f"/models/{model}")["training_dataset_id"]
    emulator.fault("empty_small", "models.infer")
    one = "\n".join(ROWS.splitlines()[:2]) + "\n"
    assert (caller.infer(model, one).status_code, caller.infer(model, one).content) == (200, b"")
    assert len(caller.infer(model, ROWS).json()["data"]["id"]) == 8
    emulator.fault("empty_small", "models.infer_batch", seconds=3600)
    job = caller.post(f"/models/{model}/infer-batch", {"dataset_id": dataset})["job_id"]
    assert caller.get(f"/jobs/{job}/results/rows")["total"] == 0
    assert httpx.get(caller.get(f"/jobs/{job}/results")["inference_results_uri"], timeout=PATIENCE_SECONDS).content == b""


def test_a_fault_can_be_for_one_key_alone(emulator: Running, caller: Caller) -> None:
    emulator.fault("no_credits", key="sk_poor")
    with Caller(emulator.url, "sk_poor") as poor:
        assert poor.http.get("/jobs").status_code == 402
    assert caller.http.get("/jobs").status_code == 200


def test_faults_and_counts_over_http_are_for_who_has_the_admin_key(emulator: Running, caller: Caller) -> None:
    assert caller.http.get("/_emulator/faults").status_code == 401
    with Caller(emulator.url, ADMIN_KEY) as admin:
        made = admin.http.post("/_emulator/faults", json={"kind": "latency", "seconds": 0.01, "times": 3})
        assert (made.status_code, made.json()["kind"]) == (201, "latency")
        caller.get("/jobs")
        assert admin.get("/_emulator/faults")["items"][0]["seen"] == 1
        assert admin.get("/_emulator/calls")["jobs.list"]["calls"] == 1
        assert admin.http.delete(f"/_emulator/faults/{made.json()['id']}").status_code == 204
        assert admin.http.delete(f"/_emulator/faults/{made.json()['id']}").status_code == 404
        assert admin.http.post("/_emulator/faults", json={"kind": "reset"}).status_code == 201
        assert admin.http.delete("/_emulator/faults").status_code == 204
        assert admin.get("/_emulator/faults") == {"items": []}
        assert admin.http.delete("/_emulator/calls").status_code == 204
        assert admin.get("/_emulator/calls") == {}
        refused = admin.http.post("/_emulator/faults", json={"kind": "job_stuck", "route": "jobs.list"})
        assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (422, ["body", "route"])
        assert admin.http.post("/_emulator/faults", json={"kind": "latency", "sconds": 1}).status_code == 422
