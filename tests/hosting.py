"""The client of Woodwide for tests: its calls to an emulator, with a clock that moves when it sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import numpy as np
import pytest

from playproof.errors import HostedError
from playproof.features import NAMES
from playproof.scoring.base import Floats
from playproof.settings import ApiKey, Secret
from playproof.testing import FakeClock
from playproof.woodwide import Connection, Woodwide, connect
from playproof.woodwide.answers import Training, Upload
from playproof.woodwide.mapping import Columns, csv_file
from playproof.woodwide.report import CallReport, Listener
from playproof.woodwide.scores import Scores
from playproof.woodwide.uploads import Target
from tests.emulating import API_KEY, Running

T = TypeVar("T")
COLUMNS = Columns(("speed_high", "jerk_tail", "straightness", "rest_share"))
PEOPLE = 120


def rows(count: int = PEOPLE, seed: int = 1) -> Floats:
    """Catalogue rows (count, k) with some values that could not be measured."""
    found = np.random.default_rng(seed).normal(5.0, 1.0, (count, len(NAMES)))
    found[::7, NAMES.index("rest_share")] = np.nan
    return found


def oddities(count: int = 3) -> Floats:
    """Rows far away from `rows`."""
    return rows(count, 2) + 40.0


class Site:
    """One client of an emulator, and what it was heard doing."""

    def __init__(self, emulator: Running, *keys: str, clock: FakeClock | None = None, base_url: str = "", **patience: float) -> None:
        self.emulator = emulator
        self.clock = clock or FakeClock()
        self.reports: list[CallReport] = []
        self.slept: list[float] = []
        self.listener: Listener[CallReport] = self.reports.append
        self.connection = Connection(
            base_url=base_url or emulator.url,
            keys=tuple(ApiKey(f"key-{number}", Secret(key)) for number, key in enumerate(keys or (API_KEY,))),
            **patience,  # type: ignore[arg-type]
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)
        await asyncio.sleep(0)

    def run(self, work: Callable[[Woodwide], Awaitable[T]]) -> T:
        """Do `work` with a client of its own."""

        async def connected() -> T:
            async with connect(
                self.connection, listener=self.listener, clock=self.clock, sleep=self.sleep, random=lambda n: b"\x80" + bytes(n - 1)
            ) as woodwide:
                return await work(woodwide)

        return asyncio.run(connected())

    def fails(self, work: Callable[[Woodwide], Awaitable[object]]) -> HostedError:
        """The error that `work` ends with; nothing stands behind it, and no key is in it."""
        with pytest.raises(HostedError) as caught:
            self.run(work)
        error = caught.value
        assert error.__cause__ is None
        assert error.__context__ is None
        return error

    def calls(self, name: str) -> int:
        """How often the emulator saw the call."""
        return self.emulator.count(name).calls


async def uploaded(woodwide: Woodwide, target: Target | None = None, count: int = PEOPLE) -> Upload:
    upload = await woodwide.uploads.direct(csv_file(rows(count), COLUMNS), target or Target(name="people"))
    await woodwide.jobs.wait(upload.job_id, "dataset_ingest")
    return upload


async def trained(woodwide: Woodwide, target: Target | None = None) -> tuple[Upload, Training]:
    upload = await uploaded(woodwide, target)
    training = await woodwide.training.start(upload.version_id, COLUMNS.names)
    await woodwide.jobs.wait(training.job_id, "train")
    return upload, training


async def scored(woodwide: Woodwide, training: Training, asked: Floats) -> Scores:
    return await woodwide.inference.at_once(training.model_id, training.version_id, csv_file(asked, COLUMNS))


async def batch(woodwide: Woodwide, training: Training, upload: Upload, count: int = PEOPLE) -> Scores:
    begun = await woodwide.inference.begin(training.model_id, training.version_id, upload.version_id)
    return await woodwide.inference.collect(begun.job_id, upload.version_id, count)
