"""The circuit breaker: opens after failures in a row, lets one call try, and never gets stuck."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playproof.errors import HostedError, HostedReason
from playproof.testing import FakeClock
from playproof.woodwide import WHY, Breaker, State
from playproof.woodwide.breaker import LONGEST_GROWTH

DOWN = HostedError("down", reason=HostedReason.UNREACHABLE)
ODD_ROWS = HostedError("odd", reason=HostedReason.ROW_MISMATCH)


def breaker(clock: FakeClock | None = None) -> Breaker:
    return Breaker(clock or FakeClock(), failures=3, rest=10.0)


def end(one: Breaker, error: BaseException | None = None) -> None:
    """A call that is let through and ends with `error`."""
    with contextlib.suppress(HostedError, asyncio.CancelledError), one.enter():
        if error is not None:
            raise error


def state(one: Breaker) -> State:
    """Its state, anew: a checker takes it for the same as before."""
    return one.state


def refusal(one: Breaker) -> HostedError:
    with pytest.raises(HostedError) as caught:
        one.enter()
    return caught.value


def opened(clock: FakeClock) -> Breaker:
    one = breaker(clock)
    for _ in range(3):
        end(one, DOWN)
    return one


def test_it_opens_after_failures_in_a_row_alone() -> None:
    one = breaker()
    for error in (DOWN, DOWN, None, DOWN, DOWN, ODD_ROWS, DOWN, DOWN):
        end(one, error)
        assert state(one) is State.CLOSED
    end(one, DOWN)
    assert state(one) is State.OPEN
    assert (one.counts.admitted, one.counts.succeeded, one.counts.failed, one.counts.opened) == (9, 2, 7, 1)


def test_open_it_refuses_and_says_for_how_long() -> None:
    clock = FakeClock()
    one = opened(clock)
    clock.advance(4.0)
    error = refusal(one)
    assert (error.reason, error.retry_after) == (HostedReason.CIRCUIT_OPEN, 6.0)
    assert one.counts.refused == 1


def test_after_its_rest_one_call_tries_and_closes_it() -> None:
    clock = FakeClock()
    one = opened(clock)
    clock.advance(10.0)
    assert state(one) is State.HALF_OPEN
    with one.enter():
        assert refusal(one).reason is HostedReason.CIRCUIT_OPEN
    assert state(one) is State.CLOSED
    end(one, DOWN)
    assert state(one) is State.CLOSED


def test_a_probe_that_fails_makes_the_rest_longer_up_to_a_bound() -> None:
    clock = FakeClock()
    one = opened(clock)
    rest = 10.0
    for _ in range(8):
        clock.advance(rest)
        assert state(one) is State.HALF_OPEN
        end(one, DOWN)
        rest = refusal(one).retry_after or 0.0
    assert rest == 10.0 * LONGEST_GROWTH
    clock.advance(rest)
    end(one)
    for _ in range(3):
        end(one, DOWN)
    assert refusal(one).retry_after == 10.0


def test_a_cancelled_probe_makes_room_for_another() -> None:
    clock = FakeClock()
    one = opened(clock)
    clock.advance(10.0)
    end(one, asyncio.CancelledError())
    assert state(one) is State.HALF_OPEN
    end(one)
    assert state(one) is State.CLOSED


def test_what_was_let_through_before_neither_closes_nor_prolongs_it() -> None:
    clock = FakeClock()
    one = breaker(clock)
    late, later = one.enter(), one.enter()
    for _ in range(3):
        end(one, DOWN)
    clock.advance(5.0)
    late.__exit__(None, None, None)
    assert state(one) is State.OPEN
    later.__exit__(HostedError, DOWN, None)
    assert refusal(one).retry_after == 5.0


def test_calls_that_fail_together_open_it_once() -> None:
    one = breaker()
    permits = [one.enter() for _ in range(50)]
    for permit in permits:
        permit.__exit__(HostedError, DOWN, None)
    assert one.counts.opened == 1


@given(st.lists(st.sampled_from([None, DOWN, ODD_ROWS, asyncio.CancelledError(), 3.0, 12.0]), max_size=60))
def test_it_always_recovers(steps: list[BaseException | float | None]) -> None:
    clock = FakeClock()
    one = breaker(clock)
    for step in steps:
        if isinstance(step, float):
            clock.advance(step)
        else:
            end(one, step)
    counts = one.counts
    assert counts.succeeded + counts.failed <= counts.admitted
    clock.advance(10.0 * LONGEST_GROWTH)
    end(one)
    assert state(one) is State.CLOSED


def test_every_reason_is_explained() -> None:
    assert list(WHY) == list(HostedReason)
    assert all(why.meaning.endswith(".") for why in WHY.values())
    assert not WHY[HostedReason.ROW_MISMATCH].postpones
    assert WHY[HostedReason.CREDITS_EXHAUSTED].postpones
