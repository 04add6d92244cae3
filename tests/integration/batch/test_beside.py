"""What runs beside the requests, with batches as a part of it: one tower, one name, one look for the dead."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from playproof.dataset import Channel
from playproof.service import decode_verdict
from playproof.settings import Settings
from playproof.store import Store
from playproof.store.sqlite.driver import find_driver
from playproof.web.app import compose, compose_worker
from playproof.web.retention import retention_of
from playproof.web.running import running
from playproof.woodwide.flights import Passenger
from playproof.woodwide.mapping import RawScore
from tests.batching import plays, some
from tests.emulating import running_emulator
from tests.realtime import HostedSite, hosted_site, people_rows
from tests.serving import body

PATIENCE_SECONDS = 60
ENDLESS_SECONDS = 3600.0
"""So long a call would take if nobody healed the emulator."""

DIES = """if True:
    import os, sys
    from pathlib import Path
    from playproof.store import Forming, open_store
    store = open_store(Path(sys.argv[1]))
    store.holders.announce("killed")
    assert len(store.batch.claim("killed", 3600, Forming(1, 0, 50))) == 12
    os._exit(9)
"""


def enqueue(site: HostedSite, *names: str) -> None:
    for number, name in enumerate(names):
        session = replace(plays()[number % len(plays())], id=name)
        outcome = site.services.service.submit(session, channel=Channel.API, use_batch=True).outcome
        assert outcome.result(PATIENCE_SECONDS).status == "stored"


async def until_free(store: Store) -> None:
    """Return when nobody works at anything that is queued."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while store.batch.backlog().claimed:  # noqa: ASYNC110 - polled, as a site would
            await asyncio.sleep(0.02)


def test_real_time_and_batches_publish_one_dataset_by_turns(tmp_path: Path) -> None:
    async def work() -> None:
        async with hosted_site(
            tmp_path / "data", emulator, woodwide_strategy="dataset", woodwide_deadline_ms=60_000, request_timeout=90
        ) as site:
            before = emulator.count("models.infer").calls
            assert (await site.score(body(1, sessionId="visitor"))).anomaly.source == "woodwide"
            enqueue(site, *some(5))
            assert (await site.services.batch.scheduler.process()).final == 5
            assert {(await site.stored(name)).anomaly.source for name in some(5)} == {"woodwide"}
            assert (await site.score(body(2, sessionId="another"))).anomaly.source == "woodwide"
            assert (emulator.count("models.infer_batch").calls, emulator.count("models.infer").calls) == (3, before)
            assert emulator.datasets("movement_live_inference") == ["movement_live_inference"]

    with running_emulator() as emulator:
        asyncio.run(work())


def test_who_does_not_wait_for_a_publication_flies_inline_and_who_does_comes_next(tmp_path: Path) -> None:
    async def work() -> None:
        async with hosted_site(tmp_path / "data", emulator, woodwide_strategy="dataset") as site:
            tower = site.services.tower
            assert tower is not None
            enqueue(site, *some(3))
            slow = emulator.fault("latency", "models.infer_batch", seconds=ENDLESS_SECONDS)
            publishing = asyncio.create_task(site.services.batch.scheduler.process())
            await asyncio.to_thread(emulator.struck, slow)
            before = emulator.count("models.infer").calls
            passengers = [Passenger(10**6, people_rows(1)[0])]
            answers = await tower.publishing(PATIENCE_SECONDS, waits=False)(passengers)
            assert isinstance(answers[10**6], RawScore)
            assert emulator.count("models.infer").calls == before + 1
            enqueue(site, "later")
            waiting = asyncio.create_task(site.services.batch.scheduler.process())
            emulator.heal()
            assert (await publishing).final + (await waiting).final == 4
            assert emulator.count("models.infer").calls == before + 1
            assert {(await site.stored(name)).anomaly.source for name in (*some(3), "later")} == {"woodwide"}

    with running_emulator() as emulator:
        asyncio.run(work())


@pytest.mark.skipif(not find_driver().sharable, reason=f"{find_driver()} cannot be shared between processes")
def test_whoever_runs_lets_go_of_what_the_dead_held(tmp_path: Path) -> None:
    async def work() -> None:
        settings = Settings(data_dir=tmp_path, batch_work=False)
        services = compose(settings)
        for number, name in enumerate(some(12)):
            services.service.submit(replace(plays()[number % len(plays())], id=name), use_batch=True).outcome.result(PATIENCE_SECONDS)
        killed = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", DIES, str(tmp_path)])
        assert killed.returncode == 9
        assert services.store.batch.backlog().claimed == 12
        async with running(services, retention_of(settings)):
            await until_free(services.store)

    asyncio.run(work())


def names() -> set[str]:
    """Of the tasks that run."""
    return {task.get_name() for task in asyncio.all_tasks()}


def test_a_server_beside_workers_shows_the_queue_and_leaves_it_alone(tmp_path: Path) -> None:
    async def work() -> None:
        settings = Settings(data_dir=tmp_path, batch_work=False)
        async with running(compose(settings), retention_of(settings)):
            assert {"batch-watch", "retention", "relief"} <= names()
            assert "batch-scheduler" not in names()
        async with running(compose(Settings(data_dir=tmp_path)), retention_of(settings)):
            assert {"batch-watch", "batch-scheduler"} <= names()

    asyncio.run(work())


def test_a_worker_works_whatever_is_said_of_servers_and_makes_no_key(tmp_path: Path) -> None:
    async def work() -> None:
        settings = Settings(data_dir=tmp_path, batch_work=False, batch_min=1, batch_interval=0.1)
        services = compose_worker(settings)
        outcome = services.service.submit(replace(plays()[0], id="s"), use_batch=True).outcome
        assert outcome.result(PATIENCE_SECONDS).status == "stored"
        async with running(services, retention_of(settings)):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while services.batch.queue.backlog().settled == 0:  # noqa: ASYNC110 - polled, as a site would
                    await asyncio.sleep(0.02)
            found = services.store.get("open", "s")
            assert found is not None
            assert decode_verdict(found.verdict).status == "final"
        assert not (tmp_path / "admin.key").exists()

    asyncio.run(work())
