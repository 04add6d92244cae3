"""Findings: each is found where it is, and nowhere on a plausible person."""

from __future__ import annotations

import gzip
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from playproof.decision import MEANINGS, ReasonCode
from playproof.telemetry import Finding, Session, decode_labelled, decode_object, inspect
from playproof.testing import KINDS, bot_session, human_session


def found(session: Session) -> dict[str, Finding]:
    findings = inspect(session)
    assert len({finding.code for finding in findings}) == len(findings)
    for finding in findings:
        ReasonCode(finding.code)
        assert finding.count >= 1
        assert finding.detail
    return {finding.code: finding for finding in findings}


def made(t: object, x: object, y: object, clicks: tuple[object, object, object] = ((), (), ()), **fields: object) -> Session:
    movements = {"t": t, "x": x, "y": y}
    return decode_object({"movements": movements, "clicks": dict(zip("txy", clicks, strict=True)), **fields})


@pytest.fixture
def person() -> Session:
    return human_session(np.random.default_rng(1))


def test_people_give_no_cause() -> None:
    for seed in range(10):
        assert inspect(human_session(np.random.default_rng(seed), trusted=True)) == ()


def test_bots_that_look_right_give_none_either() -> None:
    for kind in KINDS:
        assert not set(found(bot_session(np.random.default_rng(1), kind=kind))) - {"teleport_clicks"}


def test_nothing_at_all() -> None:
    assert inspect(made([], [], [])) == ()


def test_untrusted_events(person: Session) -> None:
    telling = len(person.t) // 10 + 1
    forged = np.ones(len(person.t), np.int8)
    forged[:telling] = 0
    forged[-3:] = -1
    assert found(replace(person, trusted=forged))["untrusted_events"].count == telling
    forged[0] = 1
    assert not found(replace(person, trusted=forged))
    assert not found(replace(person, trusted=np.full(len(person.t), -1, np.int8)))


def test_time_reversed() -> None:
    reversed_ = found(made([0, 10, 5, 20, 19], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5], ((3, 2), (1, 1), (1, 1))))
    assert reversed_["time_reversed"].count == 3
    assert "3 of 7" in reversed_["time_reversed"].detail
    assert "time_reversed" not in found(made([0, 5, 5, 20], [1, 2, 3, 4], [1, 2, 3, 4]))


def test_single_instant() -> None:
    assert found(made([7, 7, 7], [1, 2, 3], [1, 2, 3]))["single_instant"].count == 3
    assert "single_instant" not in found(made([7], [1], [1]))
    assert "single_instant" not in found(made([7, 9, 7], [1, 2, 3], [1, 2, 3]))


@pytest.mark.parametrize("count", [1, 2, 30])
def test_single_point(count: int) -> None:
    codes = found(made(list(range(count)), [5] * count, [6] * count))
    assert codes["single_point"].count == count
    assert "zero_distance_moves" not in codes


def test_zero_distance_moves_from_a_tenth_of_movements_on() -> None:
    t = list(range(20))
    x = [float(value) for value in t]
    x[4] = x[3]
    x[8] = x[7]
    assert "zero_distance_moves" not in found(made(t, x, [0] * 20))
    x[12] = x[11]
    assert found(made(t, x, [0] * 20))["zero_distance_moves"].count == 3


def test_fractional_coordinates_from_a_tenth_of_movements_on(person: Session) -> None:
    few = person.x.copy()
    few[:3] += 0.5
    assert not found(replace(person, x=few))
    assert found(replace(person, y=person.y + 0.25))["fractional_coordinates"].count == len(person.y)


def test_implausible_coordinates(person: Session) -> None:
    for value in (100_001.0, -1e308, 1e308):
        x = person.x.copy()
        x[3] = value
        assert found(replace(person, x=x))["implausible_coordinates"].count == 1
    clicked = person.click_y.copy()
    clicked[0] = 1e6
    assert "implausible_coordinates" in found(replace(person, click_y=clicked))
    crowded = made(list(range(200)), [90_000.0 + value for value in range(200)], [90_000.0] * 200)  # far, but not too far
    assert "implausible_coordinates" not in found(crowded)


def test_implausible_time() -> None:
    day = 24 * 3600 * 1000
    assert "implausible_time" in found(made([0, day + 1], [1, 2], [1, 2]))
    assert "implausible_time" not in found(made([0, day], [1, 2], [1, 2]))
    assert "implausible_time" in found(made([0, -day - 1, 5], [1, 2, 3], [1, 2, 3]))
    assert "implausible_time" in found(made([0, 5], [1, 2], [1, 2], ((-day - 1,), (1,), (1,))))
    assert "implausible_time" in found(made([0, 5], [1, 2], [1, 2], durationMs=1e308))
    assert "implausible_time" in found(made([-1.7e308, 1.7e308], [1, 2], [1, 2]))


def test_duration_mismatch() -> None:
    def stated(duration: float) -> set[str]:
        return set(found(made([0, 1000], [1, 2], [1, 2], durationMs=duration)))

    assert stated(1000) == stated(1100) == stated(901) == set()
    assert stated(1120) == stated(899) == stated(0) == {"duration_mismatch"}
    assert not found(made([0, 1000], [1, 2], [1, 2], ((2000,), (2,), (2,)), durationMs=2000))


def test_clicks_without_movement() -> None:
    assert found(made([], [], [], ((1, 2), (1, 1), (1, 1))))["clicks_without_movement"].count == 2
    assert not found(made([], [], [], ((1, 2), (1, 1), (1, 1)), deviceType="touch"))


def test_teleport_clicks(person: Session) -> None:
    away = person.click_x + 200.0
    assert found(replace(person, click_x=away))["teleport_clicks"].count == len(away)
    half = np.where(np.arange(len(away)) < len(away) // 2, away, person.click_x)
    assert "teleport_clicks" not in found(replace(person, click_x=half))
    for device in ("touch", "stylus", "keyboard"):
        assert not found(replace(person, click_x=away, device_type=device))


def test_a_click_may_lie_where_the_pointer_is_logged_next() -> None:
    assert not found(made([0, 10, 20], [0, 10, 500], [0, 0, 0], ((15,), (500,), (0,))))


def test_the_worst_of_numbers_are_findings_and_not_warnings() -> None:
    big = [1e308, -1e308, 1e308]
    assert {"implausible_coordinates", "implausible_time"} <= set(found(made(big, big, big, (big, big, big))))


def test_no_recorded_person_with_a_pointer_has_a_finding_that_counts_against_them(shared_data: Path) -> None:
    """Reads ../shared/data; skipped where that folder is absent."""
    for name in ("human-train", "human-validate"):
        with gzip.open(shared_data / f"{name}.jsonl.gz") as lines:
            for line in islice(lines, 0, None, 10):
                session, _ = decode_labelled(line)
                against = {finding.code for finding in inspect(session) if MEANINGS[ReasonCode(finding.code)].effect != "note"}
                assert not against, session.id
