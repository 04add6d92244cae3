"""The provider's own SDK against the emulator."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import woodwide
from arro3.io import read_parquet

from tests.emulating import API_KEY, Running, running_emulator

ROWS = "speed,jerk,game\n" + "".join(f"{i % 17},{(i * 7) % 31 / 10},{'ab'[i % 2]}\n" for i in range(60))
POLL = 0.01


@pytest.fixture
def emulator() -> Iterator[Running]:
    with running_emulator() as running:
        yield running


@pytest.fixture
def client(emulator: Running) -> Iterator[woodwide.WoodWide]:
    # Strict, so that an answer that is not of the SDK's own type is an error.
    with woodwide.WoodWide(base_url=emulator.url, api_key=API_KEY, _strict_response_validation=True) as client:
        yield client


def test_the_script_of_the_reference_runs_as_it_is(emulator: Running, tmp_path: Path) -> None:
    script = Path(__file__).with_name("sdk_smoke.txt")
    environment = {**os.environ, "WOODWIDE_BASE_URL": emulator.url, "WOODWIDE_API_KEY": API_KEY}
    subprocess.run([sys.executable, str(script)], cwd=tmp_path, env=environment, check=True, timeout=60)
    assert read_parquet(tmp_path / "out.parquet").read_all().num_rows == 50


def test_the_script_is_that_of_the_reference(repository: Path) -> None:
    page = repository.parent / "shared" / "reference" / "woodwide-api.md"
    if not page.exists():
        pytest.skip(f"the reference is not at {page}")
    assert page.read_text("utf-8").endswith("```python\n" + Path(__file__).with_name("sdk_smoke.txt").read_text("utf-8") + "```\n")


def test_every_helper_that_waits(client: woodwide.WoodWide, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(ROWS)
    made = woodwide.ingest_dataset(client, file=file, dataset_name="people", poll_interval=POLL)
    assert made.job.type == "dataset_ingest"
    again = woodwide.ingest_large_dataset(client, file=file, dataset_id=made.submission.id, poll_interval=POLL)
    assert again.completion is not None
    assert again.completion.version_id == again.submission.version_id
    trained = woodwide.train_model(
        client, model_type="anomaly", dataset_id=made.submission.id, input_columns=["speed", "jerk"], poll_interval=POLL
    )
    assert woodwide.wait_for_training(client, trained.submission.job_id, poll_interval=POLL).status == "succeeded"
    batch = woodwide.infer_batch_and_wait(
        client, trained.submission.id, dataset_id=made.submission.id, anomaly_format="per_row", output_type="csv", poll_interval=POLL
    )
    inference = woodwide.download_job_results(client, batch.job.id, tmp_path / "out.csv")
    combined = woodwide.download_job_results(client, batch.job.id, tmp_path / "all.parquet", result_type="combined")
    assert inference.read_text().splitlines()[0] == "id,is_anomaly,anomaly_score"
    assert read_parquet(combined).read_all().column_names == ["id", "is_anomaly", "anomaly_score", "speed", "jerk", "game"]
    rows = list(woodwide.iter_result_rows(client, batch.job.id, page_size=25))
    assert [row["id"] for row in rows] == list(range(60))
    assert inference.read_text().splitlines()[60] == f"59,{str(rows[59]['is_anomaly']).lower()},{rows[59]['anomaly_score']}"


def test_every_helper_that_waits_without_blocking(emulator: Running, tmp_path: Path) -> None:
    async def work() -> int:
        async with woodwide.AsyncWoodWide(base_url=emulator.url, api_key=API_KEY) as client:
            content = ("people.csv", ROWS.encode(), "text/csv")
            made = await woodwide.async_ingest_dataset(client, file=content, dataset_name="people", poll_interval=POLL)
            await woodwide.async_ingest_large_dataset(client, file=content, dataset_id=made.submission.id, poll_interval=POLL)
            trained = await woodwide.async_train_model(client, model_type="anomaly", dataset_id=made.submission.id, poll_interval=POLL)
            await woodwide.async_wait_for_training(client, trained.submission.job_id, poll_interval=POLL)
            batch = await woodwide.async_infer_batch_and_wait(
                client, trained.submission.id, dataset_id=made.submission.id, anomaly_format="per_row", poll_interval=POLL
            )
            await woodwide.async_download_job_results(client, batch.job.id, tmp_path / "out.parquet")
            return len([row async for row in woodwide.async_iter_result_rows(client, batch.job.id)])

    assert asyncio.run(work()) == 60
    assert read_parquet(tmp_path / "out.parquet").read_all().num_rows == 60


def trained_model(client: woodwide.WoodWide) -> str:
    made = woodwide.ingest_dataset(client, file=("people.csv", ROWS.encode(), "text/csv"), poll_interval=POLL)
    return woodwide.train_model(client, model_type="anomaly", dataset_id=made.submission.id, poll_interval=POLL).submission.id


def test_inference_at_once_in_every_form(client: woodwide.WoodWide) -> None:
    model = trained_model(client)
    client = client.with_options(_extra_kwargs={"_strict_response_validation": False})  # which knows of JSON alone
    rows = b"speed,jerk,game\n3,1.2,a\n900,0.1,b\n"
    answer: Any = client.models.infer(model, file=rows, output_type="json", anomaly_format="per_row")
    assert answer["data"]["id"] == [0, 1]
    assert answer["data"]["is_anomaly"] == [False, True]
    assert list(answer["anomaly_descriptions"]) == ["1"]
    assert answer["anomaly_descriptions"]["1"]["feature_contributions"][0]["name"] == "speed"
    answer = client.models.infer(model, file=rows, output_type="json")
    assert answer["data"] == {"anomalous_ids": [1]}
    assert client.models.infer(model, file=rows) == "anomalous_ids\n1\n"
    raw = client.models.with_raw_response.infer(model, file=rows, output_type="parquet", anomaly_format="per_row")
    assert raw.headers["content-type"] == "application/octet-stream"
    table = read_parquet(raw.read()).read_all()
    assert table.column_names == ["id", "is_anomaly", "anomaly_score"]
    assert table.schema.metadata[b"model_id"] == model.encode()


def test_inference_later_on_a_file(client: woodwide.WoodWide, tmp_path: Path) -> None:
    model = trained_model(client)
    started = client.models.infer_async(model, file=("rows.csv", ROWS.encode()), output_type="json", anomaly_format="per_row")
    job = woodwide.wait_for_job(client, started.job_id, poll_interval=POLL)
    assert job.type == "infer_batch"
    assert job.resources is not None
    assert client.jobs.retrieve_results(started.job_id).row_paginatable
    assert b'"anomaly_score"' in woodwide.download_job_results(client, started.job_id, tmp_path / "out.json").read_bytes()


def test_every_answer_has_the_type_that_the_sdk_gives_it(client: woodwide.WoodWide) -> None:
    model = trained_model(client)
    version = client.models.versions.list(model).items[0]
    assert version.dataset_id is not None
    dataset, rows = version.dataset_id, str(version.dataset_version_id)
    assert client.models.list(limit=5, q=model).items[0].current_version is not None
    assert client.models.versions.retrieve(version.id, model_id=model).training_job_id == version.training_job_id
    assert client.models.retrieve(model).training_dataset_id == dataset
    assert client.datasets.list(q="peo", limit=3, include_archived=True).next_cursor is None
    assert client.datasets.retrieve(dataset).current_version is not None
    assert client.datasets.update(dataset, name="players", description="who played").name == "players"
    assert client.datasets.versions.list(dataset).items[0].id == rows
    assert client.datasets.versions.retrieve(rows, dataset_id=dataset).row_count == 60
    assert client.datasets.retrieve_models(dataset).items[0].id == model
    assert client.datasets.rows_lookup(dataset, ids=[59, 3]).rows[0]["id"] == 59
    assert len(client.datasets.retrieve_preview(dataset, max_rows=2).rows) == 2
    batch = client.models.infer_batch(model, dataset_version_id=rows, anomaly_format="per_row", output_type="csv")
    assert client.jobs.retrieve(batch.job_id).resources is not None
    assert client.jobs.retrieve_results(batch.job_id).summary is not None
    assert client.jobs.retrieve_results(str(version.training_job_id)).job_type == "train"
    assert client.jobs.retrieve_result_rows(batch.job_id, limit=7, sort_by="anomaly_score", sort_dir="desc").total == 60
    assert {job.type for job in client.jobs.list(limit=3).items} == {"dataset_ingest", "train", "infer_batch"}
    assert client.jobs.cancel(batch.job_id).status == "succeeded"
    with pytest.raises(woodwide.ConflictError):
        client.jobs.retry(batch.job_id)
    client.models.delete(model)
    client.datasets.delete(dataset)


def test_a_failed_job_is_told_by_the_helper(client: woodwide.WoodWide) -> None:
    with pytest.raises(RuntimeError, match="line 3 has 1 values, the header 2"):
        woodwide.ingest_dataset(client, file=("bad.csv", b"a,b\n1,2\n3\n"), poll_interval=POLL)
    few = woodwide.ingest_dataset(client, file=("few.csv", b"a,b\n1,2\n"), poll_interval=POLL)
    with pytest.raises(RuntimeError, match="at least 10 rows"):
        woodwide.train_model(client, model_type="anomaly", dataset_id=few.submission.id, poll_interval=POLL)


def test_errors_are_those_the_sdk_names(client: woodwide.WoodWide) -> None:
    woodwide.ingest_dataset(client, file=("people.csv", ROWS.encode()), poll_interval=POLL)
    with pytest.raises(woodwide.BadRequestError, match="already exists"):
        client.datasets.create(file=("people.csv", ROWS.encode()))
    with pytest.raises(woodwide.NotFoundError):
        client.datasets.retrieve("ds_NOBODY00")
    with pytest.raises(woodwide.UnprocessableEntityError, match="anomaly models only"):
        client.models.train(model_type="prediction", dataset_id="ds_NOBODY00")
    with pytest.raises(woodwide.APIStatusError) as caught:
        client.datasets.create(file=("big.csv", b"0" * (30 * 1024**2 + 1)))
    assert caught.value.status_code == 413


def test_a_key_that_is_not_known_is_refused() -> None:
    with (
        running_emulator(api_keys=["sk_known"]) as emulator,
        woodwide.WoodWide(base_url=emulator.url, api_key="sk_unknown") as stranger,
        woodwide.WoodWide(base_url=emulator.url, api_key="sk_known") as friend,
    ):
        with pytest.raises(woodwide.AuthenticationError):
            stranger.jobs.list()
        assert friend.jobs.list().items == []
