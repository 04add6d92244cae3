"""What the routes answer, beyond what the official tools look at."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest
from arro3.io import read_parquet

from playproof.emulator.core import Pace
from playproof.emulator.faults import ROUTES
from playproof.emulator.parquet import write_parquet
from playproof.testing import FakeClock
from tests.emulating import API_KEY, PATIENCE_SECONDS, Caller, Running, people, running_emulator


@pytest.fixture
def emulator() -> Iterator[Running]:
    with running_emulator() as running:
        yield running


@pytest.fixture
def caller(emulator: Running) -> Iterator[Caller]:
    with Caller(emulator.url) as caller:
        yield caller


def test_every_route_has_a_name_that_faults_know(emulator: Running) -> None:
    from playproof.emulator.app import create_app

    names = {
        handler.opt.get("name")
        for route in create_app(emulator.service).routes
        for handler in getattr(route, "route_handlers", [])
        if "admin" not in handler.opt and "name" in handler.opt
    }
    assert names == set(ROUTES)


def test_versions_follow_each_other_and_old_ones_stay(caller: Caller) -> None:
    first = caller.upload("a,b\n1,2\n", dataset_name="live")
    second = caller.upload("a,b\n1,2\n3,4\n", dataset_id=first["id"])
    assert first["id"] == second["id"]
    versions = caller.get(f"/datasets/{first['id']}/versions")["items"]
    assert [(one["version"], one["row_count"], one["status"]) for one in versions] == [(2, 2, "ready"), (1, 1, "ready")]
    assert caller.get(f"/datasets/{first['id']}/preview") == {
        "headers": ["id", "a", "b"],
        "rows": [{"id": 0, "a": 1.0, "b": 2.0}, {"id": 1, "a": 3.0, "b": 4.0}],
    }
    assert caller.get(f"/datasets/{first['id']}/versions/{first['version_id']}")["row_count"] == 1


def test_override_replaces_the_rows_of_the_latest_version(caller: Caller) -> None:
    first = caller.upload("a,b\n1,2\n", dataset_name="live")
    again = caller.upload("a,b\n1,2\n3,4\n", dataset_name="live", override="true")
    assert (again["id"], again["version_id"]) == (first["id"], first["version_id"])
    assert caller.get(f"/datasets/{first['id']}")["current_version"]["row_count"] == 2


def test_a_name_is_taken_once_even_by_a_hundred_at_once(emulator: Running) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def create(_: int) -> int:
        with Caller(emulator.url) as caller:
            files = {"file": ("rows.csv", b"a,b\n1,2\n")}
            return caller.http.post("/datasets", files=files, data={"dataset_name": "live"}).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(create, range(100)))
    assert sorted(statuses) == [200] + [400] * 99


def test_an_idempotency_key_gives_the_same_answer_once_more(caller: Caller) -> None:
    body = {"file": {"filename": "rows.csv", "bytes": 8, "content_type": "text/csv"}, "dataset_name": "live"}
    headers = {"Idempotency-Key": "upload-1"}
    first, second = (caller.post("/datasets/upload", body, headers=headers) for _ in range(2))
    assert (first["id"], first["version_id"], first["job_id"]) == (second["id"], second["version_id"], second["job_id"])
    other = caller.http.post("/datasets/upload", json={**body, "dataset_name": "other"}, headers=headers)
    assert (other.status_code, other.headers["x-should-retry"]) == (409, "false")
    assert caller.http.post("/datasets/upload", json=body).status_code == 400


def test_a_signed_upload_is_needed_before_it_is_complete(caller: Caller) -> None:
    body = {"file": {"filename": "rows.csv", "bytes": 8, "content_type": "text/csv"}}
    prepared = caller.post("/datasets/upload", body)
    complete = f"/datasets/{prepared['version_id']}/complete"
    assert caller.get(f"/jobs/{prepared['job_id']}")["status"] == "waiting_for_upload"
    assert caller.http.post(complete).status_code == 409
    url = prepared["upload"]["upload_url"]
    assert httpx.put(url.replace("signature=", "signature=0"), content=b"a,b\n1,2\n", timeout=PATIENCE_SECONDS).status_code == 403
    assert httpx.put(url, content=b"a,b\n1,2\n", timeout=PATIENCE_SECONDS).status_code == 200
    assert caller.post(complete)["status"] == "queued"
    assert caller.post(complete)["status"] == "succeeded"
    assert httpx.put(url, content=b"a,b\n9,9\n", timeout=PATIENCE_SECONDS).status_code == 409
    assert caller.get(f"/jobs/{prepared['job_id']}/results")["dataset_ingest_results"]["row_count"] == 1


def test_the_path_of_a_lookup_may_be_escaped(emulator: Running, caller: Caller) -> None:
    made = caller.upload("a\n1\n")
    connection = HTTPConnection(emulator.url.removeprefix("http://"))
    headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
    connection.request("POST", f"/datasets/{made['id']}/rows%3Alookup", '{"ids": [0, 0, 1]}', headers)
    assert json.loads(connection.getresponse().read())["rows"] == [{"id": 0, "a": 1.0}]
    connection.close()


def test_rows_come_as_parquet_too(caller: Caller) -> None:
    content = write_parquet({"a": [1.5, None, 3.0], "b": ["x", None, "z"], "c": [True, False, None], "n": [1, 2, 3]}, {})
    made = caller.post("/datasets", files={"file": ("upload", content)}, data={"dataset_name": "columns"})
    rows = caller.get(f"/datasets/{made['id']}/preview")["rows"]
    assert rows[0] == {"id": 0, "a": 1.5, "b": "x", "c": True, "n": 1.0}
    assert rows[1] == {"id": 1, "a": None, "b": None, "c": False, "n": 2.0}
    kinds = caller.get(f"/datasets/{made['id']}")["current_version"]["schema_json"]["columns"]
    assert [one["type"] for one in kinds] == ["numeric", "categorical", "binary", "numeric"]


def test_a_row_has_the_same_score_alone_and_in_company(caller: Caller) -> None:
    model = caller.model(people(300))
    header, *rows = people(64, seed=3).split()
    together = caller.infer(model, "\n".join([header, *rows])).json()["data"]
    alone = [caller.infer(model, f"{header}\n{row}\n").json()["data"] for row in rows]
    assert together["anomaly_score"] == [one["anomaly_score"][0] for one in alone]
    assert together["is_anomaly"] == [one["is_anomaly"][0] for one in alone]


def test_columns_are_reconciled(caller: Caller) -> None:
    model = caller.model(people(100))
    plain = caller.infer(model, "speed,jerk,game\n400,800,targets\n").json()["data"]
    other_order = caller.infer(model, "extra,game,jerk,speed\nx,targets,800,400\n").json()["data"]
    assert other_order == plain
    for odd in (
        "speed,game\n400,targets\n",
        "speed,jerk,game\n400,many,targets\n",
        "speed,jerk,game\n,,\n",
        "speed,jerk,game\n400,800,chess\n",
    ):
        (score,) = caller.infer(model, odd).json()["data"]["anomaly_score"]
        assert 0 <= score < 1


def test_jobs_pass_through_their_states_by_the_clock() -> None:
    clock = FakeClock()
    with running_emulator(clock=clock, pace=Pace(ingest=10, train=100, infer=10)) as emulator, Caller(emulator.url) as caller:
        made = caller.upload(people(50))
        job = f"/jobs/{made['job_id']}"
        assert caller.get(job)["status"] == "queued"
        assert caller.http.post("/models/train", json={"model_type": "anomaly", "dataset_id": made["id"]}).status_code == 409
        clock.advance(5)
        running = caller.get(job)
        assert (running["status"], running["progress"], running["estimated_seconds_remaining"]) == ("running", 50.0, 5.0)
        assert caller.http.get(f"{job}/results").status_code == 409
        clock.advance(5)
        ended = caller.get(job)
        assert (ended["status"], ended["progress"]) == ("succeeded", 100.0)
        trained = caller.train(made["id"])
        clock.advance(50)
        assert caller.http.post(f"/jobs/{trained['job_id']}/cancel").json()["status"] == "canceled"
        clock.advance(1000)
        assert caller.get(f"/jobs/{trained['job_id']}")["status"] == "canceled"
        assert caller.infer(trained["id"], people(2)).status_code == 409


def test_signed_urls_expire() -> None:
    clock = FakeClock()
    with running_emulator(clock=clock) as emulator, Caller(emulator.url) as caller:
        model = caller.model(people(50))
        job = caller.post(f"/models/{model}/infer-async", files={"file": people(3).encode()})["job_id"]
        url = caller.get(f"/jobs/{job}/results")["inference_results_uri"]
        assert httpx.get(url, timeout=PATIENCE_SECONDS).status_code == 200
        clock.advance(901)
        assert httpx.get(url, timeout=PATIENCE_SECONDS).status_code == 403
        assert httpx.get(caller.get(f"/jobs/{job}/results")["inference_results_uri"], timeout=PATIENCE_SECONDS).status_code == 200


def test_training_on_the_same_rows_again_names_the_model_that_is_there(caller: Caller) -> None:
    made = caller.upload(people(50))
    first = caller.train(made["id"])
    assert caller.train(made["id"])["version_id"] == first["version_id"]
    assert caller.train(made["id"], input_columns=["speed"])["id"] != first["id"]
    assert caller.train(made["id"], force_retrain=True)["id"] != first["id"]
    assert caller.train(made["id"], model_id=first["id"])["version_id"] != first["version_id"]
    assert len(caller.get(f"/datasets/{made['id']}/models")["items"]) == 3


def test_batches_are_remembered_by_version_and_form(caller: Caller) -> None:
    model = caller.model(people(50))
    dataset = caller.get(f"/models/{model}")["training_dataset_id"]

    def job(**order: Any) -> str:
        return str(caller.post(f"/models/{model}/infer-batch", {"dataset_id": dataset, **order})["job_id"])

    first = job()
    assert job() == first
    assert len({first, job(force_rerun=True), job(output_type="csv"), job(anomaly_format="per_row")}) == 4
    caller.upload(people(51), dataset_id=dataset)
    assert job() != first


def test_pages_of_result_rows(caller: Caller) -> None:
    model = caller.model(people(120))
    dataset = caller.get(f"/models/{model}")["training_dataset_id"]
    job = caller.post(f"/models/{model}/infer-batch", {"dataset_id": dataset, "anomaly_format": "per_row"})["job_id"]
    rows = f"/jobs/{job}/results/rows"
    page = caller.get(rows, limit=100, offset=50)
    assert (len(page["rows"]), page["limit"], page["offset"], page["total"], page["total_filtered"]) == (70, 100, 50, 120, 120)
    assert list(page["rows"][0]) == ["id", "is_anomaly", "anomaly_score", "speed", "jerk", "game"]
    assert caller.get(rows, limit=9999)["limit"] == 500
    assert list(caller.get(rows, columns="id,speed,nothing")["rows"][0]) == ["id", "speed"]
    assert list(caller.get(rows, columns=["id", "game"])["rows"][0]) == ["id", "game"]
    flagged = caller.get(rows, filter_column="is_anomaly", filter_value="true", sort_by="anomaly_score", sort_dir="desc")
    scores = [row["anomaly_score"] for row in flagged["rows"]]
    assert 1 <= flagged["total_filtered"] == len(scores) < 12
    assert scores == sorted(scores, reverse=True)
    bubbles = caller.get(rows, search="BUBBLES", limit=500)["rows"]
    assert {row["game"] for row in bubbles} == {"bubbles"}
    assert caller.get(rows, filter_column="nothing", filter_value="1", sort_by="nothing")["total_filtered"] == 120


def test_lists_are_paged_by_cursor(caller: Caller) -> None:
    for number in range(5):
        caller.upload("a,b\n1,2\n", dataset_name=f"set {number}")
    names: list[str] = []
    cursor = None
    while True:
        page = caller.get("/datasets", limit=2, **({"cursor": cursor} if cursor else {}))
        names += [one["name"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert names == [f"set {number}" for number in (4, 3, 2, 1, 0)]
    assert caller.http.get("/datasets", params={"cursor": "nonsense"}).status_code == 422
    assert caller.http.get("/datasets", params={"limit": 201}).status_code == 422


def test_a_deleted_dataset_takes_its_rows_along_and_leaves_its_models(caller: Caller) -> None:
    model = caller.model(people(50))
    dataset = caller.get(f"/models/{model}")["training_dataset_id"]
    job = caller.post(f"/models/{model}/infer-batch", {"dataset_id": dataset, "anomaly_format": "per_row"})["job_id"]
    caller.get(f"/jobs/{job}")
    assert caller.http.delete(f"/datasets/{dataset}").status_code == 204
    assert caller.http.get(f"/datasets/{dataset}").status_code == 404
    assert caller.get(f"/datasets/{dataset}", include_archived="true")["is_archived"]
    assert caller.infer(model, people(3)).status_code == 200
    page = caller.get(f"/jobs/{job}/results/rows")
    assert (list(page["rows"][0]), page["notice"]) == (
        ["id", "is_anomaly", "anomaly_score"],
        "only predictions are left: the input is gone",
    )
    assert caller.get(f"/jobs/{job}/results")["combined_results_uri"] is None
    assert caller.upload(people(50), dataset_name="rows.csv")["id"] != dataset


def test_files_of_ids_alone(caller: Caller) -> None:
    model = caller.model(people(50))
    dataset = caller.get(f"/models/{model}")["training_dataset_id"]
    job = caller.post(f"/models/{model}/infer-batch", {"dataset_id": dataset})["job_id"]
    summary = caller.get(f"/jobs/{job}/results")["summary"]
    table = read_parquet(
        io.BytesIO(httpx.get(caller.get(f"/jobs/{job}/results")["inference_results_uri"], timeout=PATIENCE_SECONDS).content)
    ).read_all()
    assert table.column_names == ["anomalous_ids"]
    assert table.num_rows == summary["anomaly"]["anomaly_count"] > 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/models/train", {"model_type": "anomaly"}, 422),
        ("POST", "/models/train", {"dataset_id": "ds_A"}, 422),
        ("POST", "/models/train", {"model_type": "anomaly", "dataset_id": "ds_A", "label_column": "a"}, 422),
        ("POST", "/models/train", {"model_type": "anomaly", "dataset_id": "ds_A", "parent_job_id": "job_A"}, 422),
        ("POST", "/models/train", {"model_type": "anomaly", "dataset_id": "ds_A"}, 404),
        ("POST", "/models/mdl_A/infer-batch", {"output_type": "xml"}, 422),
        ("POST", "/models/mdl_A/infer", {"file": "a"}, 422),
        ("POST", "/datasets", None, 422),
        ("POST", "/datasets/upload", {"file": {"filename": "a", "bytes": 0}}, 422),
        ("POST", "/datasets/ds_A/rows:lookup", {"ids": list(range(257))}, 422),
        ("GET", "/jobs/job_A", None, 404),
        ("GET", "/jobs/job_A/results/rows", None, 404),
        ("GET", "/models/mdl_A", None, 404),
        ("GET", "/nothing", None, 404),
        ("PUT", "/jobs", None, 405),
        ("POST", "/feedback", {"category": "bug", "message": "m"}, 404),
    ],
)
def test_what_cannot_be_is_refused_in_the_form_of_the_api(caller: Caller, method: str, path: str, body: Any, status: int) -> None:
    response = caller.http.request(method, path, json=body)
    assert (response.status_code, list(response.json())) == (status, ["detail"])
    if status == 422:
        assert set(response.json()["detail"][0]) == {"loc", "msg", "type"}


def test_a_file_that_is_no_table_is_refused(caller: Caller) -> None:
    model = caller.model(people(50))
    assert caller.infer(model, "a,a\n1,2\n").status_code == 422
    job = caller.post(f"/models/{model}/infer-async", files={"file": b"a,a\n1,2\n"})["job_id"]
    assert caller.get(f"/jobs/{job}")["error_message"] == "column names occur twice: a"


def test_without_a_key_nothing_is_answered(emulator: Running) -> None:
    response = httpx.get(f"{emulator.url}/jobs", timeout=PATIENCE_SECONDS)
    assert (response.status_code, response.json()) == (401, {"detail": "Missing API key"})
    assert httpx.get(f"{emulator.url}/jobs", headers={"Authorization": f"Bearer {API_KEY}"}, timeout=PATIENCE_SECONDS).status_code == 200


def test_a_failed_job_is_done_again_by_a_new_one(emulator: Running, caller: Caller) -> None:
    emulator.fault("job_failed", times=1)
    made = caller.upload(people(20))
    assert caller.get(f"/datasets/{made['id']}")["current_version"]["status"] == "failed"
    again = caller.post(f"/jobs/{made['job_id']}/retry")["id"]
    assert again != made["job_id"]
    assert caller.get(f"/datasets/{made['id']}")["current_version"]["ingest_job_id"] == again
    emulator.fault("job_failed", times=1)
    trained = caller.train(made["id"])
    assert caller.infer(trained["id"], people(1)).status_code == 409
    caller.post(f"/jobs/{trained['job_id']}/retry")
    assert caller.infer(trained["id"], people(1)).status_code == 200
    assert caller.http.post(f"/jobs/{trained['job_id']}/retry").status_code == 200
    assert caller.http.post(f"/jobs/{again}/retry").status_code == 409


def test_a_version_that_failed_leaves_the_one_before_in_service(caller: Caller) -> None:
    made = caller.upload(people(20), dataset_name="live")
    broken = caller.upload("a,b\n1\n", dataset_id=made["id"])
    assert caller.get(f"/jobs/{broken['job_id']}")["status"] == "failed"
    assert caller.get(f"/datasets/{made['id']}")["current_version"]["status"] == "failed"
    job = caller.train(made["id"])["job_id"]
    assert caller.get(f"/jobs/{job}")["resources"]["dataset"]["version_id"] == made["version_id"]
    pinned = caller.http.post("/models/train", json={"model_type": "anomaly", "dataset_version_id": broken["version_id"]})
    assert (pinned.status_code, pinned.json()["detail"]) == (409, "No ready dataset version found")


def test_a_dataset_is_renamed_and_described(caller: Caller) -> None:
    caller.upload("a\n1\n", dataset_name="taken")
    made = caller.upload("a\n1\n", dataset_name="live", description="at first")
    path = f"/datasets/{made['id']}"
    assert caller.http.patch(path, json={"description": "then"}).json()["description"] == "then"
    assert caller.http.patch(path, json={"name": "lively"}).json()["name"] == "lively"
    assert caller.http.patch(path, json={"name": "taken"}).status_code == 400
    assert caller.http.patch(path, json={"name": ""}).status_code == 422


def test_versions_are_looked_up_where_they_belong(caller: Caller) -> None:
    one, other = (caller.upload(people(20), dataset_name=name) for name in ("one", "other"))
    assert caller.http.get(f"/datasets/{one['id']}/versions/{other['version_id']}").status_code == 404
    first, second = (caller.train(made["id"]) for made in (one, other))
    assert caller.http.get(f"/models/{first['id']}/versions/{second['version_id']}").status_code == 404
    assert caller.infer(first["id"], people(1), model_version_id=second["version_id"]).status_code == 404
    refused = caller.http.post(
        "/models/train", json={"model_type": "anomaly", "dataset_id": one["id"], "input_columns": ["speed", "colour"]}
    )
    assert refused.json()["detail"][0]["msg"] == "not in the dataset: colour"
    nothing = caller.http.post("/models/train", json={"model_type": "anomaly", "dataset_id": one["id"], "input_columns": []})
    assert nothing.status_code == 422


def test_large_files_are_taken_directly_up_to_a_limit(caller: Caller) -> None:
    large = "a,b\n" + "1.25,2.5\n" * 400_000
    made = caller.upload(large)
    assert caller.get(f"/jobs/{made['job_id']}/results")["dataset_ingest_results"]["byte_size"] == len(large)
    response = caller.http.post("/datasets", files={"file": b"0" * (30 * 1024**2 + 1)})
    assert (response.status_code, "signed URL" in response.json()["detail"]) == (413, True)


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("multipart/form-data; boundary=x", b"--x\r\nnot a part", 400),
        ("multipart/form-data", b"", 400),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n', 422),
        ("application/json", b"{}", 422),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(caller: Caller, kind: str, content: bytes, status: int) -> None:
    response = caller.http.post("/datasets", content=content, headers={"Content-Type": kind})
    assert (response.status_code, list(response.json())) == (status, ["detail"])


def test_a_job_without_rows_has_no_pages_of_them(caller: Caller) -> None:
    made = caller.upload(people(20))
    assert caller.http.get(f"/jobs/{made['job_id']}/results/rows").status_code == 404
    model = caller.train(made["id"])["id"]
    job = caller.infer(model, people(2)).json()["job_id"]
    assert caller.get(f"/jobs/{job}/results") == {"job_type": "infer_sync", "row_paginatable": False}


def test_what_breaks_inside_is_an_error_of_the_server(emulator: Running, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(emulator.service.jobs, "settle", broken)
    response = caller.http.get("/jobs")
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})


def test_a_job_that_breaks_fails_and_holds_nobody_up(emulator: Running, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError

    made = caller.upload(people(20))
    monkeypatch.setitem(emulator.service.jobs.work, "dataset_ingest", broken)
    job = caller.get(f"/jobs/{made['job_id']}")
    assert (job["status"], job["error_message"]) == ("failed", "Internal error")
    assert caller.get(f"/datasets/{made['id']}")["current_version"]["status"] == "failed"
