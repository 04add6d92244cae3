"""A service that is killed at exact places of its work with a hosted model, and what has to be true when all is over."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import threading
from collections.abc import Container, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import pytest

from playproof.decision import Verdict
from playproof.scoring.base import Floats
from playproof.service import decode_verdict
from playproof.store.sqlite.database import DATABASE_NAME
from playproof.store.sqlite.driver import find_driver
from playproof.woodwide import connect, connection_of
from playproof.woodwide.mapping import Columns, csv_file
from tests.crash.killing import Place
from tests.crash.told import Told
from tests.crash.traps import PATIENCE, Point, Trap, until
from tests.emulating import Running, running_emulator
from tests.realtime import hosted_environment, hosted_settings, taught
from tests.receiving import SECRET, Answer, Receiver, receiving
from tests.serving import Serving, body, serving

FIRST, LATER = 20, 8
"""Sessions that are answered before a kill, and that are on their way then."""
DEADLINE_MS = 400
ALONE, TOGETHER = 3, 500
"""Sessions of each site that are scored once more, each alone; all of them are, so many at a time."""


@dataclass(frozen=True)
class Ground:
    """What all sites begin with."""

    emulator: Running
    template: Path
    """A data folder that knows a calibrated model."""
    model_id: str
    total: Told = field(default_factory=Told)
    """Of all sites that were checked."""


class Site:
    """One database, and the services that use it one after the other or together."""

    def __init__(self, ground: Ground, place: Place, strategy: str, receiver: Receiver, listening: threading.Event, seed: int) -> None:
        """While `listening` is not set, `receiver` does not answer. `seed` makes the sessions others than those elsewhere."""
        self.ground, self.place, self.strategy = ground, place, strategy
        self.dataset = f"live {strategy} {seed}"
        self.told = Told()
        self._receiver, self._listening = receiver, listening
        self._seed = seed
        self._number = 0
        self._preliminary: set[str] = set()
        self._answered: set[str] = set()
        self._unanswered: set[str] = set()  # at least once
        self._least = self._most = 0  # versions that nobody knows of

    @contextmanager
    def serving(self) -> Iterator[Serving]:
        """A service, once it answers."""
        hosted = hosted_environment(
            self.ground.emulator,
            self.ground.model_id,
            WOODWIDE_STRATEGY=self.strategy,
            WOODWIDE_DEADLINE_MS=str(DEADLINE_MS),
            WOODWIDE_PERSISTENT_DATASET=self.dataset,
            PLAYPROOF_WEBHOOK_URL=self._receiver.url(),
            PLAYPROOF_WEBHOOK_SECRET=SECRET,
            PLAYPROOF_WEBHOOK_PRIVATE="true",
        )
        folder = self.place.folder
        shared = {"PLAYPROOF_DATABASE_URL": self.place.url} if self.place.url else {}
        with serving(folder / "data", log=folder / "log", **hosted, **shared) as service:
            httpx.get(f"{service.url}/health", timeout=PATIENCE).raise_for_status()
            yield service

    def kill(self, service: Serving, point: Point) -> None:
        """Kill `service` at `point`, with sessions answered and others on their way."""
        for kind, route in point.faults:
            self.ground.emulator.fault(kind, route)
        with Trap(point.route, point.when).set() as trap:
            asyncio.run(self._killed(service, point, trap))
        self.ground.emulator.heal()
        self._listening.set()
        self._least += point.forgotten
        self._most += point.forgotten or point.then == "final"  # where the next publication has begun
        self.told.kills += 1

    async def _killed(self, service: Serving, point: Point, trap: Trap) -> None:
        async with httpx.AsyncClient(base_url=service.url, timeout=PATIENCE) as http:
            first = [self.ask(http) for _ in range(FIRST)]
            assert await asyncio.to_thread(trap.reached.wait, PATIENCE), f"{point} was never reached"
            later = [self.ask(http) for _ in range(LATER)]
            await asyncio.gather(*first)
            if point.then == "answered":
                await asyncio.to_thread(self._kill_before_it_writes, service, point, trap)
            elif point.then == "final":
                await asyncio.to_thread(self._kill_before_it_tells, service, trap)
            service.stop(signal.SIGKILL)
            await asyncio.gather(*later)

    def _kill_before_it_writes(self, service: Serving, point: Point, trap: Trap) -> None:
        answered = f'playproof_woodwide_calls_total{{call="{point.route}",outcome="ok"}} '
        path = self.place.folder / "data" / DATABASE_NAME
        with closing(find_driver().module.connect(str(path), isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            before = value(service, answered)
            trap.open()
            until(lambda: value(service, answered) > before, f"{point.route} is answered")
            service.stop(signal.SIGKILL)

    def _kill_before_it_tells(self, service: Serving, trap: Trap) -> None:
        before = self._receiver.arrivals.qsize()
        self._listening.clear()
        trap.open()
        until(lambda: self._receiver.arrivals.qsize() > before, "a webhook comes in")
        service.stop(signal.SIGKILL)

    def ask(self, http: httpx.AsyncClient) -> asyncio.Task[None]:
        """The next session on its way to the service that `http` speaks with."""
        self._number += 1
        return asyncio.create_task(self._asked(http, self._number))

    def ask_again(self, http: httpx.AsyncClient) -> list[asyncio.Task[None]]:
        """All sessions that were never answered, on their way once more."""
        return [asyncio.create_task(self._asked(http, int(name[1:]))) for name in sorted(self._unanswered - self._answered)]

    async def _asked(self, http: httpx.AsyncClient, number: int) -> None:
        name = f"s{number}"
        content = body(self._seed + number, sessionId=name)
        try:
            answer = await http.post("/api/v1/score", content=content, headers={"Content-Type": "application/json"})
        except httpx.TransportError:
            self._unanswered.add(name)
            return
        assert answer.status_code == 200, answer.text
        self._answered.add(name)
        if decode_verdict(answer.content).status == "preliminary":
            self._preliminary.add(name)

    def recover(self) -> None:
        """Return when nothing is awaited any more, and the site was told everything."""
        with closing(self.place.open()) as store:
            until(lambda: store.awaited.depth().waiting == 0, "every verdict is final")
            until(lambda: store.outbox.counts().waiting == 0, "every webhook has arrived")

    def finish(self, service: Serving) -> None:
        """Recover, and stop after one more session: what the dead did not note as settled is noted with the next publication."""
        self.recover()

        async def one_more() -> None:
            async with httpx.AsyncClient(base_url=service.url, timeout=PATIENCE) as http:
                await self.ask(http)

        asyncio.run(one_more())
        self.recover()
        assert service.stop() == 0

    def check(self, forgotten: int | None = None) -> Told:
        """Hold what must be true when the last service has stopped; `forgotten` says how many versions may be, where nobody can know."""
        with closing(self.place.open()) as store:
            names = [f"s{number}" for number in range(1, self._number + 1)]
            found = {name: session for name in names if (session := store.get("open", name)) is not None}
        verdicts = {name: decode_verdict(session.verdict) for name, session in found.items()}
        assert set(names) - set(found) <= self._unanswered - self._answered, "what was answered is stored"
        for name, verdict in verdicts.items():
            assert (verdict.status, verdict.anomaly.source, verdict.fallback_reason) == ("final", "woodwide", None), name
            assert found[name].revision == verdict.revision == 2, name
        self._check_webhooks(set(verdicts))
        self._check_database(len(verdicts), range(forgotten + 1) if forgotten is not None else range(self._least, self._most + 1))
        rows = np.array([np.frombuffer(session.features, "<f8") for session in found.values()])
        asyncio.run(self._check_scores(rows, list(verdicts.values())))
        told = self.told
        told.sessions, told.answered, told.final = self._number, len(self._answered), len(verdicts)
        told.preliminary, told.unanswered = len(self._preliminary), len(self._unanswered)
        self.ground.total.add(told)
        return told

    def _check_webhooks(self, stored: set[str]) -> None:
        """One id for each session that was answered a preliminary verdict, at most one for each that was not answered."""
        arrived: dict[str, list[str]] = {}
        while not self._receiver.arrivals.empty():
            arrival = self._receiver.arrivals.get()
            if len(arrival.body) < int(arrival.headers["content-length"]):
                continue  # its sender was killed
            arrived.setdefault(json.loads(arrival.body)["data"]["verdict"]["sessionId"], []).append(arrival.id)
        assert self._preliminary <= set(arrived) <= (self._preliminary | self._unanswered) & stored
        assert {name for name, ids in arrived.items() if len(set(ids)) > 1} == set()
        self.told.webhooks = len(arrived)
        self.told.repeated = sum(map(len, arrived.values())) - len(arrived)

    def _check_database(self, sessions: int, forgotten: Container[int]) -> None:
        """One row for each session, one dataset, one version and one scoring for each publication."""
        rows = self.place.rows
        if not self.place.url:
            assert rows("PRAGMA integrity_check") == [("ok",)]
        assert rows("SELECT count(*), count(DISTINCT session_seq) FROM live_row") == [(sessions, sessions)]
        for table in ("awaited", "publication_row", "live_replaced"):
            assert rows(f"SELECT count(*) FROM {table}") == [(0,)], table
        published = rows("SELECT version_id, batch_job_id, state FROM publication")
        service = self.ground.emulator.service
        alike, _ = service.do(lambda: service.datasets.find(self.dataset, 200, None, archived=True))
        made = [dataset.id for dataset in alike if dataset.name == self.dataset]
        assert len(made) == (self.strategy == "dataset")
        versions = [version.id for name in made for version in service.do(lambda name=name: service.datasets.versions(name))]  # type: ignore[misc]
        assert {state for _, _, state in published} <= {"settled"}
        assert len(versions) - len(published) in forgotten
        batches = [(job.dataset_version_id, job.id) for job in service.jobs.all().values() if job.dataset_version_id in versions]
        batches = [(version, job) for version, job in batches if service.jobs.get(job).type == "infer_batch"]
        assert sorted(batches) == sorted((version, job) for version, job, _ in published)

    async def _check_scores(self, rows: Floats, verdicts: Sequence[Verdict]) -> None:
        """Each session has the score of its row, which it also has alone."""
        given = [verdict.hosted for verdict in verdicts]
        settings = hosted_settings(self.place.folder, self.ground.emulator, self.ground.model_id)
        async with connect(connection_of(settings)) as woodwide:
            together = [slice(place, place + TOGETHER) for place in range(0, len(rows), TOGETHER)]
            alone = [slice(place, place + 1) for place in range(0, len(rows), max(1, len(rows) // ALONE))]
            for some in (*together, *alone):
                assert given[0] is not None
                file = csv_file(rows[some], Columns())
                scores = await woodwide.inference.at_once(self.ground.model_id, given[0].model_version, file)
                assert [hosted.raw_score for hosted in given[some] if hosted is not None] == pytest.approx(list(scores.raw))


def value(service: Serving, sample: str) -> float:
    """The value of a sample of a service's metrics, 0 where it was never touched."""
    found = [line for line in httpx.get(f"{service.url}/metrics", timeout=PATIENCE).text.splitlines() if line.startswith(sample)]
    return float(found[0].rpartition(" ")[2]) if found else 0.0


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """An emulator, and a model that is trained there."""
    with running_emulator() as emulator:
        model_id = asyncio.run(taught(folder / "template", emulator))
        yield Ground(emulator, folder / "template", model_id)


@contextmanager
def site_in(on: Ground, folder: Path, strategy: str, seed: int) -> Iterator[Site]:
    """A site in a new folder, which listens."""
    shutil.copytree(on.template, folder / "data")
    with listening_site(on, Place(folder), strategy, seed) as site:
        yield site


@contextmanager
def listening_site(on: Ground, place: Place, strategy: str, seed: int) -> Iterator[Site]:
    """A site that listens, with a database that knows the model."""
    listening = threading.Event()
    listening.set()
    with receiving(Answer(hold=listening)) as receiver:
        yield Site(on, place, strategy, receiver, listening, seed)


def killed(on: Ground, folder: Path, strategy: str, points: Sequence[Point], seed: int) -> Told:
    """What came of sessions in a new folder, where services are killed at one of `points` after the other."""
    with site_in(on, folder, strategy, seed) as site:
        for point in points:
            with site.serving() as service:
                site.recover()
                site.kill(service, point)
        with site.serving() as service:
            site.finish(service)
        return site.check()
