"""The service with a hosted model for tests: its application in this process, its provider an emulator."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import numpy as np

from playproof.clock import SystemClock
from playproof.decision import Verdict
from playproof.features import CATALOGUE_VERSION, extract
from playproof.scoring.base import Floats
from playproof.service import decode_verdict, live_of
from playproof.settings import Secret, Settings
from playproof.store import HostedModelRecord, HostedUpload, Store, UploadContent, open_store
from playproof.testing import human_session
from playproof.web.app import compose, create_app
from playproof.web.retention import Retention
from playproof.woodwide import Woodwide, connect, connection_of
from playproof.woodwide.calibration import calibration_of
from playproof.woodwide.mapping import Columns, csv_file
from playproof.woodwide.model import HostedModel
from playproof.woodwide.uploads import Target
from tests.emulating import API_KEY, Running
from tests.serving import body, sample

SESSIONS_EACH = 6
PATIENCE_SECONDS = 180


@cache
def people_rows(count: int, seed: int = 1) -> Floats:
    """Catalogue rows of builders' sessions, made once for all tests of a process."""
    return np.array([extract(human_session(np.random.default_rng([seed, number]))) for number in range(count)])


async def teach(woodwide: Woodwide, store: Store, *, calibrated: int = 400) -> HostedModel:
    """A trained model, calibrated in `store` on so many rows of people."""
    clock = SystemClock()
    columns = Columns()
    upload = await woodwide.uploads.direct(csv_file(people_rows(200), columns), Target(name="people"))
    await woodwide.jobs.wait(upload.job_id, "dataset_ingest")
    training = await woodwide.training.start(upload.version_id, columns.names)
    await woodwide.jobs.wait(training.job_id, "train")
    model = HostedModel(training.model_id, training.version_id, columns)
    kept = people_rows(calibrated, 2)
    scores = await woodwide.inference.at_once(model.model_id, model.version_id, csv_file(kept, columns))
    whose = tuple(number // SESSIONS_EACH for number in range(calibrated))
    calibration = calibration_of(model, scores, [str(person) for person in whose])
    now = int(clock.now().timestamp() * 1000)
    planned = HostedUpload(
        id="upload-1", name="people", created_at=now, columns=columns.names, rows=200, people=200, kept_people=whose, synthetic=True,
        catalogue_version=CATALOGUE_VERSION,
    )  # fmt: skip
    store.hosted.plan(planned, UploadContent(file=b"", kept_rows=b""))
    store.hosted.ingested(planned.id)
    record = HostedModelRecord(
        version_id=model.version_id, model_id=model.model_id, upload="upload-1", job_id=training.job_id, created_at=now,
        columns=columns.names, catalogue_version=CATALOGUE_VERSION, synthetic=True,
    )  # fmt: skip
    store.hosted.begun(record)
    store.hosted.ready(model.version_id, msgspec.json.encode(calibration))
    return model


class HostedSite:
    """The application in this process, on one event loop, its provider at hand."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.services = compose(settings)
        week = timedelta(days=7)
        app = cast(Any, create_app(self.services, Retention(week, week, live_of(settings))))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000")

    async def score(self, content: bytes, **headers: str) -> Verdict:
        """The verdict that `content` is answered with."""
        given = {"Content-Type": "application/json", **headers}
        answer = await self.http.post("/api/v1/score", content=content, headers=given, timeout=PATIENCE_SECONDS)
        assert answer.status_code == 200, answer.text
        return decode_verdict(answer.content)

    async def crowd(self, count: int, seed: int = 100) -> list[Verdict]:
        """The verdicts of so many sessions at once."""
        return list(await asyncio.gather(*(self.score(body(seed + number, sessionId=f"s{seed + number}")) for number in range(count))))

    async def stored(self, name: str) -> Verdict:
        """The verdict under an id."""
        answer = await self.http.get(f"/api/v1/sessions/{name}")
        assert answer.status_code == 200, answer.text
        return decode_verdict(answer.content)

    async def final(self, name: str) -> Verdict:
        """The verdict under an id, once it is final."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (verdict := await self.stored(name)).status != "final":  # noqa: ASYNC110 - polled, as a site would
                await asyncio.sleep(0.02)
        return verdict

    def metric(self, name: str, **labels: str) -> float:
        """The value of a sample, 0 where it was never touched."""
        return sample(self.services.metrics, name, **labels)


def hosted_settings(folder: Path, emulator: Running, model_id: str, **given: Any) -> Settings:
    """Settings of a service whose provider is `emulator`; its sessions have all the time that a slow machine needs."""
    usual: dict[str, Any] = {"woodwide_deadline_ms": 60_000, "request_timeout": 90.0, "woodwide_attempts": 1, "woodwide_breaker_rest": 0.2}
    return Settings(
        data_dir=folder,
        anomaly_model_id=model_id,
        woodwide_api_key=Secret(API_KEY),
        woodwide_base_url=emulator.url,
        **{**usual, **given},
    )


async def taught(folder: Path, emulator: Running, *, calibrated: int = 400) -> str:
    """The id of a model that is trained, and calibrated in the store of `folder`."""
    store = open_store(folder)
    try:
        async with connect(connection_of(hosted_settings(folder, emulator, "unnamed"))) as woodwide:
            return (await teach(woodwide, store, calibrated=calibrated)).model_id
    finally:
        store.close()


def hosted_environment(emulator: Running, model_id: str, **given: str) -> dict[str, str]:
    """What `playproof serve` finds in its environment to ask this model."""
    return {"WOODWIDE_BASE_URL": emulator.url, "WOODWIDE_API_KEY": API_KEY, "ANOMALY_MODEL_ID": model_id, **given}


@contextlib.asynccontextmanager
async def hosted_site(folder: Path, emulator: Running, *, calibrated: int = 400, **given: Any) -> AsyncIterator[HostedSite]:
    """A service that asks a model which it has trained itself, calibrated on so many rows."""
    model_id = await taught(folder, emulator, calibrated=calibrated)
    async with serving_hosted(hosted_settings(folder, emulator, model_id, **given)) as site:
        yield site


@contextlib.asynccontextmanager
async def serving_hosted(settings: Settings) -> AsyncIterator[HostedSite]:
    """A service as `settings` say, from start to stop."""
    site = HostedSite(settings)
    tower, hosted = site.services.tower, site.services.hosted
    assert tower is not None
    assert hosted is not None
    try:
        async with tower, hosted, site.http:
            yield site
    finally:
        site.services.store.close()
