"""Services that ask a slow hosted model are killed at any moment while sessions keep coming; each has one final verdict in the end.

`PLAYPROOF_TEST_SOAK_SECONDS` makes it go on for longer; docs/realtime.md has the figures of a long run.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from playproof.store.sqlite.driver import find_driver
from tests.crash.hosted import Ground, Site, ground, site_in
from tests.crash.traps import CLOCK, PATIENCE
from tests.serving import Serving

pytestmark = pytest.mark.skipif(not find_driver().sharable, reason=f"{find_driver()} cannot be shared between processes")

SOAK_SECONDS = float(os.environ.get("PLAYPROOF_TEST_SOAK_SECONDS", "0"))
KILLS = 5
APART_SECONDS = 0.04
"""From one session to the next."""


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("ground")) as made:
        yield made


async def busy(site: Site, service: Serving, seconds: float) -> None:
    """Sessions for a service, until it is killed so many seconds after its first answer."""
    async with httpx.AsyncClient(base_url=service.url, timeout=PATIENCE) as http:
        asked = [site.ask(http), *site.ask_again(http)]
        await asked[0]
        end = CLOCK.monotonic() + seconds
        while CLOCK.monotonic() < end:
            asked.append(site.ask(http))
            await asyncio.sleep(APART_SECONDS)
        service.process.kill()
        await asyncio.gather(*asked)


@pytest.mark.parametrize("strategy", ["inline", "dataset"])
def test_services_that_are_killed_lose_and_double_no_verdict(on: Ground, tmp_path: Path, strategy: str) -> None:
    chance = random.Random(20261121)
    with site_in(on, tmp_path, strategy, seed=0) as site:
        end = CLOCK.monotonic() + SOAK_SECONDS
        while site.told.kills < KILLS or CLOCK.monotonic() < end:
            on.emulator.heal()
            on.emulator.fault("latency", seconds=chance.uniform(0.1, 0.5))
            with site.serving() as service:
                asyncio.run(busy(site, service, chance.uniform(0.0, 1.5)))
            site.told.kills += 1
        on.emulator.heal()
        with site.serving() as service:
            site.finish(service)
        told = site.check(forgotten=site.told.kills)
        assert told.answered >= told.kills
        print(f"{strategy}: {told}")  # noqa: T201
