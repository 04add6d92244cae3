"""Other services: the hosted model, and sites that are told by webhook."""

from __future__ import annotations

from enum import StrEnum

from playproof.errors.base import PlayproofError


class HostedReason(StrEnum):
    """Why the hosted model gave no usable answer; what each means and asks for is said in `playproof.woodwide.reasons`."""

    NOT_CONFIGURED = "not_configured"
    CIRCUIT_OPEN = "circuit_open"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    CREDITS_EXHAUSTED = "credits_exhausted"
    NOT_FOUND = "not_found"
    NOT_READY = "not_ready"
    CONFLICT = "conflict"
    REFUSED = "refused"
    TOO_LARGE = "too_large"
    EXPIRED_URL = "expired_url"
    EMPTY_RESPONSE = "empty_response"
    INVALID_RESPONSE = "invalid_response"
    ROW_MISMATCH = "row_mismatch"
    IDS_ONLY = "ids_only"
    INVALID_SCORE = "invalid_score"
    VERSION_MISMATCH = "version_mismatch"
    COLUMN_MISMATCH = "column_mismatch"
    JOB_FAILED = "job_failed"
    JOB_REJECTED = "job_rejected"
    JOB_CANCELED = "job_canceled"
    JOB_TIMEOUT = "job_timeout"
    CLIENT_ERROR = "client_error"


class HostedError(PlayproofError):
    """The hosted model gave no usable answer.

    ``reason`` is the code that metrics and verdicts show. ``answered`` is the provider's HTTP status, where it gave one.
    ``retry_after`` is how many seconds it asked us to stay away. ``uncertain`` says that the call may have had its effect
    all the same, so that doing it again may do it twice.
    """

    code = "hosted-model-error"
    status = 502

    def __init__(
        self,
        message: str,
        *,
        reason: HostedReason,
        answered: int | None = None,
        retry_after: float | None = None,
        uncertain: bool = False,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.answered = answered
        self.retry_after = retry_after
        self.uncertain = uncertain

    def __str__(self) -> str:
        return f"{super().__str__()} ({self.reason})"


class HostedNotConfigured(HostedError):
    """There is no key to ask the hosted model with."""

    code = "hosted-model-not-configured"
    status = 503

    def __init__(self) -> None:
        super().__init__("there is no key to ask Woodwide with: set WOODWIDE_API_KEY", reason=HostedReason.NOT_CONFIGURED)


class InvalidWebhook(PlayproofError):
    """A webhook that whoever has the secret did not sign, or not just now; raised where a site receives it."""

    code = "invalid-webhook"
