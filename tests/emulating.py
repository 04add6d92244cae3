"""The emulator for tests: in this process, on a free port, its faults and counts at hand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from playproof.clock import Clock
from playproof.emulator.core import Pace
from playproof.emulator.faults import Fault
from playproof.emulator.server import serving
from playproof.emulator.service import Emulated
from playproof.emulator.tally import Count

API_KEY = "sk_test_key"
ADMIN_KEY = "emulator-admin-key"


class Running:
    """An emulator that runs in a thread of this process."""

    def __init__(self, url: str, service: Emulated) -> None:
        self.url = url
        self.service = service

    def fault(self, kind: str, route: str = "*", **given: Any) -> Fault:
        """Put a fault in force; see `playproof.emulator.faults` for kinds, routes and what else can be given."""
        return self.service.faults.add(Fault(kind=kind, route=route, **given))

    def heal(self) -> None:
        """Take all faults away."""
        self.service.faults.clear()

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
        yield Running(url, service)
