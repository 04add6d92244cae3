"""What is counted and logged of calls and flights."""

from __future__ import annotations

import logging

import pytest

from playproof.errors import HostedError, HostedReason
from playproof.observe.metrics import Metrics
from playproof.woodwide.report import CallReport, FlightReport, call_observer, flight_observer

DOWN = HostedError("jobs.retrieve: the connection failed", reason=HostedReason.UNREACHABLE)


def page(metrics: Metrics) -> list[str]:
    return metrics.render()[0].decode().splitlines()


def test_calls_are_counted_and_those_that_fail_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    note = call_observer(metrics)
    with caplog.at_level(logging.WARNING):
        note(CallReport("models.infer", 1.5, 1, 2000))
        note(CallReport("jobs.retrieve", 3.0, 3, 0, DOWN))
    found = page(metrics)
    assert 'playproof_woodwide_calls_total{call="models.infer",outcome="ok"} 1.0' in found
    assert 'playproof_woodwide_calls_total{call="jobs.retrieve",outcome="unreachable"} 1.0' in found
    assert 'playproof_woodwide_call_seconds_sum{call="models.infer"} 1.5' in found
    assert 'playproof_woodwide_repeats_total{call="jobs.retrieve"} 2.0' in found
    assert 'playproof_woodwide_sent_bytes_total{call="models.infer"} 2000.0' in found
    (line,) = caplog.records
    assert (line.getMessage(), vars(line)["reason"], vars(line)["tries"]) == ("woodwide_call_failed", "unreachable", 3)


def test_a_call_that_no_key_could_make_is_counted_too() -> None:
    metrics = Metrics()
    call_observer(metrics)(CallReport("models.infer", 0.0, 0, 0, HostedError("", reason=HostedReason.CREDITS_EXHAUSTED)))
    assert 'playproof_woodwide_calls_total{call="models.infer",outcome="credits_exhausted"} 1.0' in page(metrics)


def test_flights_are_counted_with_how_many_shared_them() -> None:
    metrics = Metrics()
    note = flight_observer(metrics)
    note(FlightReport(50, 1.0))
    note(FlightReport(3, 0.0, HostedReason.CIRCUIT_OPEN))
    found = page(metrics)
    assert 'playproof_woodwide_flights_total{outcome="ok"} 1.0' in found
    assert 'playproof_woodwide_flights_total{outcome="circuit_open"} 1.0' in found
    assert "playproof_woodwide_flight_sessions_sum 53.0" in found
