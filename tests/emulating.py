"""The emulator for tests: in this process, on a free port, its faults and counts at hand."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import numpy as np

from playproof.clock import Clock, SystemClock
from playproof.emulator.core import Pace
from playproof.emulator.faults import Fault
from playproof.emulator.server import serving
from playproof.emulator.service import Emulated
from playproof.emulator.tally import Count

API_KEY = "sk_test_key"
ADMIN_KEY = "emulator-admin-key"
PATIENCE_SECONDS = 180
CLOCK = SystemClock()


class Running:
    """An emulator that runs in a thread of this process."""

    def __init__(self, url: str, service: Emulated) -> None:
        self.url = url
        self.service = service

    def fault(self, kind: str, route: str = "*", **given: Any) -> Fault:
        """Put a fault in force; see `playproof.emulator.faults` for kinds, routes and what else can be given."""
        return self.service.faults.add(Fault(kind=kind, route=route, **given))

    def heal(self) -> None:
        """Take all faults away; what they held up goes on."""
        self.service.faults.clear()

    def struck(self, fault: Fault, calls: int = 1) -> None:
        """Return when so many calls have met `fault`."""
        deadline = CLOCK.monotonic() + PATIENCE_SECONDS
        while fault.seen < calls:
            assert CLOCK.monotonic() < deadline, f"not {calls} calls met {fault.kind}"
            threading.Event().wait(0.01)

    def datasets(self, start: str = "") -> list[str]:
        """The names of the datasets that begin so."""
        found, _ = self.service.do(lambda: self.service.datasets.find(start, 200, None, archived=False))
        return [dataset.name for dataset in found]

    def count(self, route: str) -> Count:
        """What the route has seen so far."""
        return self.service.tally.counts().get(route, Count())


@contextlib.contextmanager
def running_emulator(
    folder: Path | None = None,
    *,
    faults: Iterable[Fault] = (),
    clock: Clock | None = None,
    pace: Pace | None = None,
    api_keys: Iterable[str] = (),
) -> Iterator[Running]:
    """An emulator on a free port of the loopback address.

    State is in memory, or in `folder`. Jobs end at the first look unless `pace` gives them time, by `clock`.
    """
    with (
        Emulated(folder, faults=faults, clock=clock, pace=pace, api_keys=api_keys, admin_key=ADMIN_KEY) as service,
        serving(service) as url,
    ):
        running = Running(url, service)
        try:
            yield running
        finally:
            running.heal()


class Caller:
    """Bare HTTP calls, for what the official SDK would hide: statuses, headers, bodies."""

    def __init__(self, url: str, key: str = API_KEY) -> None:
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE_SECONDS, verify=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of a page that is there."""
        response = self.http.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: Any = None, **given: Any) -> Any:
        """The JSON that a call answers."""
        response = self.http.post(path, json=body, **given) if body is not None else self.http.post(path, **given)
        assert response.status_code == 200, response.text
        return response.json()

    def upload(self, content: str, **fields: str) -> Any:
        """Upload rows as CSV."""
        return self.post("/datasets", files={"file": ("rows.csv", content.encode())}, data=fields)

    def train(self, dataset_id: str, **given: Any) -> Any:
        """Begin to fit an anomaly model."""
        return self.post("/models/train", {"model_type": "anomaly", "dataset_id": dataset_id, **given})

    def infer(self, model_id: str, content: str, **fields: str) -> httpx.Response:
        """Score rows at once; JSON by row unless asked otherwise."""
        data = {"output_type": "json", "anomaly_format": "per_row", **fields}
        return self.http.post(f"/models/{model_id}/infer", files={"file": ("rows.csv", content.encode())}, data=data)

    def model(self, content: str) -> str:
        """A model fitted to rows."""
        trained = self.train(self.upload(content)["id"])
        assert self.get(f"/jobs/{trained['job_id']}")["status"] == "succeeded"
        return str(trained["id"])


def people(count: int, *, seed: int = 1) -> str:
    """Rows of three columns that hang together."""
    rng = np.random.default_rng(seed)
    speed = rng.gamma(4.0, 100.0, count)
    jerk = speed * rng.normal(2.0, 0.2, count)
    games = rng.choice(["targets", "bubbles"], count)
    return "speed,jerk,game\n" + "".join(f"{s!r},{j!r},{g}\n" for s, j, g in zip(speed.tolist(), jerk.tolist(), games, strict=True))
