"""Training over HTTP: upload, start, see how it stands; what follows goes on by itself, after a restart too."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import numpy as np
import pytest

from playproof.service import live_of
from playproof.settings import Secret, Settings
from playproof.telemetry import Labels
from playproof.testing import bot_session, human_session, labelled_lines
from playproof.web.app import compose, create_app
from playproof.web.retention import Retention
from tests.emulating import API_KEY, Running, running_emulator
from tests.serving import is_problem

ADMIN = "admin-key-of-the-test"
HEADERS = {"Authorization": f"Bearer {ADMIN}"}
LINES = {**HEADERS, "Content-Type": "application/x-ndjson"}
UPLOAD, START = "/api/v1/datasets/upload", "/api/v1/training/start"
PEOPLE, EACH = 30, 2
PATIENCE_SECONDS = 60


def on_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that runs on an event loop of its own."""

    @functools.wraps(test)
    def run(**given: Any) -> None:
        asyncio.run(test(**given))

    return run


@pytest.fixture(scope="module")
def corpus() -> bytes:
    rng = np.random.default_rng(1)
    people = [
        (human_session(rng, session_id=f"s{number}", targets=4), Labels("human", source="lab", subject=f"p{number % PEOPLE}"))
        for number in range(PEOPLE * EACH)
    ]
    return labelled_lines([*people, (bot_session(rng, session_id="b"), Labels("bot", source="lab"))])


@pytest.fixture
def emulator() -> Iterator[Running]:
    with running_emulator() as running:
        yield running


def settings_of(folder: Path, emulator: Running | None, **given: Any) -> Settings:
    key = {"woodwide_api_key": Secret(API_KEY), "woodwide_base_url": emulator.url, "woodwide_attempts": 1} if emulator else {}
    return Settings(data_dir=folder, admin_key=Secret(ADMIN), **{**key, **given})


@contextlib.asynccontextmanager
async def site(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The application from start to stop."""
    services = compose(settings)
    week = timedelta(days=7)
    app = cast(Any, create_app(services, Retention(week, week, live_of(settings))))
    try:
        async with contextlib.AsyncExitStack() as running:
            if services.training is not None:
                await running.enter_async_context(services.training)
            http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000", timeout=PATIENCE_SECONDS)
            yield await running.enter_async_context(http)
    finally:
        services.store.close()


async def ready(http: httpx.AsyncClient, model_id: str) -> dict[str, Any]:
    """How the newest version of a model stands, once it is ready."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            answer = await http.get(f"/api/v1/training/{model_id}", headers=HEADERS)
            assert answer.status_code == 200, answer.text
            newest: dict[str, Any] = answer.json()["versions"][0]
            if newest["status"] == "ready":
                return newest
            await asyncio.sleep(0.02)


@on_a_loop
async def test_a_model_is_trained_and_calibrated(tmp_path: Path, emulator: Running, corpus: bytes) -> None:
    async with site(settings_of(tmp_path / "data", emulator)) as http:
        answer = await http.post(f"{UPLOAD}?name=ours", content=corpus, headers=LINES)
        assert answer.status_code == 202, answer.text
        upload = answer.json()
        assert (upload["name"], upload["rows"], upload["people"]) == ("ours", 42, 21)
        assert (upload["keptOut"], upload["skipped"]["bots"], upload["synthetic"]) == ({"rows": 18, "people": 9}, 1, False)
        assert upload["versionId"].startswith("dsv_")
        answer = await http.post(START, json={"uploadId": upload["uploadId"], "mode": "fast"}, headers=HEADERS)
        assert answer.status_code == 202, answer.text
        begun = answer.json()
        assert begun["modelVersionId"].startswith("mdlv_")
        assert begun["status"] in ("training", "calibrating", "ready")
        newest = await ready(http, begun["modelId"])
        assert (newest["calibration"], newest["standing"], newest["modelVersionId"]) == (
            {"rows": 18, "people": 9}, "shown", begun["modelVersionId"],
        )  # fmt: skip
        assert newest["createdAt"].endswith("Z")
        answer = await http.post(START, json={"modelId": begun["modelId"]}, headers=HEADERS)
        assert answer.json()["modelId"] == begun["modelId"]
        assert answer.json()["modelVersionId"] != begun["modelVersionId"]


@on_a_loop
async def test_what_a_stopped_service_left_goes_on_at_the_next_start(tmp_path: Path, emulator: Running, corpus: bytes) -> None:
    settings = settings_of(tmp_path / "data", emulator)
    stuck = emulator.fault("job_stuck", "models.train")
    async with site(settings) as http:
        await http.post(UPLOAD, content=corpus, headers=LINES)
        begun = (await http.post(START, json={}, headers=HEADERS)).json()
        assert begun["status"] == "training"
    emulator.service.faults.remove(stuck.id)
    async with site(settings) as http:
        assert (await ready(http, begun["modelId"]))["modelVersionId"] == begun["modelVersionId"]
    assert emulator.count("models.train").calls == 1


@on_a_loop
async def test_an_upload_that_is_not_taken_in_yet_is_told(tmp_path: Path, emulator: Running, corpus: bytes) -> None:
    emulator.fault("job_stuck", "datasets.complete")
    async with site(settings_of(tmp_path / "data", emulator, request_timeout=0.5)) as http:
        assert (await http.post(UPLOAD, content=corpus, headers=LINES)).status_code == 202
        is_problem(await http.post(START, json={}, headers=HEADERS), 409, "upload-not-ready")
        emulator.heal()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await http.post(START, json={}, headers=HEADERS)).status_code != 202:  # noqa: ASYNC110 - polled, as a client would
                await asyncio.sleep(0.02)


@on_a_loop
async def test_what_woodwide_refuses_is_told_with_its_reason(tmp_path: Path, emulator: Running, corpus: bytes) -> None:
    async with site(settings_of(tmp_path / "data", emulator)) as http:
        emulator.fault("no_credits", "datasets.upload")
        problem = is_problem(await http.post(UPLOAD, content=corpus, headers=LINES), 502, "hosted-model-error")
        assert problem["reason"] == "credits_exhausted"
        assert API_KEY not in str(problem)
        is_problem(await http.post(START, json={}, headers=HEADERS), 404, "upload-not-found")
        is_problem(await http.post(START, json={"uploadId": "upl_x"}, headers=HEADERS), 404, "upload-not-found")
        is_problem(await http.get("/api/v1/training/mdl_X", headers=HEADERS), 404, "model-not-found")


@on_a_loop
async def test_without_a_key_of_woodwide_nothing_is_taken(tmp_path: Path, corpus: bytes) -> None:
    async with site(settings_of(tmp_path / "data", None)) as http:
        for answer in (
            await http.post(UPLOAD, content=corpus, headers=LINES),
            await http.post(START, json={}, headers=HEADERS),
        ):
            assert is_problem(answer, 503, "hosted-model-not-configured")["reason"] == "not_configured"
            assert "retry-after" not in answer.headers


@on_a_loop
async def test_the_admin_key_opens_it_and_no_other(tmp_path: Path, emulator: Running, corpus: bytes) -> None:
    async with site(settings_of(tmp_path / "data", emulator)) as http:
        for headers in ({}, {"Authorization": "Bearer another"}):
            for answer in (
                await http.post(
                    UPLOAD, content=corpus, headers={**LINES, **headers} if headers else {"Content-Type": LINES["Content-Type"]}
                ),
                await http.post(START, json={}, headers=headers),
                await http.get("/api/v1/training/mdl_X", headers=headers),
            ):
                is_problem(answer, 401, "unauthorized")
    assert emulator.count("datasets.upload").calls == 0


def with_line(corpus: bytes, line: bytes) -> bytes:
    """`corpus` with `line` as its second."""
    first, rest = corpus.split(b"\n", 1)
    return b"\n".join([first, line, rest])


@pytest.mark.parametrize(
    ("line", "status", "code", "path"),
    [
        (b"no JSON", 422, "invalid-request", "$"),
        (b'{"movements": 3}', 422, "invalid-request", "$.movements"),
        (b'{"movements": [], "labels": {"label": "Bot"}}', 422, "invalid-request", "$.labels.label"),
        (b'{"movements": [' + b" " * (2 * 1024**2) + b"]}", 413, "too-large", "$"),
    ],
)
@on_a_loop
async def test_a_wrong_line_is_named(
    tmp_path: Path, emulator: Running, corpus: bytes, line: bytes, status: int, code: str, path: str
) -> None:
    async with site(settings_of(tmp_path / "data", emulator)) as http:
        problem = is_problem(await http.post(UPLOAD, content=with_line(corpus, line), headers=LINES), status, code)
    assert problem["detail"].startswith("line 2: ")
    assert problem["path"] == path
    assert emulator.count("datasets.upload").calls == 0


@on_a_loop
async def test_what_is_no_file_of_sessions_is_refused(tmp_path: Path, emulator: Running, corpus: bytes) -> None:
    async with site(settings_of(tmp_path / "data", emulator, max_upload=len(corpus) - 1)) as http:
        is_problem(await http.post(UPLOAD, content=corpus, headers=LINES), 413, "too-large")

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(corpus), 100_000):
                yield corpus[start : start + 100_000]

        is_problem(await http.post(UPLOAD, content=pieces(), headers=LINES), 413, "too-large")
        some = corpus[: corpus.index(b"\n", 100_000)]
        is_problem(await http.post(UPLOAD, content=some.split(b"\n")[0], headers=LINES), 422, "corpus-refused")
        is_problem(await http.post(UPLOAD, content=b"", headers=LINES), 422, "corpus-refused")
        is_problem(await http.post(UPLOAD, content=b"\x1f\x8b" + some, headers=LINES), 422, "invalid-request")
        is_problem(await http.post(UPLOAD, content=some, headers=HEADERS), 415, "unsupported-media-type")
        is_problem(await http.post(UPLOAD, content=some, headers={**LINES, "Content-Encoding": "gzip"}), 415, "unsupported-media-type")
        for name in ("", "a%00b", "%FF", "%C3%BC", "x" * 129, "a&name=b"):
            is_problem(await http.post(f"{UPLOAD}?name={name}", content=some, headers=LINES), 400, "bad-request")


@on_a_loop
async def test_what_is_no_order_to_train_is_refused(tmp_path: Path, emulator: Running) -> None:
    given = {**HEADERS, "Content-Type": "application/json"}
    async with site(settings_of(tmp_path / "data", emulator)) as http:
        is_problem(await http.post(START, content=b"{", headers=given), 400, "malformed-json")
        is_problem(await http.post(START, content=b"", headers=given), 400, "malformed-json")
        for wrong, path in (({"mode": "slow"}, "$.mode"), ({"modelid": "mdl_X"}, "$"), ([], "$")):
            problem = is_problem(await http.post(START, content=msgspec.json.encode(wrong), headers=given), 422, "invalid-request")
            assert problem["path"] == path
        is_problem(await http.post(START, content=b" " * 5000, headers=given), 413, "too-large")
