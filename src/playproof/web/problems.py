"""Problem documents (RFC 9457): the one form of every error over HTTP."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec
from litestar.exceptions import HTTPException

from playproof.decision import Verdict
from playproof.errors import ChallengeRefused, HostedError, HostedNotConfigured, InputError, PlayproofError, QueueFull, RateLimited
from playproof.service import decode_verdict

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:playproof:problem:"
RETRY_AFTER_SECONDS = 2

Headers = dict[str, str]


class RequestError(PlayproofError):
    """The request is not usable as HTTP."""

    code = "bad-request"
    status = 400


class Unauthorized(RequestError):
    """The key is missing or not known."""

    code = "unauthorized"
    status = 401


class Forbidden(RequestError):
    """The key is known but does not open this."""

    code = "forbidden"
    status = 403


class HostNotAllowed(RequestError):
    """The Host header names another host than this service answers for."""

    code = "host-not-allowed"
    status = 403


class OriginNotAllowed(RequestError):
    """The request comes from a page of another origin."""

    code = "origin-not-allowed"
    status = 403


class RouteNotFound(RequestError):
    """Nothing is served under this path."""

    code = "not-found"
    status = 404


class MethodNotAllowed(RequestError):
    """The path is served, but not with this method."""

    code = "method-not-allowed"
    status = 405


class RequestTimeout(RequestError):
    """The body did not arrive in time."""

    code = "request-timeout"
    status = 408


class UnsupportedMediaType(RequestError):
    """The body is not sent as JSON."""

    code = "unsupported-media-type"
    status = 415


class Stopping(RequestError):
    """The service is stopping and takes no more requests."""

    code = "stopping"
    status = 503


class DeadlineExceeded(RequestError):
    """The verdict was not on disk in time; nothing was acknowledged, and asking again with the same id is safe."""

    code = "deadline-exceeded"
    status = 504


class InternalError(PlayproofError):
    """Something broke that should not; the log has it under the id of the detail."""

    code = "internal-error"
    status = 500


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error document."""

    type: str
    """`urn:playproof:problem:` and the stable code."""
    title: str
    """What kind of error it is; the same for every occurrence."""
    status: int
    detail: str
    """What went wrong this time."""
    instance: str
    """The path that was asked for."""
    path: str | None = None
    """JSON path of the offending value, where the body is at fault; `?name` where a parameter of the query is."""
    expected: str | None = None
    """What would have been accepted there."""
    reason: str | None = None
    """Why the hosted model gave no usable answer, or what of a challenge was not taken, where that is it."""
    verdict: Verdict | None = None
    """The final verdict, stored, on a session that found no room in the batch queue."""


def title_of(kind: type[PlayproofError]) -> str:
    """The first sentence of the error's description."""
    return (kind.__doc__ or kind.__name__).strip().splitlines()[0].rstrip(".")


def problem_types() -> Iterator[type[PlayproofError]]:
    """Every error that can be a problem document, by status and code."""
    seen: dict[str, type[PlayproofError]] = {}
    waiting: list[type[PlayproofError]] = [PlayproofError]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if kind.status != PlayproofError.status or kind is InternalError:
            seen[kind.code] = kind
    yield from sorted(seen.values(), key=lambda kind: (kind.status, kind.code))


def document(error: PlayproofError, instance: str) -> tuple[Problem, Headers]:
    """The problem document for `error` met at path `instance`, and the headers that go with it."""
    kind = type(error)
    headers: Headers = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="playproof"'
    if error.status == 503 and not isinstance(error, HostedNotConfigured):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if isinstance(error, InputError):
        detail = error.message
        path, expected = error.path, error.expected or None
    else:
        detail, path, expected = str(error) or title_of(kind), None, None
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.seconds)
    verdict = None
    if isinstance(error, QueueFull):
        headers["Retry-After"] = str(math.ceil(error.retry_after))
        verdict = decode_verdict(error.verdict) if error.verdict is not None else None
    reason = str(error.reason) if isinstance(error, (HostedError, ChallengeRefused)) else None
    return Problem(TYPE_PREFIX + error.code, title_of(kind), error.status, detail, instance, path, expected, reason, verdict), headers


def from_framework(error: HTTPException) -> PlayproofError | None:
    """What the framework refused, in our words; `None` where it is a fault of ours."""
    if error.status_code == 404:
        return RouteNotFound("nothing is served under this path")
    if error.status_code == 405:
        return MethodNotAllowed("this path is not served with that method")
    if error.status_code < 500:
        return RequestError(error.detail)
    return None


def known(error: Exception) -> PlayproofError | None:
    """`error` as one that a client may be told of; `None` where it must be an internal error."""
    if isinstance(error, HTTPException):
        return from_framework(error)
    if isinstance(error, PlayproofError) and error.status != PlayproofError.status:
        return error
    return None
