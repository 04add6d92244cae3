"""The check of a configuration says what works, what does not, and how small and mixed files are taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from playproof.errors import HostedReason
from playproof.woodwide import Woodwide
from playproof.woodwide.answers import Training
from playproof.woodwide.check import Check, Finding
from tests.emulating import Running, running_emulator
from tests.hosting import COLUMNS, Site, rows, trained


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Running, Training]]:
    with running_emulator() as running:
        yield running, Site(running).run(trained)[1]


@pytest.fixture
def emulator(shared: tuple[Running, Training]) -> Iterator[Running]:
    yield shared[0]
    shared[0].heal()


def findings(emulator: Running, model_id: str, dataset: str = "people") -> list[Finding]:
    site = Site(emulator)

    async def work(woodwide: Woodwide) -> list[Finding]:
        return [found async for found in Check(woodwide, site.clock).run(dataset, model_id, COLUMNS, rows(20, 4))]

    return site.run(work)


def test_a_good_configuration_is_good_throughout(emulator: Running, shared: tuple[Running, Training]) -> None:
    found = findings(emulator, shared[1].model_id)
    assert [(each.step, each.good) for each in found] == [
        ("key and dataset", True), ("model", True), ("one row", True), ("company", True), ("alone and in company", True),
    ]  # fmt: skip
    assert "version 1 is ready, 120 rows" in found[0].told
    assert shared[1].version_id in found[1].told


def test_a_dataset_that_is_not_there_yet_is_no_fault(emulator: Running, shared: tuple[Running, Training]) -> None:
    assert "there is no dataset nobody yet" in findings(emulator, shared[1].model_id, "nobody")[0].told


@pytest.mark.parametrize(
    ("kind", "route", "steps", "reason"),
    [
        ("unauthorized", "*", 1, HostedReason.UNAUTHORIZED),
        ("no_credits", "models.infer", 4, HostedReason.CREDITS_EXHAUSTED),
        ("empty_body", "models.infer", 4, HostedReason.EMPTY_RESPONSE),
        ("nan_scores", "models.infer", 4, HostedReason.INVALID_SCORE),
    ],
)
def test_what_fails_has_its_reason(
    emulator: Running, shared: tuple[Running, Training], kind: str, route: str, steps: int, reason: HostedReason
) -> None:
    emulator.fault(kind, route)
    found = findings(emulator, shared[1].model_id)
    assert len(found) == steps
    assert next(each.reason for each in found if not each.good) is reason


def test_a_small_file_that_is_answered_with_nothing_is_told_apart_from_a_large_one(
    emulator: Running, shared: tuple[Running, Training]
) -> None:
    emulator.fault("empty_small", "models.infer", rows=10)
    assert [each.good for each in findings(emulator, shared[1].model_id)] == [True, True, False, True]


def test_a_model_to_which_company_matters_is_told(emulator: Running, shared: tuple[Running, Training]) -> None:
    emulator.fault("relative_scores", "models.infer")
    last = findings(emulator, shared[1].model_id)[-1]
    assert (last.step, last.good) == ("alone and in company", False)
    assert "alone a row has" in last.told


def test_a_model_that_is_not_there_ends_it(emulator: Running) -> None:
    found = findings(emulator, "mdl_NOBODY00")
    assert [each.reason for each in found] == [None, HostedReason.NOT_FOUND]
