"""Why a token is not answered for: what each dialect calls it, and the HTTP status that goes with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple


class Dialect(StrEnum):
    """Whose words an answer uses."""

    PLAYPROOF = "playproof"
    TURNSTILE = "turnstile"
    RECAPTCHA = "recaptcha"
    HCAPTCHA = "hcaptcha"


PATHS: Mapping[str, Dialect] = {
    "/api/v1/siteverify": Dialect.PLAYPROOF,
    "/siteverify": Dialect.PLAYPROOF,
    "/turnstile/v0/siteverify": Dialect.TURNSTILE,
    "/recaptcha/api/siteverify": Dialect.RECAPTCHA,
    "/hcaptcha/siteverify": Dialect.HCAPTCHA,
}
"""Where each is spoken."""


class Fault(StrEnum):
    """Why. Stable names, which metrics show."""

    MISSING_SECRET = "missing_secret"  # noqa: S105 - no password
    INVALID_SECRET = "invalid_secret"  # noqa: S105
    MISSING_RESPONSE = "missing_response"
    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    SPENT = "spent"
    FOREIGN = "foreign"
    TEST_TOKEN = "test_token"  # noqa: S105
    TEST_SECRET = "test_secret"  # noqa: S105
    HOSTNAME = "hostname"
    ACTION = "action"
    REFUSED = "refused"
    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    TOO_SLOW = "too_slow"
    TOO_MANY = "too_many"
    DEGRADED = "degraded"


class Told(NamedTuple):
    """How a fault is told."""

    meaning: str
    playproof: tuple[str, ...]
    turnstile: tuple[str, ...]
    recaptcha: tuple[str, ...]
    hcaptcha: tuple[str, ...]
    status: int = 200


def _alike(meaning: str, code: str, status: int = 200) -> Told:
    return Told(meaning, (code,), (code,), (code,), (code,), status)


_BAD_RESPONSE = ("invalid-input-response",)
_BAD_REQUEST = "bad-request"
_LATE = ("timeout-or-duplicate",)
_INTERNAL = ("internal-error",)
_LIMITED = ("rate-limited",)

FAULTS: Mapping[Fault, Told] = {
    Fault.MISSING_SECRET: _alike("no `secret` was sent", "missing-input-secret"),
    Fault.INVALID_SECRET: _alike("no site has this secret now, or the site is disabled", "invalid-input-secret"),
    Fault.MISSING_RESPONSE: _alike("no `response` was sent", "missing-input-response"),
    Fault.MALFORMED: _alike("the `response` is no token", "invalid-input-response"),
    Fault.UNKNOWN: Told(
        "nobody was given this token here, or it was erased",
        _BAD_RESPONSE,
        _BAD_RESPONSE,
        _BAD_RESPONSE,
        ("invalid-or-already-seen-response",),
    ),
    Fault.EXPIRED: Told("the token's time is over", (*_LATE, "expired-input-response"), _LATE, _LATE, ("expired-input-response",)),
    Fault.SPENT: Told(
        "the token was asked about before; it is good once",
        (*_LATE, "already-seen-response"),
        _LATE,
        _LATE,
        ("already-seen-response", "invalid-or-already-seen-response"),
    ),
    Fault.FOREIGN: Told(
        "the token, or the `sitekey` that was expected, is another site's than the secret; the token stays as it was",
        ("sitekey-secret-mismatch",),
        _BAD_RESPONSE,
        _BAD_RESPONSE,
        ("sitekey-secret-mismatch",),
    ),
    Fault.TEST_TOKEN: Told(
        "the test token, with a secret that is none of the test keys'",
        (*_BAD_RESPONSE, "not-using-dummy-secret"),
        _BAD_RESPONSE,
        _BAD_RESPONSE,
        ("not-using-dummy-secret",),
    ),
    Fault.TEST_SECRET: Told(
        "a test key's secret, with another token than the test token",
        (*_BAD_RESPONSE, "not-using-dummy-passcode"),
        _BAD_RESPONSE,
        _BAD_RESPONSE,
        ("not-using-dummy-passcode",),
    ),
    Fault.HOSTNAME: _alike("the challenge was played on another host than `expected_hostname`; the token is spent", "hostname-mismatch"),
    Fault.ACTION: _alike("the challenge was played for another action than `expected_action`; the token is spent", "action-mismatch"),
    Fault.REFUSED: Told(
        "the decision does not count as success; `decision` says which it is", (), _BAD_RESPONSE, _BAD_RESPONSE, _BAD_RESPONSE
    ),
    Fault.BAD_REQUEST: _alike("the body cannot be read, or a field in it is no text, too long, or there twice", _BAD_REQUEST, 400),
    Fault.TOO_SLOW: _alike("the body did not arrive in time", _BAD_REQUEST, 408),
    Fault.TOO_LARGE: _alike("the body is too long", _BAD_REQUEST, 413),
    Fault.UNSUPPORTED: _alike("the body is sent as neither a form nor JSON, or compressed", _BAD_REQUEST, 415),
    Fault.TOO_MANY: Told("too many wrong secrets came from this address lately", _LIMITED, _INTERNAL, (_BAD_REQUEST,), _LIMITED, 429),
    Fault.DEGRADED: Told(
        "the store could not be asked; ask again, with the same `idempotency_key`",
        (*_INTERNAL, "service-degraded"),
        _INTERNAL,
        _INTERNAL,
        _INTERNAL,
        503,
    ),
}
"""How each is told."""


def codes(dialect: Dialect, faults: Iterable[Fault]) -> list[str]:
    """What `dialect` calls `faults`, in their order, each code once."""
    return list(dict.fromkeys(code for fault in faults for code in getattr(FAULTS[fault], dialect.value)))


def status_of(faults: Iterable[Fault]) -> int:
    """The HTTP status that goes with `faults`."""
    return max([FAULTS[fault].status for fault in faults], default=200)
