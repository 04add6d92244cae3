"""Two services share a database: they make one dataset, and when one is killed the other finishes what it held."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest

from playproof.emulator.datasets import Datasets
from playproof.store.sqlite.driver import find_driver
from playproof.woodwide import connect, connection_of
from tests.crash.hosted import FIRST, Ground, Site, ground, listening_site, site_in
from tests.crash.killing import Place
from tests.crash.traps import PATIENCE, Point
from tests.emulating import running_emulator
from tests.postgres import Server
from tests.realtime import hosted_settings, teach
from tests.serving import Serving

pytestmark = pytest.mark.skipif(not find_driver().sharable, reason=f"{find_driver()} cannot be shared between processes")

POINT = {"inline": Point("models.infer"), "dataset": Point("models.infer_batch", "after")}


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("ground")) as made:
        yield made


@contextmanager
def site_at(server: Server, folder: Path, strategy: str) -> Iterator[Site]:
    """A site in a database of a server."""
    with running_emulator() as emulator, server.database() as url:
        place = Place(folder, url)

        async def taught() -> str:
            with closing(place.open()) as store:
                async with connect(connection_of(hosted_settings(folder, emulator, "unnamed"))) as woodwide:
                    return (await teach(woodwide, store)).model_id

        on = Ground(emulator, folder, asyncio.run(taught()))
        with listening_site(on, place, strategy, seed=0) as site:
            yield site


def one_after_the_other(site: Site) -> None:
    """Kill the first of two services, and have the second finish."""
    with site.serving() as first:
        asyncio.run(served(site, first))  # and publishes from here on
        site.recover()
        with site.serving() as second:
            site.kill(first, POINT[site.strategy])
            if site.place.url:
                # Nobody can tell that it is dead, and its time is over half a minute later.
                for table in ("awaited", "lease"):
                    site.place.rows(f"UPDATE {table} SET held_until = 0 RETURNING holder")
            site.recover()
            assert second.stop() == 0
    assert site.check().preliminary >= FIRST


async def served(site: Site, *services: Serving) -> None:
    """One session at each service, at once."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(httpx.AsyncClient(base_url=service.url, timeout=PATIENCE)) for service in services]
        await asyncio.gather(*(site.ask(http) for http in clients))


@pytest.mark.parametrize("strategy", ["inline", "dataset"])
def test_in_a_folder_the_other_finishes_what_a_killed_service_held(on: Ground, tmp_path: Path, strategy: str) -> None:
    with site_in(on, tmp_path, strategy, seed=0) as site:
        one_after_the_other(site)


def test_on_a_server_the_other_finishes_what_a_killed_service_held(tmp_path: Path, postgres: Server) -> None:
    with site_at(postgres, tmp_path, "dataset") as site:
        one_after_the_other(site)


def test_two_services_at_once_make_one_dataset(on: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Datasets, "_living", lambda _: [])  # a provider that lets two have one name
    with site_in(on, tmp_path, "dataset", seed=1000) as site:
        with site.serving() as first, site.serving() as second:
            asyncio.run(served(site, first, second))
            site.recover()
            assert (first.stop(), second.stop()) == (0, 0)
        site.check()
