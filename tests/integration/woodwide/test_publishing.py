"""Publishing the live dataset: found and scored again after a death anywhere, once, and in one dataset."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from playproof.emulator.core import Pace
from playproof.errors import HostedError, HostedReason
from playproof.scoring.base import Floats
from playproof.testing import FakeClock
from playproof.woodwide import Woodwide
from playproof.woodwide.answers import Training, Upload
from playproof.woodwide.caller import Caller
from playproof.woodwide.flights import Passenger
from playproof.woodwide.mapping import Answer, Publication, RawScore
from playproof.woodwide.model import HostedModel
from playproof.woodwide.publishing import Plan, Publishing
from playproof.woodwide.uploads import Target
from tests.emulating import Running, running_emulator
from tests.hosting import COLUMNS, Site, rows, scored, trained

COMPANY = 40
_numbers = itertools.count()


class Killed(BaseException):
    """The process is gone."""


class Memory:
    """A ledger that outlives the process of a test."""

    def __init__(self, name: str | None = None) -> None:
        self.open: dict[str, Plan[str]] = {}
        self.content: dict[str, Floats] = {}
        self.names = [name or f"live-{next(_numbers)}"]
        self.dataset_id: str | None = None
        self.ended: list[tuple[str, HostedReason, bool]] = []
        self.elsewhere = False

    async def plans(self, passengers: Sequence[Passenger[str]], model: HostedModel) -> Sequence[Plan[str]] | None:
        if self.elsewhere:
            return None
        boarding = {passenger.key: passenger.row for passenger in passengers}
        found = [plan for plan in self.open.values() if boarding.keys() & plan.publication.keys]
        for plan in found:
            for key in plan.publication.keys:
                boarding.pop(key, None)  # type: ignore[arg-type]
        return [*found, self.make(boarding, model)] if boarding else found

    def make(self, boarding: dict[str, Floats], model: HostedModel) -> Plan[str]:
        target = Target(dataset_id=self.dataset_id) if self.dataset_id else Target(name=self.names[-1])
        plan = Plan(f"plan-{next(_numbers)}", model, target, Publication((*boarding, *([None] * COMPANY))))
        self.open[plan.id] = plan
        self.content[plan.id] = np.vstack([*boarding.values(), rows(COMPANY, 3)])
        return plan

    async def rows(self, plan: Plan[str]) -> Floats:
        return self.content[plan.id]

    async def announced(self, plan: Plan[str], upload: Upload) -> None:
        self.dataset_id = upload.dataset_id
        self.open[plan.id] = replace(plan, upload=upload)

    async def begun(self, plan: Plan[str], job_id: str) -> None:
        self.open[plan.id] = replace(self.open[plan.id], batch_job_id=job_id)

    async def settled(self, plan: Plan[str]) -> None:
        del self.open[plan.id]

    async def over(self, plan: Plan[str], reason: HostedReason, *, lost: bool) -> None:
        del self.open[plan.id]
        self.ended.append((plan.id, reason, lost))
        if lost:
            self.dataset_id = None
            self.names.append(f"{self.names[0]}-{len(self.names) + 1}")


async def inline(passengers: Sequence[Passenger[str]]) -> Mapping[str, Answer]:
    return {passenger.key: RawScore(-1.0, None, "v1") for passenger in passengers}


def passengers(count: int = 5, seed: int = 5) -> list[Passenger[str]]:
    return [Passenger(f"{seed}-{number}", row) for number, row in enumerate(rows(count, seed))]


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Running, HostedModel, dict[str, float]]]:
    async def work(woodwide: Woodwide) -> tuple[Training, list[float]]:
        _, training = await trained(woodwide)
        alone = await scored(woodwide, training, np.vstack([one.row for one in passengers()]))
        return training, alone.raw.tolist()

    with running_emulator() as running:
        training, alone = Site(running).run(work)
        named = {one.key: raw for one, raw in zip(passengers(), alone, strict=True)}
        yield running, HostedModel(training.model_id, training.version_id, COLUMNS), named


@pytest.fixture
def emulator(shared: tuple[Running, HostedModel, dict[str, float]]) -> Iterator[Running]:
    yield shared[0]
    shared[0].heal()


@pytest.fixture
def model(shared: tuple[Running, HostedModel, dict[str, float]]) -> HostedModel:
    return shared[1]


@pytest.fixture
def expected(shared: tuple[Running, HostedModel, dict[str, float]]) -> dict[str, Any]:
    return {key: pytest.approx(raw) for key, raw in shared[2].items()}


async def versions_of(woodwide: Woodwide, memory: Memory) -> list[int]:
    """The rows of each version that the dataset has at Woodwide, the newest first; 0 where nothing was sent."""
    dataset = await woodwide.datasets.find(memory.names[-1])
    assert dataset is not None
    return [version.row_count or 0 for version in await woodwide.datasets.versions(dataset.id)]


def raw(answers: Mapping[str, Answer]) -> dict[str, float]:
    return {key: answer.raw for key, answer in answers.items() if isinstance(answer, RawScore)}


def publishing(woodwide: Woodwide, model: HostedModel, memory: Memory, patience: float = 60.0) -> Publishing[str]:
    return Publishing(woodwide, model, memory, inline, patience=patience)


def test_each_publication_is_a_version_of_one_dataset(emulator: Running, model: HostedModel, expected: dict[str, Any]) -> None:
    memory = Memory()

    async def work(woodwide: Woodwide) -> tuple[Mapping[str, Answer], Mapping[str, Answer], int]:
        fly = publishing(woodwide, model, memory)
        first, second = await fly(passengers()), await fly(passengers(7, 6))
        return first, second, len(await versions_of(woodwide, memory))

    first, second, versions = Site(emulator).run(work)
    assert raw(first) == expected
    assert len(raw(second)) == 7
    assert versions == 2


def test_a_publication_of_a_dataset_that_is_there_takes_four_calls(emulator: Running, model: HostedModel) -> None:
    memory = Memory()
    site = Site(emulator)

    async def work(woodwide: Woodwide) -> None:
        fly = publishing(woodwide, model, memory)
        await fly(passengers())
        site.reports.clear()
        await fly(passengers(7, 6))

    site.run(work)
    assert [report.call for report in site.reports[:2]] == ["datasets.create", "models.infer_batch"]
    assert {report.call for report in site.reports[2:]} == {"jobs.retrieve", "jobs.retrieve_result_rows"}
    assert len(site.reports) == 4
    assert site.slept == []


def test_a_provider_that_takes_its_time_and_pages_nothing_is_waited_for(model: HostedModel) -> None:
    clock = FakeClock()
    memory = Memory()
    with running_emulator(clock=clock, pace=Pace(ingest=3.0, infer=5.0)) as slow:
        site = Site(slow, clock=clock)

        async def work(woodwide: Woodwide) -> Mapping[str, Answer]:
            _, training = await trained(woodwide)
            slow.fault("server_error", "jobs.retrieve_result_rows", status=501)
            own = HostedModel(training.model_id, training.version_id, COLUMNS)
            return await publishing(woodwide, own, memory)(passengers())

        assert len(raw(site.run(work))) == 5
        assert site.calls("results.download") == 1


class Mortal:
    """Kills the process before or after one of the calls to Woodwide."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
        self.calls = 0
        self.fatal = 0
        repeat = Caller._repeat

        async def deadly(caller: Caller, *given: Any) -> Any:
            self.calls += 1
            fatal = self.calls == self.fatal
            if fatal and not after:
                raise Killed
            answer = await repeat(caller, *given)
            if fatal:
                raise Killed
            return answer

        monkeypatch.setattr(Caller, "_repeat", deadly)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("known", [False, True], ids=["first", "later"])
def test_a_death_at_any_call_is_made_up_for(
    emulator: Running, model: HostedModel, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch, after: bool, known: bool
) -> None:
    mortal = Mortal(monkeypatch, after=after)

    def lives(call: int) -> bool:
        """Whether a publication outlives a death at this call, which it has not as many as; else it is carried on."""
        memory = Memory()

        async def begin(woodwide: Woodwide) -> Mapping[str, Answer]:
            mortal.fatal = 0
            if known:
                await publishing(woodwide, model, memory)(passengers(1, 11))
            mortal.calls, mortal.fatal = 0, call
            return await publishing(woodwide, model, memory)(passengers())

        async def end(woodwide: Woodwide) -> Mapping[str, Answer]:
            mortal.fatal = 0
            answers = await publishing(woodwide, model, memory)(passengers())
            assert memory.open == {}
            versions = [count for count in await versions_of(woodwide, memory) if count]
            # The one call that cannot be noted before it is made may be made again.
            assert versions.count(COMPANY + 5) == 1 + (known and after and call == 1)
            return answers

        try:
            assert raw(Site(emulator).run(begin)) == expected
        except Killed:
            assert raw(Site(emulator).run(end)) == expected
            return False
        return True

    deaths = next(call for call in itertools.count(1) if lives(call)) - 1
    assert deaths == (4 if known else 7)


def test_whoever_boards_again_is_carried_on_beside_the_others(emulator: Running, model: HostedModel, expected: dict[str, Any]) -> None:
    memory = Memory()

    async def work(woodwide: Woodwide) -> Mapping[str, Answer]:
        fly = publishing(woodwide, model, memory)
        await fly(passengers(1, 11))
        emulator.fault("rate_limited", "models.infer_batch", seconds=3600)
        with pytest.raises(HostedError) as caught:
            await fly(passengers())
        assert caught.value.reason is HostedReason.RATE_LIMITED
        emulator.heal()
        answers = await fly([*passengers(), *passengers(2, 12)])
        assert await versions_of(woodwide, memory) == [COMPANY + 2, COMPANY + 5, COMPANY + 1]
        return answers

    answers = raw(Site(emulator).run(work))
    assert {key: answers[key] for key in expected} == expected
    assert len(answers) == 7


def test_where_another_process_publishes_passengers_fly_otherwise(emulator: Running, model: HostedModel) -> None:
    memory = Memory()
    memory.elsewhere = True
    answers = Site(emulator).run(lambda woodwide: publishing(woodwide, model, memory)(passengers()))
    assert set(raw(answers).values()) == {-1.0}


def test_a_dataset_that_somebody_else_made_meanwhile_is_taken(emulator: Running, model: HostedModel, expected: dict[str, Any]) -> None:
    name = f"live-{next(_numbers)}"
    ledgers = [Memory(name) for _ in range(4)]

    async def work(woodwide: Woodwide) -> list[Mapping[str, Answer]]:
        return list(await asyncio.gather(*(publishing(woodwide, model, ledger)(passengers()) for ledger in ledgers)))

    assert [raw(answers) for answers in Site(emulator).run(work)] == [expected] * 4
    assert len({ledger.dataset_id for ledger in ledgers}) == 1


def test_a_lost_dataset_is_replaced_once_and_its_passengers_fly_otherwise(emulator: Running, model: HostedModel) -> None:
    memory = Memory()

    async def work(woodwide: Woodwide) -> None:
        fly = publishing(woodwide, model, memory)
        await fly(passengers())
        lost = memory.dataset_id or ""
        emulator.service.do(lambda: emulator.service.datasets.archive(lost))
        assert set(raw(await fly(passengers(3, 8))).values()) == {-1.0}
        assert -1.0 not in raw(await fly(passengers(3, 9))).values()
        assert -1.0 not in raw(await fly(passengers(3, 10))).values()
        assert len(await versions_of(woodwide, memory)) == 2

    Site(emulator).run(work)
    assert [(reason, lost) for _, reason, lost in memory.ended] == [(HostedReason.NOT_FOUND, True)]
    assert len(memory.names) == 2


@pytest.mark.parametrize(("kind", "lost"), [("job_failed", False), ("job_rejected", True)])
def test_an_ingestion_that_comes_to_nothing_ends_the_plan(emulator: Running, model: HostedModel, kind: str, lost: bool) -> None:
    memory = Memory()

    async def work(woodwide: Woodwide) -> None:
        fly = publishing(woodwide, model, memory)
        await fly(passengers(1, 11))
        emulator.fault(kind, "datasets.create", times=1)
        if lost:
            assert set(raw(await fly(passengers())).values()) == {-1.0}
        else:
            with pytest.raises(HostedError) as caught:
                await fly(passengers())
            assert caught.value.reason is HostedReason.JOB_FAILED
        assert -1.0 not in raw(await fly(passengers())).values()

    Site(emulator).run(work)
    assert [(reason.value, gone) for _, reason, gone in memory.ended] == [(kind, lost)]
    assert len(memory.names) == 1 + lost


@pytest.mark.parametrize("kind", ["job_failed", "job_rejected", "stale_version", "fewer_rows", "ids_only"])
def test_a_batch_that_came_to_nothing_ends_the_plan(emulator: Running, model: HostedModel, expected: dict[str, Any], kind: str) -> None:
    memory = Memory()

    async def first(woodwide: Woodwide) -> None:
        await publishing(woodwide, model, memory)(passengers(3, 12))
        emulator.fault(kind, "models.infer_batch", times=1)
        await publishing(woodwide, model, memory)(passengers())

    error = Site(emulator).fails(first)
    assert [reason for _, reason, _ in memory.ended] == [error.reason]
    assert memory.open == {}
    assert raw(Site(emulator).run(lambda woodwide: publishing(woodwide, model, memory)(passengers()))) == expected


def test_a_job_that_hangs_leaves_its_plan_open(emulator: Running, model: HostedModel, expected: dict[str, Any]) -> None:
    memory = Memory()
    site = Site(emulator)
    emulator.fault("job_stuck", "models.infer_batch")
    before = site.calls("models.infer_batch")
    error = site.fails(lambda woodwide: publishing(woodwide, model, memory, 20.0)(passengers()))
    assert error.reason is HostedReason.JOB_TIMEOUT
    assert sum(site.slept) == pytest.approx(20.0)
    assert len(memory.open) == 1
    emulator.heal()
    assert raw(site.run(lambda woodwide: publishing(woodwide, model, memory)(passengers()))) == expected
    assert site.calls("models.infer_batch") == before + 1
    assert memory.open == {}
