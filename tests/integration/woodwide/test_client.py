"""The client against the emulator: the official SDK on real connections."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from playproof.emulator.core import Pace
from playproof.errors import HostedReason
from playproof.settings import load_settings
from playproof.testing import FakeClock
from playproof.woodwide import Woodwide, connect, connection_of
from playproof.woodwide.answers import Training, Upload
from playproof.woodwide.mapping import MODEL_COLUMNS, Columns, csv_file, parquet_file
from playproof.woodwide.scores import Scores
from playproof.woodwide.uploads import Target, Uploads
from tests.emulating import API_KEY, Running, running_emulator
from tests.hosting import COLUMNS, PEOPLE, Site, batch, oddities, rows, scored, trained, uploaded


@pytest.fixture
def emulator() -> Iterator[Running]:
    with running_emulator() as running:
        yield running


@pytest.fixture
def site(emulator: Running) -> Site:
    return Site(emulator)


def test_from_an_upload_to_scores(site: Site) -> None:
    async def work(woodwide: Woodwide) -> tuple[Scores, Scores]:
        upload, training = await trained(woodwide)
        model = await woodwide.training.model(training.model_id)
        assert model.status == "ready"
        return await scored(woodwide, training, np.vstack([rows(), oddities()])), await batch(woodwide, training, upload)

    inline, batched = site.run(work)
    assert inline.raw.shape == (PEOPLE + 3,)
    assert min(inline.raw[PEOPLE:]) > max(inline.raw[:PEOPLE])
    assert inline.flagged[PEOPLE:] == (True, True, True)
    assert np.allclose(inline.raw[:PEOPLE], batched.raw)
    assert all(report.outcome == "ok" for report in site.reports)
    assert {report.call for report in site.reports} >= {"datasets.create", "jobs.retrieve", "models.train", "models.infer"}
    sent = {report.call: report.sent for report in site.reports}
    assert sent["datasets.create"] == len(csv_file(rows(), COLUMNS).content)


def test_a_row_scores_the_same_alone_and_in_company(site: Site) -> None:
    async def work(woodwide: Woodwide) -> tuple[Scores, Scores]:
        _, training = await trained(woodwide)
        return await scored(woodwide, training, rows(1, 9)), await scored(woodwide, training, np.vstack([rows(1, 9), oddities(30)]))

    alone, together = site.run(work)
    assert alone.raw[0] == pytest.approx(together.raw[0])


def test_a_signed_upload_tells_its_ids_before_it_sends(site: Site) -> None:
    kept: list[tuple[Upload, int]] = []

    async def keep(upload: Upload) -> None:
        kept.append((upload, site.calls("uploads.put")))

    async def work(woodwide: Woodwide) -> Upload:
        first = await woodwide.uploads.signed(parquet_file(rows(), COLUMNS), Target(name="live"), key="one", keep=keep)
        await woodwide.jobs.wait(first.job_id, "dataset_ingest")
        again = await woodwide.uploads.signed(parquet_file(rows(30), COLUMNS), Target(dataset_id=first.dataset_id), key="two", keep=keep)
        await woodwide.jobs.wait(again.job_id, "dataset_ingest")
        found = await woodwide.datasets.find("live")
        assert found is not None
        assert (found.id, found.current_version and found.current_version.row_count) == (first.dataset_id, 30)
        assert [each.row_count for each in await woodwide.datasets.versions(first.dataset_id)] == [30, PEOPLE]
        assert (await woodwide.datasets.get(first.dataset_id)).name == "live"
        return first

    first = site.run(work)
    assert kept[0] == (first, 0)
    assert kept[1][0].dataset_id == first.dataset_id


def test_a_signed_upload_that_was_cut_off_anywhere_is_done_again_as_one(site: Site) -> None:
    file = parquet_file(rows(), COLUMNS)

    async def drop(upload: Upload) -> None:
        raise ConnectionAbortedError

    async def keep(upload: Upload) -> None:
        return None

    async def begin(woodwide: Woodwide) -> None:
        await woodwide.uploads.signed(file, Target(name="live"), key="one", keep=drop)

    with pytest.raises(ConnectionAbortedError):
        site.run(begin)

    async def end(woodwide: Woodwide) -> tuple[Upload, Upload]:
        first = await woodwide.uploads.signed(file, Target(name="live"), key="one", keep=keep)
        await woodwide.jobs.wait(first.job_id, "dataset_ingest")
        again = await woodwide.uploads.complete(first)
        assert len(await woodwide.datasets.versions(first.dataset_id)) == 1
        return first, again

    first, again = site.run(end)
    assert again == first


def test_a_file_that_is_not_there_is_not_taken_for_complete(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(self: Uploads, *given: object) -> bool:
        return True

    async def keep(upload: Upload) -> None:
        return None

    monkeypatch.setattr(Uploads, "_put", lost)
    error = site.fails(lambda woodwide: woodwide.uploads.signed(csv_file(rows(), COLUMNS), Target(name="live"), key="one", keep=keep))
    assert error.reason is HostedReason.CONFLICT


def test_a_signed_address_that_is_over_is_asked_for_anew(site: Site) -> None:
    async def work(woodwide: Woodwide) -> Scores:
        async def keep(upload: Upload) -> None:
            return None

        upload = await woodwide.uploads.signed(csv_file(rows(), COLUMNS), Target(name="live"), key="one", keep=keep)
        await woodwide.jobs.wait(upload.job_id, "dataset_ingest")
        training = await woodwide.training.start(upload.version_id, COLUMNS.names)
        await woodwide.jobs.wait(training.job_id, "train")
        return await batch(woodwide, training, upload)

    site.emulator.fault("expired_url", "datasets.upload", times=1)
    site.emulator.fault("expired_url", "jobs.retrieve_results", times=1)
    assert np.isfinite(site.run(work).raw).all()
    assert site.calls("results.download") == 2
    assert site.calls("uploads.put") == 2


def test_an_address_that_is_always_over_is_the_reason(site: Site) -> None:
    async def work(woodwide: Woodwide) -> None:
        upload, training = await trained(woodwide)
        await batch(woodwide, training, upload)

    site.emulator.fault("expired_url", "jobs.retrieve_results")
    assert site.fails(work).reason is HostedReason.EXPIRED_URL


def test_a_job_is_waited_for_at_growing_intervals(emulator: Running) -> None:
    clock = FakeClock()
    with running_emulator(clock=clock, pace=Pace(ingest=20.0)) as slow:
        site = Site(slow, clock=clock)
        site.run(uploaded)
    assert site.slept == sorted(site.slept)
    assert site.slept[0] == 0.25
    assert 20.0 <= sum(site.slept) < 26.0


def test_a_job_that_does_not_end_can_be_waited_for_again(site: Site) -> None:
    site.emulator.fault("job_stuck", "datasets.create")

    async def begin(woodwide: Woodwide) -> Upload:
        return await woodwide.uploads.direct(csv_file(rows(), COLUMNS), Target(name="people"))

    upload = site.run(begin)
    error = site.fails(lambda woodwide: woodwide.jobs.wait(upload.job_id, "dataset_ingest", 60.0))
    assert error.reason is HostedReason.JOB_TIMEOUT
    assert sum(site.slept) == pytest.approx(60.0)
    site.emulator.heal()
    assert site.run(lambda woodwide: woodwide.jobs.wait(upload.job_id, "dataset_ingest")).status == "succeeded"


@pytest.mark.parametrize(("kind", "reason"), [("job_failed", HostedReason.JOB_FAILED), ("job_rejected", HostedReason.JOB_REJECTED)])
def test_a_job_that_ends_badly_says_how(site: Site, kind: str, reason: HostedReason) -> None:
    site.emulator.fault(kind, "datasets.create")
    assert site.fails(uploaded).reason is reason


def test_a_job_of_another_kind_is_not_taken_for_it(site: Site) -> None:
    upload = site.run(uploaded)
    error = site.fails(lambda woodwide: woodwide.jobs.wait(upload.job_id, "train"))
    assert error.reason is HostedReason.INVALID_RESPONSE


def test_a_training_whose_answer_was_lost_is_found(site: Site) -> None:
    upload = site.run(uploaded)
    site.emulator.fault("reset", "models.train", when="after", times=1)
    error = site.fails(lambda woodwide: woodwide.training.start(upload.version_id, COLUMNS.names))
    assert (error.reason, error.uncertain, site.reports[-1].tries) == (HostedReason.UNREACHABLE, True, 1)
    found = site.run(lambda woodwide: woodwide.training.begun(upload.version_id))
    assert found is not None
    assert site.run(lambda woodwide: woodwide.jobs.wait(found.job_id, "train")).status == "succeeded"
    assert site.run(lambda woodwide: woodwide.training.begun("dsv_NOBODY00")) is None


def test_a_batch_asked_for_twice_is_one_unless_it_is_to_be_done_again(site: Site) -> None:
    async def work(woodwide: Woodwide) -> list[str]:
        upload, training = await trained(woodwide)
        return [
            (await woodwide.inference.begin(training.model_id, training.version_id, upload.version_id, again=again)).job_id
            for again in (False, False, True)
        ]

    first, second, third = site.run(work)
    assert first == second != third


def test_a_model_is_trained_anew_under_its_id(site: Site) -> None:
    async def work(woodwide: Woodwide) -> tuple[Training, Training]:
        upload, training = await trained(woodwide)
        more = await uploaded(woodwide, Target(dataset_id=upload.dataset_id), PEOPLE + 10)
        return training, await woodwide.training.start(more.version_id, COLUMNS.names, model_id=training.model_id)

    first, second = site.run(work)
    assert first.model_id == second.model_id
    assert first.version_id != second.version_id


def test_results_come_page_by_page_where_there_is_no_file(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playproof.woodwide.results.PAGE_ROWS", 50)
    monkeypatch.setattr("playproof.woodwide.results.Results._address", _nowhere)

    async def work(woodwide: Woodwide) -> tuple[Scores, Scores]:
        upload, training = await trained(woodwide)
        return await batch(woodwide, training, upload), await scored(woodwide, training, rows())

    paged, inline = site.run(work)
    assert np.allclose(paged.raw, inline.raw)
    assert site.calls("jobs.retrieve_result_rows") == 3


async def _nowhere(self: object, job_id: str) -> None:
    return None


def test_the_sdks_own_variables_pass_through_and_storage_sees_no_key(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[httpx.Request] = []
    send = httpx.AsyncClient.send

    async def recorded(self: httpx.AsyncClient, request: httpx.Request, **given: Any) -> httpx.Response:
        seen.append(request)
        return await send(self, request, **given)

    async def keep(upload: Upload) -> None:
        return None

    async def work(woodwide: Woodwide) -> None:
        upload = await woodwide.uploads.signed(csv_file(rows(), COLUMNS), Target(name="live"), key="one", keep=keep)
        await woodwide.jobs.wait(upload.job_id, "dataset_ingest")
        training = await woodwide.training.start(upload.version_id, COLUMNS.names)
        await woodwide.jobs.wait(training.job_id, "train")
        await batch(woodwide, training, upload)

    monkeypatch.setattr(httpx.AsyncClient, "send", recorded)
    monkeypatch.setenv("WOODWIDE_CUSTOM_HEADERS", "X-Team: pointers")
    site.run(work)
    storage = [request for request in seen if "/_storage/" in request.url.path]
    assert {request.method for request in storage} == {"GET", "PUT"}
    assert not any("authorization" in request.headers or "x-team" in request.headers for request in storage)
    others = [request for request in seen if request not in storage]
    assert all(request.headers["authorization"] == f"Bearer {API_KEY}" for request in others)
    assert all(request.headers["x-team"] == "pointers" for request in others)
    assert all(request.headers["x-stainless-retry-count"] == "0" for request in others)
    (announced,) = [request for request in others if request.url.path == "/datasets/upload"]
    assert announced.headers["idempotency-key"] == "one"


def test_the_example_of_the_page_runs(emulator: Running, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (repository / "docs" / "woodwide.md").read_text("utf-8")
    example = re.findall(r"^    .*$", page, re.MULTILINE)
    program = "async def example():\n" + "\n".join(example) + "\n    return scores\n"
    names: dict[str, Any] = {
        "Columns": Columns, "MODEL_COLUMNS": MODEL_COLUMNS, "Target": Target, "connect": connect, "connection_of": connection_of,
        "csv_file": csv_file, "load_settings": load_settings, "new_rows": rows(3, 5), "rows": rows(),
    }  # fmt: skip
    monkeypatch.setenv("WOODWIDE_BASE_URL", emulator.url)
    monkeypatch.setenv("WOODWIDE_API_KEY", API_KEY)
    exec(program, names)
    scores: Scores = asyncio.run(names["example"]())
    assert np.isfinite(scores.raw).tolist() == [True] * 3
