"""Flights: one at a time, everybody aboard gets their own answer, and nobody is stranded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

import numpy as np
import pytest

from playproof.errors import HostedError, HostedReason
from playproof.features import NAMES
from playproof.scoring.base import Floats
from playproof.testing import FakeClock
from playproof.woodwide import Breaker
from playproof.woodwide.files import File
from playproof.woodwide.flights import Flights, Passenger
from playproof.woodwide.inline import Inline
from playproof.woodwide.mapping import Answer, Columns, RawScore
from playproof.woodwide.model import HostedModel
from playproof.woodwide.report import FlightReport
from playproof.woodwide.scores import Scores, from_columns

TOWER_SECONDS = 60


class Tower:
    """Flies passengers when told to, and notes who flew together. The score of a row is its first value."""

    def __init__(self) -> None:
        self.flights: list[list[str]] = []
        self.cleared = asyncio.Event()
        self.boarded = asyncio.Event()
        self.error: BaseException | None = None
        self.lost: set[str] = set()

    async def __call__(self, passengers: Sequence[Passenger[str]]) -> Mapping[str, Answer]:
        self.flights.append([passenger.key for passenger in passengers])
        self.boarded.set()
        await self.cleared.wait()
        if self.error is not None:
            raise self.error
        return {each.key: RawScore(float(each.row[0]), None, "v1") for each in passengers if each.key not in self.lost}


def row(value: float) -> Floats:
    return np.full(3, value)


def fly(work: Callable[[Tower, Flights[str]], Awaitable[None]], *, most: int = 100, failures: int = 3) -> tuple[Tower, list[FlightReport]]:
    """Do `work` at an airport of its own."""
    reports: list[FlightReport] = []

    async def day() -> Tower:
        tower, clock = Tower(), FakeClock()
        breaker = Breaker(clock, failures=failures, rest=10.0)
        async with (
            asyncio.timeout(TOWER_SECONDS),
            Flights(tower, most=most, breaker=breaker, clock=clock, listener=reports.append) as flights,
        ):
            await work(tower, flights)
        return tower

    return asyncio.run(day()), reports


def test_whoever_arrives_meanwhile_rides_the_next() -> None:
    async def work(tower: Tower, flights: Flights[str]) -> None:
        rides = {"first": flights.board("first", row(1.0))}
        await tower.boarded.wait()
        for number in range(50):
            rides[f"later-{number}"] = flights.board(f"later-{number}", row(float(number)))
        tower.cleared.set()
        answers = dict(zip(rides, await asyncio.gather(*rides.values()), strict=True))
        assert answers["first"] == RawScore(1.0, None, "v1")
        assert all(answers[f"later-{number}"] == RawScore(float(number), None, "v1") for number in range(50))

    tower, reports = fly(work)
    assert [len(flight) for flight in tower.flights] == [1, 50]
    assert [report.sessions for report in reports] == [1, 50]
    assert all(report.failure is None for report in reports)


def test_those_of_one_moment_ride_together_as_many_as_there_is_room_for() -> None:
    async def work(tower: Tower, flights: Flights[str]) -> None:
        tower.cleared.set()
        await asyncio.gather(*(flights.board(str(number), row(0.0)) for number in range(25)))

    tower, _ = fly(work, most=10)
    assert [len(flight) for flight in tower.flights] == [10, 10, 5]


def test_those_who_are_expected_do_not_wait_for_all_the_others() -> None:
    async def work(tower: Tower, flights: Flights[str]) -> None:
        rides = [flights.board(f"alone-{number}", row(0.0), 1, expected=False) for number in range(4)]
        rides += [flights.board(f"late-{number}", row(0.0), expected=False) for number in range(3)]
        await tower.boarded.wait()
        rides += [flights.board(f"visitor-{number}", row(0.0)) for number in range(2)]
        tower.cleared.set()
        await asyncio.gather(*rides)

    tower, _ = fly(work, most=4)
    assert tower.flights == [
        ["alone-0"],
        ["visitor-0", "visitor-1", "late-0", "late-1"],
        ["alone-1", "alone-2"],
        ["alone-3"],
        ["late-2"],
    ]


def test_those_who_are_not_expected_ride_every_other_flight() -> None:
    async def work(tower: Tower, flights: Flights[str]) -> None:
        rides = [flights.board("first", row(0.0))]
        await tower.boarded.wait()
        rides += [flights.board(f"alone-{number}", row(0.0), 1, expected=False) for number in range(2)]
        rides += [flights.board(f"visitor-{number}", row(0.0)) for number in range(4)]
        tower.cleared.set()
        await asyncio.gather(*rides)

    tower, _ = fly(work, most=2)
    assert tower.flights == [["first"], ["alone-0"], ["visitor-0", "visitor-1"], ["alone-1"], ["visitor-2", "visitor-3"]]


def test_a_session_that_is_aboard_boards_once() -> None:
    async def work(tower: Tower, flights: Flights[str]) -> None:
        assert flights.board("same", row(1.0)) is flights.board("same", row(2.0))
        await tower.boarded.wait()
        ride = flights.board("same", row(3.0))
        tower.cleared.set()
        assert await ride == RawScore(1.0, None, "v1")
        assert await flights.board("same", row(4.0)) == RawScore(4.0, None, "v1")

    tower, _ = fly(work)
    assert tower.flights == [["same"], ["same"]]


def test_one_who_stops_waiting_does_not_stop_the_flight() -> None:
    heard: list[Answer] = []

    async def work(tower: Tower, flights: Flights[str]) -> None:
        ride = flights.board("slow", row(2.0))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(ride), 0.0)
        ride.add_done_callback(lambda done: heard.append(done.result()))
        tower.cleared.set()
        await ride

    fly(work)
    assert heard == [RawScore(2.0, None, "v1")]


@pytest.mark.parametrize("reason", [HostedReason.TIMEOUT, HostedReason.ROW_MISMATCH])
def test_a_flight_that_fails_gives_everybody_the_reason(reason: HostedReason) -> None:
    async def work(tower: Tower, flights: Flights[str]) -> None:
        tower.error = HostedError("", reason=reason)
        tower.cleared.set()
        assert await asyncio.gather(*(flights.board(str(number), row(0.0)) for number in range(3))) == [reason] * 3

    _, reports = fly(work)
    assert [report.failure for report in reports] == [reason]


def test_one_whom_the_answer_leaves_out_is_told_so() -> None:
    async def work(tower: Tower, flights: Flights[str]) -> None:
        tower.lost = {"b"}
        tower.cleared.set()
        answers = await asyncio.gather(flights.board("a", row(1.0)), flights.board("b", row(1.0)))
        assert list(answers) == [RawScore(1.0, None, "v1"), HostedReason.ROW_MISMATCH]

    fly(work)


def test_after_failures_in_a_row_nobody_flies_and_everybody_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def work(tower: Tower, flights: Flights[str]) -> None:
        tower.error = HostedError("", reason=HostedReason.UNREACHABLE)
        tower.cleared.set()
        answers = [await flights.board(str(number), row(0.0)) for number in range(5)]
        assert answers == [HostedReason.UNREACHABLE] * 3 + [HostedReason.CIRCUIT_OPEN] * 2

    tower, _ = fly(work)
    assert len(tower.flights) == 3


def test_a_fault_of_ours_is_logged_and_strands_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def work(tower: Tower, flights: Flights[str]) -> None:
        tower.error = ZeroDivisionError("ours")
        tower.cleared.set()
        assert await flights.board("a", row(0.0)) is HostedReason.CLIENT_ERROR
        tower.error = None
        assert await flights.board("b", row(5.0)) == RawScore(5.0, None, "v1")

    with caplog.at_level(logging.ERROR):
        fly(work)
    assert "ZeroDivisionError: ours" in caplog.text


def test_the_wait_to_expect_is_that_of_the_latest_flights() -> None:
    clock = FakeClock()

    async def day() -> None:
        tower = Tower()
        flights: Flights[str] = Flights(tower, most=9, breaker=Breaker(clock, failures=3, rest=10.0), clock=clock)
        async with asyncio.timeout(TOWER_SECONDS), flights:
            assert flights.expected_seconds() == 0.0
            ride = flights.board("first", row(0.0))
            await tower.boarded.wait()
            clock.advance(4.0)
            assert flights.expected_seconds() == 4.0  # nothing is known but that it is not there yet
            tower.cleared.set()
            await ride
            assert flights.expected_seconds() == 4.0
            tower.boarded.clear()
            tower.cleared.clear()
            ride = flights.board("second", row(0.0))
            await tower.boarded.wait()
            clock.advance(1.0)
            assert flights.expected_seconds() == 3.0 + 4.0
            clock.advance(9.0)
            assert flights.expected_seconds() == 10.0 + 4.0
            tower.cleared.set()
            await ride
            assert flights.expected_seconds() == 7.0

    asyncio.run(day())


def test_a_flight_that_never_left_says_nothing_of_the_next() -> None:
    async def work(tower: Tower, flights: Flights[str]) -> None:
        tower.error = HostedError("", reason=HostedReason.UNREACHABLE)
        tower.cleared.set()
        for number in range(5):
            await flights.board(str(number), row(0.0))
        assert flights.expected_seconds() == 0.0

    _, reports = fly(work)
    assert [report.failure for report in reports[3:]] == [HostedReason.CIRCUIT_OPEN] * 2


def test_whoever_is_still_on_the_way_at_the_end_is_let_go() -> None:
    rides: list[asyncio.Future[Answer]] = []

    async def work(tower: Tower, flights: Flights[str]) -> None:
        rides.append(flights.board("flying", row(0.0)))
        await tower.boarded.wait()
        rides.append(flights.board("waiting", row(0.0)))

    fly(work)
    assert all(ride.cancelled() for ride in rides)


class Counting:
    """Scores a file by the first column of its rows, as read from the file itself."""

    def __init__(self) -> None:
        self.files: list[File] = []

    async def at_once(self, model_id: str, model_version_id: str, file: File) -> Scores:
        self.files.append(file)
        _, *lines = file.content.decode().splitlines()
        raw = [float(line.split(",")[0]) for line in lines]
        return from_columns({"id": list(range(len(raw))), "anomaly_score": raw}, file.rows)


class Friends:
    """Company of a fixed number."""

    def __init__(self, count: int) -> None:
        self.count = count

    async def rows(self) -> Floats:
        return np.full((self.count, len(NAMES)), -1.0)


@pytest.mark.parametrize("company", [0, 4])
def test_inline_finds_everybodys_own_score_beside_the_company(company: int) -> None:
    inference = Counting()
    inline = Inline(inference, HostedModel("mdl_A", "mdlv_A", Columns()), Friends(company))
    passengers = [Passenger(str(number), np.full(len(NAMES), float(number))) for number in range(3)]
    answers = asyncio.run(inline(passengers))
    assert answers == {str(number): RawScore(float(number), None, "mdlv_A") for number in range(3)}
    assert [file.rows for file in inference.files] == [3 + company]


def test_those_who_may_share_with_few_do_not_ride_with_the_rest() -> None:
    async def work(tower: Tower, flights: Flights[str]) -> None:
        rides = [flights.board("a", row(1.0)), *(flights.board(name, row(2.0), 2) for name in "bcd"), flights.board("e", row(3.0))]
        tower.cleared.set()
        await asyncio.gather(*rides)

    tower, _ = fly(work)
    assert tower.flights == [["a", "e"], ["b", "c"], ["d"]]


def test_a_provider_that_wants_to_be_left_alone_is_heard() -> None:
    async def work(tower: Tower, flights: Flights[str]) -> None:
        assert flights.unwanted_seconds() == 0.0
        tower.error = HostedError("too many", reason=HostedReason.RATE_LIMITED, retry_after=7.0)
        tower.cleared.set()
        assert await flights.board("a", row(1.0)) is HostedReason.RATE_LIMITED
        assert flights.unwanted_seconds() == 7.0

    fly(work)


def test_those_who_shared_with_few_share_with_more_while_all_goes_well() -> None:
    async def work(tower: Tower, flights: Flights[str]) -> None:
        tower.cleared.set()
        await asyncio.gather(*(flights.board(str(number), row(1.0), 1, expected=False) for number in range(20)))

    tower, _ = fly(work)
    assert [len(flight) for flight in tower.flights] == [1, 2, 4, 8, 5]


def test_a_flight_of_more_than_should_have_shared_it_is_held_against_nobody() -> None:
    class Strict(Tower):
        async def __call__(self, passengers: Sequence[Passenger[str]]) -> Mapping[str, Answer]:
            self.error = HostedError("400", reason=HostedReason.REFUSED) if "9" in [each.key for each in passengers] else None
            return await super().__call__(passengers)

    async def work() -> tuple[Strict, list[Answer]]:
        tower, clock = Strict(), FakeClock()
        tower.cleared.set()
        breaker = Breaker(clock, failures=3, rest=10.0)
        async with asyncio.timeout(TOWER_SECONDS), Flights(tower, most=100, breaker=breaker, clock=clock) as flights:
            rides = [flights.board(str(number), row(1.0), 1, expected=False) for number in range(12)]
            return tower, list(await asyncio.gather(*rides))

    tower, answers = asyncio.run(work())
    assert [number for number, answer in enumerate(answers) if answer is HostedReason.REFUSED] == [9]
    assert [len(flight) for flight in tower.flights[:4]] == [1, 2, 4, 5]
    assert all(len(flight) == 1 for flight in tower.flights if "9" in flight and flight is not tower.flights[3])


def test_many_flights_spoilt_in_a_row_are_the_providers_doing() -> None:
    async def work(tower: Tower, flights: Flights[str]) -> None:
        tower.error = HostedError("nothing", reason=HostedReason.EMPTY_RESPONSE)
        tower.cleared.set()
        answers = [await flights.board(str(number), row(1.0)) for number in range(10)]
        assert answers == [HostedReason.EMPTY_RESPONSE] * 6 + [HostedReason.CIRCUIT_OPEN] * 4

    fly(work)
