"""The fault matrix: whatever goes wrong at the provider, every session has a verdict that is not wrong, and later the right one."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.matrix import CANNOT, CELLS, STRATEGIES, Cell
from playproof.clock import SystemClock
from playproof.decision import Verdict
from playproof.emulator.faults import KINDS
from playproof.settings import Settings
from playproof.store import open_store
from playproof.telemetry import Labels
from playproof.testing import KINDS as BOTS
from playproof.testing import bot_session, columns_body, human_session
from playproof.woodwide import connect, connection_of, settlement
from playproof.woodwide.company import LiveCompany
from playproof.woodwide.corpus import SYNTHETIC, Corpus, Gatherer
from playproof.woodwide.trainer import Trainer
from tests.emulating import Running, running_emulator
from tests.realtime import HostedSite, hosted_settings, serving_hosted

PEOPLE, EACH = 60, 6
CROWD = 50
BOT_EVERY = 5
SHORT_MS, LONG_MS = 200, 60_000
ENDLESS_SECONDS = 3600.0
"""Until the emulator is healed."""


@cache
def corpus() -> Corpus:
    gatherer = Gatherer()
    for number in range(PEOPLE * EACH):
        labels = Labels(label="human", source=SYNTHETIC, subject=f"p{number // EACH}")
        gatherer.add(human_session(np.random.default_rng([7, number]), session_id=f"c{number}", targets=6), labels, "tests")
    return gatherer.corpus()


@cache
def crowd() -> dict[str, bytes]:
    """Bodies by session id, bots among them."""
    found = {}
    for number in range(CROWD):
        rng, name = np.random.default_rng([8, number]), f"s{number}"
        bot = number % BOT_EVERY == 0
        session = bot_session(rng, kind=BOTS[number // BOT_EVERY % len(BOTS)]) if bot else human_session(rng)
        found[name] = columns_body(session, sessionId=name)
    return found


@dataclass(frozen=True)
class Ground:
    """What every cell begins with: an emulator's folder and a service's, and what is right."""

    folder: Path
    model_id: str
    right: dict[str, Verdict]
    """The final verdicts where nothing goes wrong."""

    def settings(self, folder: Path, emulator: Running, **given: Any) -> Settings:
        return hosted_settings(folder / "data", emulator, self.model_id, **given)


async def trained(settings: Settings) -> str:
    """The id of a model with two versions, calibrated in the store of `settings`."""
    clock = SystemClock()
    async with connect(connection_of(settings)) as woodwide:
        with closing(open_store(settings.data_dir)) as store:
            company = LiveCompany(store, settings.woodwide_persistent_dataset, settings.dataset_company_rows, clock)
            trainer = Trainer(woodwide, store, company, holder="tests", clock=clock)
            upload = await trainer.supply.plan(corpus(), "people", settings.woodwide_persistent_dataset)
            begun = await trainer.begin(upload.id)
            await trainer.finished(begun.version_id)
            again = await trainer.begin(upload.id, model_id=begun.model_id)
            return (await trainer.finished(again.version_id)).model_id


async def answers(site: HostedSite) -> dict[str, Verdict]:
    """What the crowd is answered when all come at once."""
    return dict(zip(crowd(), await asyncio.gather(*map(site.score, crowd().values())), strict=True))


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    folder = tmp_path_factory.mktemp("ground")

    async def work(emulator: Running) -> tuple[str, dict[str, Verdict]]:
        model_id = await trained(hosted_settings(folder / "data", emulator, "unnamed"))
        shutil.copytree(folder / "data", folder / "healthy" / "data")
        async with serving_hosted(hosted_settings(folder / "healthy" / "data", emulator, model_id)) as site:
            return model_id, {name: await site.score(content) for name, content in crowd().items()}

    with running_emulator(folder / "emulator") as emulator:
        model_id, right = asyncio.run(work(emulator))
    assert {verdict.anomaly.source for verdict in right.values()} == {"woodwide"}
    assert len({verdict.anomaly.raw_score for verdict in right.values()}) == CROWD
    return Ground(folder, model_id, right)


@dataclass(frozen=True)
class Stage:
    """A cell on its own ground."""

    cell: Cell
    ground: Ground
    emulator: Running
    site: HostedSite

    async def play(self) -> None:
        """Let it happen, and hold the service to the matrix."""
        if not self.cell.first:
            await self.site.score(columns_body(human_session(np.random.default_rng(9)), sessionId="before"))
            await self.site.final("before")
        before = self._stepped_down()
        self.emulator.fault(**self.cell.fault(ENDLESS_SECONDS))  # type: ignore[arg-type]
        answered = await answers(self.site)
        self.emulator.heal()
        told = Counter(verdict.fallback_reason for verdict in answered.values() if verdict.fallback_reason is not None)
        assert set(told) <= self.cell.reasons
        assert self._stepped_down() - before == told
        for name, verdict in answered.items():
            self._is_true(name, verdict)
        if self.cell.first:  # with the first announcement the dataset has an id, and whoever comes then needs no address
            assert told
        else:
            assert sum(told.values()) == (CROWD if self.cell.reason is not None else 0)
        last = {name: await self.site.final(name) for name in answered}
        for name, verdict in last.items():
            self._is_final(name, verdict, answered[name])
        assert "woodwide" in {verdict.anomaly.source for verdict in last.values()}

    def _is_true(self, name: str, verdict: Verdict) -> None:
        """A verdict is the embedded model's own, or rests on the hosted score of its own session."""
        right = self.ground.right[name]
        if verdict.anomaly.source == "local":
            assert verdict.decision == right.earlier_decision
            assert verdict.hosted is None
        elif self.cell.kind != "relative_scores":
            assert (verdict.anomaly, verdict.decision, verdict.hosted) == (right.anomaly, right.decision, right.hosted)

    def _is_final(self, name: str, verdict: Verdict, answered: Verdict) -> None:
        self._is_true(name, verdict)
        assert (verdict.status, verdict.revision) == ("final", 2)
        if verdict.anomaly.source == "local":
            assert self.cell.tried
            assert verdict.fallback_reason == self.cell.reason
        else:
            assert verdict.fallback_reason is None
        if answered.status == "final":
            assert verdict == answered

    def _stepped_down(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for line in self.site.services.metrics.render()[0].decode().splitlines():
            if line.startswith("playproof_fallbacks_total{"):
                found[line.split('"')[1]] = int(float(line.rpartition(" ")[2]))
        return found


@pytest.mark.parametrize("cell", CELLS, ids=[cell.name for cell in CELLS])
def test_under_this_fault(cell: Cell, ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not cell.tried:
        monkeypatch.setattr(settlement, "SOONEST_SECONDS", 0.2)
    for part in ("data", "emulator"):
        shutil.copytree(ground.folder / part, tmp_path / part)

    async def work(emulator: Running) -> None:
        deadline = SHORT_MS if cell.reason == "timeout" else LONG_MS
        given = {"woodwide_strategy": cell.strategy, "woodwide_deadline_ms": deadline, "woodwide_key_rest": 1.0}
        async with serving_hosted(ground.settings(tmp_path, emulator, **given)) as site:
            await Stage(cell, ground, emulator, site).play()

    with running_emulator(tmp_path / "emulator") as emulator:
        asyncio.run(work(emulator))


def test_every_fault_is_in_the_matrix() -> None:
    places = {(kind, strategy) for kind in KINDS for strategy in STRATEGIES}
    assert {(cell.kind, cell.strategy) for cell in CELLS}.isdisjoint(CANNOT)
    assert {(cell.kind, cell.strategy) for cell in CELLS} | set(CANNOT) == places
