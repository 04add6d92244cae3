"""Many sessions at once through few hosted calls, each with the score of its own row."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from playproof.clock import SystemClock
from playproof.errors import HostedReason
from playproof.features import NAMES
from playproof.scoring.base import Floats
from playproof.woodwide import Breaker, Woodwide
from playproof.woodwide.flights import Flights
from playproof.woodwide.inline import Inline
from playproof.woodwide.mapping import Answer, RawScore
from playproof.woodwide.model import HostedModel
from tests.emulating import running_emulator
from tests.hosting import COLUMNS, Site, rows, scored, trained

SESSIONS = 200


class Company:
    """The newest people."""

    async def rows(self) -> Floats:
        return rows(40, 3)


async def flown(woodwide: Woodwide, model: HostedModel, asked: Floats) -> list[Answer]:
    clock = SystemClock()
    breaker = Breaker(clock, failures=5, rest=10.0)
    inline = Inline(woodwide.inference, model, Company())
    airport: Flights[int] = Flights(inline, most=500, breaker=breaker, clock=clock)
    async with airport as flights:
        first = flights.board(0, asked[0])
        await asyncio.sleep(0)
        rides = [first, *(flights.board(number, asked[number]) for number in range(1, len(asked)))]
        return list(await asyncio.gather(*rides))


def test_two_hundred_sessions_share_a_few_calls() -> None:
    asked = rows(SESSIONS, 11)

    async def work(woodwide: Woodwide) -> tuple[list[Answer], list[float]]:
        _, training = await trained(woodwide)
        alone = [float((await scored(woodwide, training, asked[number : number + 1])).raw[0]) for number in range(0, SESSIONS, 20)]
        emulator.fault("latency", "models.infer", seconds=0.2)
        model = HostedModel(training.model_id, training.version_id, COLUMNS)
        return await flown(woodwide, model, asked), alone

    with running_emulator() as emulator:
        answers, alone = Site(emulator).run(work)
        calls = emulator.count("models.infer").calls - len(alone)
    assert all(isinstance(answer, RawScore) for answer in answers)
    found = [answer.raw for answer in answers if isinstance(answer, RawScore)]
    assert found[::20] == pytest.approx(alone)
    assert len(set(found)) > SESSIONS / 2
    assert calls <= 2


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("server_error", HostedReason.SERVER_ERROR),
        ("reset", HostedReason.UNREACHABLE),
        ("no_credits", HostedReason.CREDITS_EXHAUSTED),
        ("empty_body", HostedReason.EMPTY_RESPONSE),
        ("fewer_rows", HostedReason.ROW_MISMATCH),
        ("ids_only", HostedReason.IDS_ONLY),
        ("nan_scores", HostedReason.INVALID_SCORE),
    ],
)
def test_in_every_fault_everybody_has_the_reason_and_nobody_passes(kind: str, reason: HostedReason) -> None:
    async def work(woodwide: Woodwide) -> list[Answer]:
        _, training = await trained(woodwide)
        emulator.fault(kind, "models.infer")
        return await flown(woodwide, HostedModel(training.model_id, training.version_id, COLUMNS), np.full((50, len(NAMES)), 5.0))

    with running_emulator() as emulator:
        assert Site(emulator).run(work) == [reason] * 50
