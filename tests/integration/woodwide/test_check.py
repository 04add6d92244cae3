"""The check of a configuration says what works, what does not, and how small and mixed files are taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from playproof.errors import HostedReason
from playproof.woodwide import Woodwide
from playproof.woodwide.answers import Training
from playproof.woodwide.calibration import HostedCalibration
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


def findings(
    emulator: Running, training: Training, dataset: str = "people", *, sessions: int = 400, version_id: str = "", seconds: float = 60.0
) -> list[Finding]:
    """What is found with a calibration of so many sessions, two of a person; none where there are none."""
    site = Site(emulator)
    known = HostedCalibration(
        training.model_id,
        version_id or training.version_id,
        COLUMNS.names,
        tuple(number / sessions for number in range(sessions)),
        tuple(number // 2 for number in range(sessions)),
    )

    async def work(woodwide: Woodwide) -> list[Finding]:
        check = Check(woodwide, site.clock, seconds)
        found = check.run(dataset, training.model_id, COLUMNS, rows(20, 4), known if sessions else None)
        return [each async for each in found]

    return site.run(work)


def test_a_good_configuration_is_good_throughout(emulator: Running, shared: tuple[Running, Training]) -> None:
    found = findings(emulator, shared[1])
    assert [(each.step, each.good) for each in found] == [
        ("key and dataset", True), ("model", True), ("calibration", True),
        ("one row", True), ("company", True), ("alone and in company", True),
    ]  # fmt: skip
    assert "version 1 is ready, 120 rows" in found[0].told
    assert shared[1].version_id in found[1].told
    assert found[2].told == "400 rows of 200 people: hosted scores decide"
    assert "calibrated" in found[3].told


@pytest.mark.parametrize(
    ("sessions", "good", "told"),
    [
        (0, False, "no version was calibrated here: hosted scores are shown and decide nothing"),
        (20, False, "20 rows of 10 people: hosted scores are shown and decide nothing"),
        (200, True, "200 rows of 100 people: hosted scores get to review at most"),
    ],
)
def test_what_hosted_scores_may_decide_is_told(
    emulator: Running, shared: tuple[Running, Training], sessions: int, good: bool, told: str
) -> None:
    found = findings(emulator, shared[1], sessions=sessions)
    assert (found[2].good, found[2].told) == (good, told)
    assert ("calibrated" in found[3].told) is good


def test_a_newer_version_that_is_not_calibrated_is_told(emulator: Running, shared: tuple[Running, Training]) -> None:
    found = findings(emulator, shared[1], version_id="mdlv_OLDER000")
    assert "its newest calibrated version mdlv_OLDER000 is asked" in found[1].told
    assert found[3].reason is HostedReason.NOT_FOUND


def test_it_ends_when_its_time_is_over(emulator: Running, shared: tuple[Running, Training]) -> None:
    found = findings(emulator, shared[1], seconds=0.0)
    assert [(each.good, each.reason) for each in found] == [(False, HostedReason.TIMEOUT)]


def test_a_dataset_that_is_not_there_yet_is_no_fault(emulator: Running, shared: tuple[Running, Training]) -> None:
    assert "there is no dataset nobody yet" in findings(emulator, shared[1], "nobody")[0].told


@pytest.mark.parametrize(
    ("kind", "route", "steps", "reason"),
    [
        ("unauthorized", "*", 1, HostedReason.UNAUTHORIZED),
        ("no_credits", "models.infer", 5, HostedReason.CREDITS_EXHAUSTED),
        ("empty_body", "models.infer", 5, HostedReason.EMPTY_RESPONSE),
        ("nan_scores", "models.infer", 5, HostedReason.INVALID_SCORE),
    ],
)
def test_what_fails_has_its_reason(
    emulator: Running, shared: tuple[Running, Training], kind: str, route: str, steps: int, reason: HostedReason
) -> None:
    emulator.fault(kind, route)
    found = findings(emulator, shared[1])
    assert len(found) == steps
    assert next(each.reason for each in found if not each.good) is reason


def test_a_small_file_that_is_answered_with_nothing_is_told_apart_from_a_large_one(
    emulator: Running, shared: tuple[Running, Training]
) -> None:
    emulator.fault("empty_small", "models.infer", rows=10)
    assert [each.good for each in findings(emulator, shared[1])] == [True, True, True, False, True]


def test_a_model_to_which_company_matters_is_told(emulator: Running, shared: tuple[Running, Training]) -> None:
    emulator.fault("relative_scores", "models.infer")
    last = findings(emulator, shared[1])[-1]
    assert (last.step, last.good) == ("alone and in company", False)
    assert "alone a row has" in last.told


def test_a_model_that_is_not_there_ends_it(emulator: Running) -> None:
    found = findings(emulator, Training("mdl_NOBODY00", "mdlv_NOBODY00", "job_NOBODY00"))
    assert [each.reason for each in found] == [None, HostedReason.NOT_FOUND]
