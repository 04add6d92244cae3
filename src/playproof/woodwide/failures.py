"""Whatever the SDK, its transport or the provider does wrong, as one `HostedError` without a secret in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from playproof.errors import HostedError, HostedReason
from playproof.observe.logging import REDACTED
from playproof.patience import retry_after
from playproof.woodwide.calls import DOWNLOAD, PUT_FILE, Call

if TYPE_CHECKING:
    import httpx

LONGEST_DETAIL = 200
"""Characters of what the provider says that are passed on."""

_QUERY = re.compile(r"(https?://[^\s?\"'<>]*)\?[^\s\"'<>]*")

_BY_STATUS: Mapping[int, HostedReason] = {
    401: HostedReason.UNAUTHORIZED,
    402: HostedReason.CREDITS_EXHAUSTED,
    403: HostedReason.FORBIDDEN,
    404: HostedReason.NOT_FOUND,
    408: HostedReason.SERVER_ERROR,
    409: HostedReason.CONFLICT,
    413: HostedReason.TOO_LARGE,
    429: HostedReason.RATE_LIMITED,
}
_SIGNED = (PUT_FILE, DOWNLOAD)
_EXPIRED = (400, 401, 403, 404, 410)
"""How storage providers refuse a signed address that is over."""


class Redactor:
    """Blots keys, and the signatures in addresses, out of texts."""

    def __init__(self, secrets: Iterable[str]) -> None:
        plain = set(secrets)
        # Inside of JSON a key can look otherwise.
        self._secrets = tuple(sorted(plain | {json.dumps(secret)[1:-1] for secret in plain}, key=len, reverse=True))

    def clean(self, text: str) -> str:
        """`text` in one line, without secrets, and not too long."""
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        text = " ".join(_QUERY.sub(rf"\1?{REDACTED}", text).split())
        return text if len(text) <= LONGEST_DETAIL else text[: LONGEST_DETAIL - 1] + "…"


def failure_of(error: Exception, call: Call, redactor: Redactor, now: datetime) -> HostedError:
    """The error that `call` ends with for `error`; `now` is what a Retry-After with a date is counted from.

    It is a new error on purpose: that of the SDK holds the request, and with it the key.
    """
    response = getattr(error, "response", None)
    if response is not None:
        return _refusal(response, call, redactor, now)
    if isinstance(error, TimeoutError):
        return HostedError(f"{call.name}: no whole answer in time", reason=HostedReason.TIMEOUT, uncertain=True)
    return _broken(error, call, redactor)


def _refusal(response: httpx.Response, call: Call, redactor: Redactor, now: datetime) -> HostedError:
    status = response.status_code
    detail = redactor.clean(_detail(response.content))
    reason = _reason(status, detail, call)
    return HostedError(
        f"{call.name}: {status} {detail}".rstrip(),
        reason=reason,
        answered=status,
        retry_after=retry_after(response.headers, now),
        # A refusal has had no effect; who knows what happened before an answer like 500 or 504.
        uncertain=reason is HostedReason.SERVER_ERROR,
    )


def _reason(status: int, detail: str, call: Call) -> HostedReason:
    if call in _SIGNED and status in _EXPIRED:
        return HostedReason.EXPIRED_URL
    if status == 400 and "already exists" in detail:
        return HostedReason.CONFLICT
    if status == 409 and "ready" in detail.lower():
        return HostedReason.NOT_READY
    return _BY_STATUS.get(status) or (HostedReason.SERVER_ERROR if status >= 500 else HostedReason.REFUSED)


def _detail(content: bytes) -> str:
    """What the provider says about it, in whichever form."""
    try:
        body = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return content[:2000].decode("utf-8", "replace")
    said = body.get("detail", body) if isinstance(body, dict) else body
    if isinstance(said, list) and said and all(isinstance(each, dict) and "msg" in each for each in said):
        return "; ".join(f"{'.'.join(map(str, each.get('loc', ())))}: {each['msg']}" for each in said)
    return said if isinstance(said, str) else msgspec.json.encode(said).decode()


def _broken(error: Exception, call: Call, redactor: Redactor) -> HostedError:
    import httpx
    import woodwide

    # The SDK keeps what its transport said as the cause.
    root = error.__cause__ if isinstance(error, woodwide.APIConnectionError) and error.__cause__ is not None else error
    unsent = isinstance(root, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    if isinstance(root, httpx.TimeoutException):
        told = f"{call.name}: {'no connection' if unsent else 'no whole answer'} in time"
        return HostedError(told, reason=HostedReason.TIMEOUT, uncertain=not unsent)
    kind = type(root).__name__
    if isinstance(root, (httpx.TransportError, OSError)):
        told = redactor.clean(f"{call.name}: the connection failed ({kind}: {root})")
        return HostedError(told, reason=HostedReason.UNREACHABLE, uncertain=not unsent)
    told = redactor.clean(f"{call.name}: {kind}: {root}")
    return HostedError(told, reason=HostedReason.INVALID_RESPONSE, uncertain=True)
