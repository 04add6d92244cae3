"""The batch system as a process runs it: its loop, its metrics, and the hosted model behind it."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from playproof.batch.runtime import Batch
from playproof.clock import SystemClock
from playproof.dataset import Channel
from playproof.decision import Verdict
from playproof.observe.metrics import Metrics
from playproof.service import Service, build_judge, decode_verdict, live_of
from playproof.settings import Settings
from playproof.store import Store, open_store
from playproof.store.sqlite.driver import find_driver
from playproof.woodwide.tower import tower_of
from tests.batching import SECONDS, plays, some
from tests.emulating import Running, running_emulator
from tests.realtime import hosted_settings, taught
from tests.serving import sample

CLOCK = SystemClock()


class Site:
    """A process with a queue, and what it heard."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.store = store
        self.metrics = Metrics()
        self.noticed = asyncio.Event()
        judge = build_judge(settings)
        self.tower = tower_of(settings, store, self.metrics, CLOCK, holder="site")
        self.batch = Batch(settings, judge, store, self.metrics, CLOCK, holder="site", tower=self.tower, noticed=self.noticed.set)
        self.service = Service(judge, store, clock=CLOCK, queue=self.batch.queue)

    def enqueue(self, *names: str) -> None:
        submitted = [
            self.service.submit(replace(plays()[number % len(plays())], id=name), channel=Channel.API, use_batch=True)
            for number, name in enumerate(names)
        ]
        assert {submission.outcome.result(SECONDS).status for submission in submitted} == {"stored"}

    def verdict(self, name: str) -> Verdict:
        found = self.store.get("open", name)
        assert found is not None
        return decode_verdict(found.verdict)

    def metric(self, name: str, **labels: str) -> float:
        return sample(self.metrics, name, **labels)


@contextlib.asynccontextmanager
async def site(settings: Settings) -> AsyncIterator[Site]:
    store = open_store(settings.data_dir, live=live_of(settings))
    try:
        made = Site(settings, store)
        async with made.tower or contextlib.nullcontext():
            yield made
    finally:
        store.close()


def run(folder: Path, work: Callable[[Site], Awaitable[None]], **given: Any) -> None:
    """Do `work` where no hosted model is configured."""

    async def all_of_it() -> None:
        async with site(Settings(data_dir=folder, **given)) as made:
            await work(made)

    asyncio.run(all_of_it())


def run_hosted(folder: Path, work: Callable[[Site, Running], Awaitable[None]], **given: Any) -> None:
    """Do `work` where a hosted model is trained and calibrated."""

    async def all_of_it(emulator: Running) -> None:
        model_id = await taught(folder, emulator)
        async with site(hosted_settings(folder, emulator, model_id, batch_scheduler=False, **given)) as made:
            await work(made, emulator)

    with running_emulator() as emulator:
        asyncio.run(all_of_it(emulator))


def test_the_loop_makes_verdicts_final_and_counts_them(tmp_path: Path) -> None:
    async def work(made: Site) -> None:
        made.enqueue(*some(12))
        async with made.batch:
            await asyncio.wait_for(made.noticed.wait(), SECONDS)
        assert {made.verdict(name).status for name in some(12)} == {"final"}
        assert made.metric("playproof_batches_total", outcome="ok") == 1
        assert made.metric("playproof_batch_settled_total", outcome="local") == 12
        assert made.metric("playproof_batch_sessions_sum") == 12
        assert made.metric("playproof_batch_store_seconds_count", step="claim") == 1
        assert made.metric("playproof_batch_store_seconds_count", step="end") == 1
        assert 0 < made.metric("playproof_batch_store_seconds_sum", step="end") < made.metric("playproof_batch_seconds_sum")
        assert made.metric("playproof_batch_scheduler_running") == 1

    run(tmp_path, work)


def test_a_scheduler_that_is_off_leaves_the_queue_alone(tmp_path: Path) -> None:
    async def work(made: Site) -> None:
        made.enqueue(*some(12))
        async with made.batch:
            assert await made.batch.scheduler.check() is None
            assert (await made.batch.scheduler.status()).running is False
            assert (await made.batch.scheduler.process()).final == 12

    run(tmp_path, work, batch_scheduler=False)


def test_what_a_process_works_at_is_free_when_it_ends(tmp_path: Path) -> None:
    async def work(made: Site) -> None:
        made.enqueue(*some(12))
        begun, never = asyncio.Event(), asyncio.Event()

        async def stuck(_: object) -> list[object]:
            begun.set()
            await never.wait()
            return []

        made.batch.inference._scorer.score = stuck  # type: ignore[method-assign, assignment]
        async with made.batch:
            await asyncio.wait_for(begun.wait(), SECONDS)
            assert made.batch.queue.backlog().claimed == 12
        assert made.batch.queue.backlog().queued == 12

    run(tmp_path, work)


def test_a_batch_is_published_with_the_live_dataset(tmp_path: Path) -> None:
    async def work(made: Site, emulator: Running) -> None:
        made.enqueue(*some(12))
        before = emulator.count("models.infer").calls
        async with made.batch:
            done = await made.batch.scheduler.process()
        assert (done.batches, done.final) == (1, 12)
        verdicts = [made.verdict(name) for name in some(12)]
        assert {(verdict.status, verdict.anomaly.source, verdict.fallback_reason) for verdict in verdicts} == {("final", "woodwide", None)}
        scores = [verdict.hosted.raw_score for verdict in verdicts if verdict.hosted]
        # The same play is scored alike, another otherwise: each score is that of the session's own row.
        assert len(scores) == 12
        assert scores[:4] * 3 == pytest.approx(scores)
        assert len(set(scores[:4])) == 4
        assert (emulator.count("models.infer_batch").calls, emulator.count("models.infer").calls) == (1, before)
        assert emulator.datasets("movement_live_inference") == ["movement_live_inference"]
        assert made.metric("playproof_batch_settled_total", outcome="woodwide") == 12

    run_hosted(tmp_path, work)


def test_while_another_process_publishes_a_batch_goes_inline(tmp_path: Path) -> None:
    async def work(made: Site, emulator: Running) -> None:
        made.store.leases.take("publisher:movement_live_inference", "another", 3600)
        made.enqueue(*some(5))
        async with made.batch:
            assert (await made.batch.scheduler.process()).final == 5
        assert emulator.count("models.infer_batch").calls == 0
        assert {made.verdict(name).anomaly.source for name in some(5)} == {"woodwide"}

    run_hosted(tmp_path, work)


def test_a_provider_that_fails_is_left_alone_for_a_while(tmp_path: Path) -> None:
    async def work(made: Site, emulator: Running) -> None:
        made.enqueue(*some(5))
        emulator.fault("server_error")
        async with made.batch:
            done = await made.batch.scheduler.process()
            assert (done.final, done.postponed, done.stopped) == (0, 5, "paused")
            assert (await made.batch.scheduler.status()).reason == "server_error"
            assert made.metric("playproof_batch_postponed_total", reason="server_error") == 5
        assert {made.verdict(name).status for name in some(5)} == {"preliminary"}

    run_hosted(tmp_path, work)


@pytest.mark.skipif(not find_driver().sharable, reason=f"{find_driver()} cannot be shared between processes")
def test_what_a_process_that_was_killed_worked_at_is_free_at_the_next_tick(tmp_path: Path) -> None:
    program = """if True:
        import os, sys
        from pathlib import Path
        from playproof.store import Forming, open_store
        store = open_store(Path(sys.argv[1]))
        store.holders.announce("killed")
        assert len(store.batch.claim("killed", 3600, Forming(1, 0, 50))) == 12
        os._exit(9)
    """

    async def work(made: Site) -> None:
        made.enqueue(*some(12))
        killed = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program, str(tmp_path)])
        assert killed.returncode == 9
        assert made.batch.queue.backlog().claimed == 12
        assert made.store.holders.relieve() == 1
        done = await made.batch.scheduler.check()
        assert done is not None
        assert done.final == 12

    run(tmp_path, work)
