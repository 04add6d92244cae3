"""Faults: which calls they hit."""

from __future__ import annotations

import os

import pytest

from playproof.emulator.faults import KINDS, ROUTES, Fault, Faults, check, read_fault
from playproof.emulator.refusal import Refusal


def hits(faults: Faults, route: str, kind: str, count: int = 1, key: str | None = None) -> list[int]:
    return [len(faults.hit(route, key, (kind,))) for _ in range(count)]


def test_a_fault_lets_some_pass_and_ends() -> None:
    faults = Faults(os.urandom, [Fault(kind="reset", after=1, times=2)])
    assert hits(faults, "jobs.list", "reset", 5) == [0, 1, 1, 0, 0]
    (fault,) = faults.all()
    assert fault.spent
    assert fault.seen == 3


def test_only_the_kinds_asked_about_are_counted() -> None:
    faults = Faults(os.urandom, [Fault(kind="latency", times=1)])
    assert hits(faults, "jobs.list", "reset") == [0]
    assert hits(faults, "jobs.list", "latency") == [1]


@pytest.mark.parametrize(
    ("fault", "route", "covered"),
    [
        ("latency", "jobs.list", True),
        ("latency@models.*", "models.infer", True),
        ("latency@models.*", "jobs.list", False),
        ("empty_body", "models.infer", True),
        ("empty_body", "jobs.list", False),
        ("empty_body@jobs.list", "jobs.list", True),
        ("fewer_rows", "models.infer", True),
        ("fewer_rows", "models.infer_batch", False),
        ("fewer_rows@models.infer_batch", "models.infer_batch", True),
        ("job_stuck@models.*", "models.train", True),
        ("job_stuck@models.*", "models.infer", False),
    ],
)
def test_a_fault_covers_the_routes_where_it_makes_sense(fault: str, route: str, covered: bool) -> None:
    assert read_fault(fault).covers(route) is covered


def test_faults_for_one_key_spare_the_others() -> None:
    faults = Faults(os.urandom, [Fault(kind="no_credits", key="poor")])
    assert hits(faults, "jobs.list", "no_credits", key="rich") == [0]
    assert hits(faults, "jobs.list", "no_credits", key="poor") == [1]


def test_faults_come_and_go() -> None:
    faults = Faults(os.urandom)
    made = faults.add(Fault(kind="job_stuck"))
    assert faults.there(made.id)
    assert faults.remove(made.id)
    assert not faults.remove(made.id)
    assert not faults.there(made.id)
    faults.add(Fault(kind="latency"))
    faults.clear()
    assert faults.all() == []


def test_a_fault_is_written_on_one_line() -> None:
    assert read_fault("rate_limited@models.infer,times=3,seconds=2,when=after") == Fault(
        kind="rate_limited", route="models.infer", times=3, seconds=2.0, when="after"
    )
    assert read_fault("reset") == Fault(kind="reset")


@pytest.mark.parametrize(
    "text", ["", "flood", "reset@nowhere", "reset,times", "reset,id=1", "reset,times=x", "reset,kind=latency", "job_stuck@jobs.list"]
)
def test_what_is_no_fault_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_fault(text)
    assert caught.value.status == 422
    assert caught.value.words


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_happen_somewhere_that_exists(kind: str) -> None:
    check(Fault(kind=kind))
    assert set(KINDS[kind].places) <= set(ROUTES)
