"""Publishing the live dataset: found and scored again after a death anywhere, once, and in one dataset."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from playproof.errors import HostedError, HostedReason
from playproof.scoring.base import Floats
from playproof.woodwide import Woodwide
from playproof.woodwide.answers import Training, Upload
from playproof.woodwide.caller import Caller
from playproof.woodwide.flights import Passenger
from playproof.woodwide.mapping import Answer, HostedScore, Publication
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
        self.plans: dict[str, Plan[str]] = {}
        self.content: dict[str, Floats] = {}
        self.names = [name or f"live-{next(_numbers)}"]
        self.dataset_id: str | None = None
        self.ended: list[tuple[str, HostedReason, bool]] = []

    async def plan(self, passengers: Sequence[Passenger[str]]) -> Plan[str]:
        target = Target(dataset_id=self.dataset_id) if self.dataset_id else Target(name=self.names[-1])
        keys = (*([None] * COMPANY), *(passenger.key for passenger in passengers))
        plan = Plan(f"plan-{next(_numbers)}", target, Publication(keys))
        self.plans[plan.id] = plan
        self.content[plan.id] = np.vstack([rows(COMPANY, 3), *(passenger.row for passenger in passengers)])
        return plan

    async def rows(self, plan: Plan[str]) -> Floats:
        return self.content[plan.id]

    async def announced(self, plan: Plan[str], upload: Upload) -> None:
        self.dataset_id = upload.dataset_id
        self.plans[plan.id] = replace(self.plans[plan.id], upload=upload)

    async def begun(self, plan: Plan[str], job_id: str) -> None:
        self.plans[plan.id] = replace(self.plans[plan.id], batch_job_id=job_id)

    async def over(self, plan: Plan[str], reason: HostedReason, *, lost: bool) -> None:
        self.ended.append((plan.id, reason, lost))
        if lost:
            self.dataset_id = None
            self.names.append(f"{self.names[0]}-{len(self.names) + 1}")


async def inline(passengers: Sequence[Passenger[str]]) -> Mapping[str, Answer]:
    return {passenger.key: HostedScore(-1.0, None, "v1") for passenger in passengers}


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
    """The rows of each version that the dataset has at Woodwide, the newest first."""
    dataset = await woodwide.datasets.find(memory.names[-1])
    assert dataset is not None
    return [version.row_count or 0 for version in await woodwide.datasets.versions(dataset.id)]


def raw(answers: Mapping[str, Answer]) -> dict[str, float]:
    return {key: answer.raw for key, answer in answers.items() if isinstance(answer, HostedScore)}


def test_each_publication_is_a_version_of_one_dataset(emulator: Running, model: HostedModel, expected: dict[str, Any]) -> None:
    memory = Memory()

    async def work(woodwide: Woodwide) -> tuple[Mapping[str, Answer], Mapping[str, Answer], int]:
        publishing = Publishing(woodwide, model, memory, inline)
        first, second = await publishing(passengers()), await publishing(passengers(7, 6))
        return first, second, len(await versions_of(woodwide, memory))

    first, second, versions = Site(emulator).run(work)
    assert raw(first) == expected
    assert len(raw(second)) == 7
    assert versions == 2


class Mortal:
    """Kills the process before or after one of the calls to Woodwide."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
        self.calls = 0
        self.fatal = 0
        repeat = Caller._repeat

        async def deadly(caller: Caller, *given: Any) -> Any:
            self.calls += 1
            if self.calls == self.fatal and not after:
                raise Killed
            answer = await repeat(caller, *given)
            if self.calls == self.fatal and after:
                raise Killed
            return answer

        monkeypatch.setattr(Caller, "_repeat", deadly)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_death_at_any_call_is_made_up_for(
    emulator: Running, model: HostedModel, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    mortal = Mortal(monkeypatch, after=after)

    def lives(call: int) -> bool:
        """Whether a publication outlives a death at this call, which it has not as many as; else it is carried on."""
        memory = Memory()

        async def begin(woodwide: Woodwide) -> Mapping[str, Answer]:
            mortal.calls, mortal.fatal = 0, call
            return await Publishing(woodwide, model, memory, inline)(passengers())

        async def end(woodwide: Woodwide) -> Mapping[str, Answer]:
            mortal.fatal = 0
            (plan,) = memory.plans.values()
            answers = await Publishing(woodwide, model, memory, inline).carry_on(plan)
            assert await versions_of(woodwide, memory) == [COMPANY + 5]
            return answers

        try:
            assert raw(Site(emulator).run(begin)) == expected
        except Killed:
            assert raw(Site(emulator).run(end)) == expected
            return False
        return True

    deaths = next(call for call in itertools.count(1) if lives(call)) - 1
    assert deaths >= 7


def test_a_dataset_that_somebody_else_made_meanwhile_is_taken(emulator: Running, model: HostedModel, expected: dict[str, Any]) -> None:
    name = f"live-{next(_numbers)}"
    ledgers = [Memory(name) for _ in range(4)]

    async def work(woodwide: Woodwide) -> list[Mapping[str, Answer]]:
        flights = (Publishing(woodwide, model, ledger, inline)(passengers()) for ledger in ledgers)
        return list(await asyncio.gather(*flights))

    assert [raw(answers) for answers in Site(emulator).run(work)] == [expected] * 4
    assert len({ledger.dataset_id for ledger in ledgers}) == 1


def test_a_lost_dataset_is_replaced_once_and_its_passengers_fly_otherwise(emulator: Running, model: HostedModel) -> None:
    memory = Memory()

    async def work(woodwide: Woodwide) -> None:
        publishing = Publishing(woodwide, model, memory, inline)
        await publishing(passengers())
        lost = memory.dataset_id or ""
        emulator.service.do(lambda: emulator.service.datasets.archive(lost))
        assert set(raw(await publishing(passengers(3, 8))).values()) == {-1.0}
        assert -1.0 not in raw(await publishing(passengers(3, 9))).values()
        assert -1.0 not in raw(await publishing(passengers(3, 10))).values()
        assert len(await versions_of(woodwide, memory)) == 2

    Site(emulator).run(work)
    assert [(reason, lost) for _, reason, lost in memory.ended] == [(HostedReason.NOT_FOUND, True)]
    assert len(memory.names) == 2


def test_an_ingestion_that_fails_ends_the_plan_and_keeps_the_dataset(emulator: Running, model: HostedModel) -> None:
    memory = Memory()

    async def work(woodwide: Woodwide) -> None:
        publishing = Publishing(woodwide, model, memory, inline)
        emulator.fault("job_failed", "datasets.complete", times=1)
        with pytest.raises(HostedError) as caught:
            await publishing(passengers())
        assert caught.value.reason is HostedReason.JOB_FAILED
        assert len(raw(await publishing(passengers()))) == 5

    Site(emulator).run(work)
    assert [(reason, lost) for _, reason, lost in memory.ended] == [(HostedReason.JOB_FAILED, False)]
    assert len(memory.names) == 1


@pytest.mark.parametrize("kind", ["job_failed", "job_rejected", "stale_version"])
def test_a_batch_that_came_to_nothing_is_begun_once_more(
    emulator: Running, model: HostedModel, expected: dict[str, Any], kind: str
) -> None:
    memory = Memory()

    async def first(woodwide: Woodwide) -> None:
        await Publishing(woodwide, model, memory, inline)(passengers(3, 12))
        emulator.fault(kind, "models.infer_batch", times=1)
        await Publishing(woodwide, model, memory, inline)(passengers())

    async def then(woodwide: Woodwide) -> Mapping[str, Answer]:
        return await Publishing(woodwide, model, memory, inline).carry_on(list(memory.plans.values())[-1])

    Site(emulator).fails(first)
    assert raw(Site(emulator).run(then)) == expected
