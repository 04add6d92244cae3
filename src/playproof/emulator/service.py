"""The emulated service, put together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self, TypeVar

from playproof.clock import Clock, SystemClock
from playproof.emulator.archive import Archive
from playproof.emulator.core import Core, Pace
from playproof.emulator.datasets import Datasets
from playproof.emulator.faults import Fault, Faults
from playproof.emulator.inference import Inference
from playproof.emulator.jobs import Jobs
from playproof.emulator.models import Models
from playproof.emulator.records import Job
from playproof.emulator.tally import Tally
from playproof.emulator.tidy import tidy
from playproof.ids import RandomBytes

T = TypeVar("T")
Admit = Callable[[str | None, str | None], None]


class Emulated:
    """Everything the routes work with."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        clock: Clock | None = None,
        random: RandomBytes = os.urandom,
        faults: Iterable[Fault] = (),
        pace: Pace | None = None,
        api_keys: Iterable[str] = (),
        admin_key: str | None = None,
        admit: Admit | None = None,
    ) -> None:
        """State is read from and kept in `folder`, or in memory. Without `api_keys` any key is good.

        Without an `admin_key` faults cannot be changed over HTTP. `admit` raises `PlayproofError` for the Host and Origin of
        requests that are not answered. Raises `StoreRefused` where another emulator has the folder.
        """
        self.faults = Faults(random, faults)
        self.tally = Tally()
        self.admit = admit
        self._archive = Archive(folder)
        tidy(self._archive)
        self.core = Core(self._archive, clock or SystemClock(), random, self.faults, pace or Pace())
        self.jobs = Jobs(self.core)
        self.datasets = Datasets(self.core, self.jobs)
        self.models = Models(self.core, self.jobs, self.datasets)
        self.inference = Inference(self.core, self.jobs, self.datasets, self.models)
        self.api_keys = frozenset(api_keys)
        self.admin_key = admin_key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the folder to the next."""
        self._archive.close()

    def do(self, work: Callable[[], T]) -> T:
        """Do `work` with nothing else going on, and with every job where the clock says it is."""
        with self.core.lock:
            self.jobs.settle()
            return work()

    def retry(self, job_id: str, key: str | None) -> Job:
        """A failed job again, as a new one that the version it makes then waits for. Raises `Refusal`."""
        job = self.jobs.retry(job_id, key)
        if job.type == "dataset_ingest":
            self.datasets.adopt(job)
        elif job.type == "train":
            self.models.adopt(job)
        return job
