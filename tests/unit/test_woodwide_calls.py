"""What a call is answered with, which key it goes out with, and when it is sent again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playproof.errors import HostedError, HostedReason
from playproof.settings import ApiKey, Secret, load_settings
from playproof.testing import FakeClock
from playproof.woodwide import Connection, connection_of
from playproof.woodwide.calls import CALLS, DOWNLOAD, INFER, PUT_FILE, RETRIEVE_JOB, TRAIN, Call
from playproof.woodwide.failures import LONGEST_DETAIL, Redactor, failure_of
from playproof.woodwide.keys import KeyRing
from playproof.woodwide.retry import FIRST_SECONDS, LONGEST_SECONDS, Retries

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = tuple(ApiKey(name, Secret(f"sk_{name}")) for name in ("a", "b"))
R = HostedReason


def answered(status: int, body: str = "", call: Call = RETRIEVE_JOB, headers: dict[str, str] | None = None) -> HostedError:
    """What a call ends with that is answered like this."""
    request = httpx.Request("GET", "https://api.example/jobs", headers={"Authorization": "Bearer sk_a"})
    response = httpx.Response(status, content=body.encode(), headers=headers, request=request)
    return failure_of(httpx.HTTPStatusError("", request=request, response=response), call, Redactor(["sk_a"]), NOW)


def broken(error: Exception) -> HostedError:
    return failure_of(error, INFER, Redactor(["sk_a"]), NOW)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, '{"detail": "Dataset \'x\' already exists"}', R.CONFLICT),
        (400, '{"detail": "no"}', R.REFUSED),
        (401, "", R.UNAUTHORIZED),
        (402, "", R.CREDITS_EXHAUSTED),
        (403, "", R.FORBIDDEN),
        (404, "", R.NOT_FOUND),
        (408, "", R.SERVER_ERROR),
        (409, '{"detail": "No ready dataset version found"}', R.NOT_READY),
        (409, '{"detail": "busy"}', R.CONFLICT),
        (413, "", R.TOO_LARGE),
        (418, "", R.REFUSED),
        (422, '{"detail": [{"loc": ["body", "file"], "msg": "Field required", "type": "missing"}]}', R.REFUSED),
        (429, "", R.RATE_LIMITED),
        (500, "", R.SERVER_ERROR),
        (504, "<html>", R.SERVER_ERROR),
    ],
)
def test_every_status_has_its_reason(status: int, body: str, reason: HostedReason) -> None:
    error = answered(status, body)
    assert (error.reason, error.answered) == (reason, status)
    assert error.uncertain is (reason is R.SERVER_ERROR)
    assert str(status) in str(error)


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_a_signed_address_is_over_however_storage_says_it(status: int) -> None:
    assert answered(status, call=DOWNLOAD).reason is R.EXPIRED_URL


def test_what_a_provider_says_is_passed_on_in_one_line() -> None:
    error = answered(422, '{"detail": [{"loc": ["body", "file"], "msg": "Field\\nrequired"}, {"loc": [], "msg": "x"}]}')
    assert str(error) == "jobs.retrieve: 422 body.file: Field required; : x (refused)"
    assert len(str(answered(500, "x" * 5000))) < LONGEST_DETAIL + 50


@given(st.binary(max_size=60))
def test_no_body_gets_in_the_way(body: bytes) -> None:
    request = httpx.Request("GET", "https://api.example/jobs")
    response = httpx.Response(500, content=body, request=request)
    error = failure_of(httpx.HTTPStatusError("", request=request, response=response), RETRIEVE_JOB, Redactor([]), NOW)
    assert error.reason is R.SERVER_ERROR


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 2026 00:01:00 GMT"}, 60.0),
        ({"retry-after": "Wed, 31 Dec 2025 00:00:00 GMT"}, 0.0),
        ({"retry-after": "31536000"}, 86400.0),
        ({"retry-after": "1e300"}, 86400.0),
        ({"retry-after": "Fri, 01 Jan 2027 00:00:00 GMT"}, 86400.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-3"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert answered(429, headers=headers).retry_after == seconds


@pytest.mark.parametrize(
    ("error", "reason", "uncertain"),
    [
        (TimeoutError(), R.TIMEOUT, True),
        (httpx.ReadTimeout("sk_a"), R.TIMEOUT, True),
        (httpx.ConnectTimeout("sk_a"), R.TIMEOUT, False),
        (httpx.PoolTimeout("sk_a"), R.TIMEOUT, False),
        (httpx.ConnectError("sk_a"), R.UNREACHABLE, False),
        (httpx.ReadError("sk_a"), R.UNREACHABLE, True),
        (httpx.RemoteProtocolError("sk_a"), R.UNREACHABLE, True),
        (OSError("sk_a"), R.UNREACHABLE, True),
        (ValueError("sk_a"), R.INVALID_RESPONSE, True),
        (RuntimeError("sk_a"), R.INVALID_RESPONSE, True),
    ],
)
def test_what_breaks_on_the_way_has_its_reason(error: Exception, reason: HostedReason, uncertain: bool) -> None:
    found = broken(error)
    assert (found.reason, found.uncertain) == (reason, uncertain)
    assert "sk_a" not in str(found)


def test_what_the_sdk_wraps_is_unwrapped() -> None:
    import woodwide

    wrapped = woodwide.APIConnectionError(request=httpx.Request("GET", "https://api.example"))
    wrapped.__cause__ = httpx.ConnectError("refused")
    assert (broken(wrapped).reason, broken(wrapped).uncertain) == (R.UNREACHABLE, False)
    late = woodwide.APITimeoutError(request=httpx.Request("GET", "https://api.example"))
    late.__cause__ = httpx.WriteTimeout("late")
    assert (broken(late).reason, broken(late).uncertain) == (R.TIMEOUT, True)


def failure(reason: HostedReason, *, uncertain: bool = False, retry_after: float | None = None) -> HostedError:
    return HostedError("", reason=reason, uncertain=uncertain, retry_after=retry_after)


def retries(byte: int = 0x80) -> Retries:
    return Retries(3, 10.0, lambda count: bytes([byte]) * count)


def test_what_may_have_had_its_effect_is_repeated_only_where_that_does_no_harm() -> None:
    cut_off = failure(R.UNREACHABLE, uncertain=True)
    assert retries().wait(RETRIEVE_JOB, cut_off, 1) is not None
    assert retries().wait(INFER, cut_off, 1) is None
    assert retries().wait(INFER, failure(R.UNREACHABLE), 1) is not None
    assert retries().wait(TRAIN, cut_off, 1) is None
    assert retries().wait(replace(TRAIN, repeatable=True), cut_off, 1) is not None


@pytest.mark.parametrize("reason", [reason for reason in R if reason not in (R.TIMEOUT, R.UNREACHABLE, R.RATE_LIMITED, R.SERVER_ERROR)])
def test_what_does_not_pass_by_itself_is_not_repeated(reason: HostedReason) -> None:
    assert retries().wait(RETRIEVE_JOB, failure(reason), 1) is None


def test_the_last_attempt_is_the_last() -> None:
    assert retries().wait(RETRIEVE_JOB, failure(R.TIMEOUT), 2) is not None
    assert retries().wait(RETRIEVE_JOB, failure(R.TIMEOUT), 3) is None


@given(st.integers(1, 30), st.integers(0, 255), st.floats(0, 10))
def test_jitter_is_full_and_comes_after_what_is_asked_for(tries: int, byte: int, asked: float) -> None:
    many = replace(retries(byte), attempts=100)
    wait = many.wait(RETRIEVE_JOB, failure(R.RATE_LIMITED, retry_after=asked), tries)
    assert wait is not None
    assert asked <= wait <= asked + min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** (tries - 1))


def test_jitter_begins_at_nothing() -> None:
    assert retries(0).wait(RETRIEVE_JOB, failure(R.TIMEOUT), 2) == 0.0


def test_a_longer_stay_away_than_patience_is_not_waited_for() -> None:
    assert retries().wait(RETRIEVE_JOB, failure(R.RATE_LIMITED, retry_after=10.5), 1) is None


def ring(clock: FakeClock) -> KeyRing:
    return KeyRing(KEYS, clock, 60.0)


def test_keys_come_in_their_order() -> None:
    clock = FakeClock()
    keys = ring(clock)
    assert keys.choose(INFER) == KEYS[0]
    keys.refused(KEYS[0], INFER, R.UNAUTHORIZED)
    assert keys.choose(INFER) == keys.choose(RETRIEVE_JOB) == KEYS[1]
    clock.advance(60.0)
    assert keys.choose(INFER) == KEYS[0]


def test_without_credits_a_key_may_still_read() -> None:
    keys = ring(FakeClock())
    keys.refused(KEYS[0], INFER, R.CREDITS_EXHAUSTED)
    assert keys.choose(TRAIN) == KEYS[1]
    assert keys.choose(RETRIEVE_JOB) == KEYS[0]


def test_what_is_forbidden_is_that_call_alone() -> None:
    keys = ring(FakeClock())
    keys.refused(KEYS[0], TRAIN, R.FORBIDDEN)
    assert keys.choose(TRAIN) == KEYS[1]
    assert keys.choose(INFER) == KEYS[0]


@pytest.mark.parametrize("reason", [R.UNAUTHORIZED, R.FORBIDDEN, R.CREDITS_EXHAUSTED])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_a_refused_key_rests_for_the_call_it_was_refused_for(reason: HostedReason, call: Call) -> None:
    keys = ring(FakeClock())
    keys.refused(KEYS[0], call, reason)
    assert keys.choose(call) == KEYS[1]


def test_where_all_rest_the_one_that_is_back_first_gives_the_reason() -> None:
    clock = FakeClock()
    keys = ring(clock)
    keys.refused(KEYS[0], INFER, R.UNAUTHORIZED)
    clock.advance(20.0)
    keys.refused(KEYS[1], INFER, R.CREDITS_EXHAUSTED)
    with pytest.raises(HostedError) as caught:
        keys.choose(INFER)
    assert (caught.value.reason, caught.value.retry_after) == (R.UNAUTHORIZED, 40.0)


def test_without_a_key_there_is_no_connection() -> None:
    assert connection_of(load_settings(environ={})) is None
    with pytest.raises(HostedError) as caught:
        KeyRing((), FakeClock(), 60.0)
    assert caught.value.reason is R.NOT_CONFIGURED


def test_the_list_of_keys_goes_before_the_single_one() -> None:
    one = connection_of(load_settings(environ={"WOODWIDE_API_KEY": "sk_1"}))
    both = connection_of(load_settings(environ={"WOODWIDE_API_KEY": "sk_1", "WOODWIDE_API_KEYS": "sk_2, main:sk_3"}))
    assert one is not None
    assert both is not None
    assert [key.key.reveal() for key in one.keys] == ["sk_1"]
    assert [key.key.reveal() for key in both.keys] == ["sk_2", "sk_3"]
    assert "sk_" not in repr(both)


def test_settings_and_connection_have_the_same_defaults() -> None:
    found = connection_of(load_settings(environ={"WOODWIDE_API_KEY": "sk_1"}))
    assert found is not None
    assert found == Connection(base_url=found.base_url, keys=found.keys)


def test_every_call_has_a_name_and_a_time_of_its_own() -> None:
    connection = Connection(base_url="", keys=(), timeout=1.0, infer_timeout=2.0, transfer_timeout=3.0)
    assert len({call.name for call in CALLS}) == len(CALLS)
    assert [connection.seconds(call) for call in (RETRIEVE_JOB, INFER, PUT_FILE)] == [1.0, 2.0, 3.0]
