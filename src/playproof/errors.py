"""Every error PlayProof raises, drawn once.

    PlayproofError
     +- InputError                what a caller sent is not usable (has a JSON path)
     |   +- MalformedJson         not JSON at all                              400
     |   +- TooLarge              over a limit of size or count                413
     |   +- InvalidSession        JSON, but not a session                      422
     |   +- InvalidRequest        JSON, but not what the route takes           422
     +- SessionConflict           the id is taken by other content             409
     +- SessionNotFound           nothing is stored under the id               404
     +- ResultGone                its result was kept as long as results are  410
     +- ChallengeNotFound         there is no challenge of the id              404
     +- ChallengeOver             it is finished, or its time is over          410
     +- ChallengeRefused          what was sent does not fit where it stands   409
     +- SiteNotFound              no site has the key                          404
     +- RateLimited               too many of these lately                     429
     +- DatasetNotFound           there is no live dataset of the name         404
     +- UploadNotFound            no training upload has the id                404
     +- UploadNotReady            the provider has not taken it in yet         409
     +- ModelNotFound             no hosted model of the id was trained here   404
     +- CorpusRefused             the sessions are too few to train on         422
     +- QueueFull                 too many sessions wait for a batch; scored at once  503
     +- SettingsError             a setting is unknown, misspelt or out of range
     +- ArtefactError             a model artefact is missing, damaged or foreign
     +- StoreError                the store cannot do what was asked
     |   +- StoreUnavailable      for now: full disk, locked, closing          503
     |   +- StoreRefused          for good: read-only folder, unsafe SQLite
     +- HostedError               the hosted model gave no usable answer (has a reason code)  502
     |   +- HostedNotConfigured   there is no key to ask it with               503
     +- InvalidWebhook            a webhook that its sender did not sign, or not just now
     +- EvaluationRefused         the protocol forbids judging this data

Each class has a stable ``code`` (the ``type`` of the problem document over HTTP) and an HTTP status.
"""

from __future__ import annotations

from enum import StrEnum


class PlayproofError(Exception):
    """Something PlayProof cannot do; the message says what and what would help."""

    code = "internal-error"
    status = 500


class InputError(PlayproofError):
    """What was sent is not usable.

    ``path`` is the JSON path of the offending value (``$`` is the whole document), ``expected`` says
    in words what would have been accepted there.
    """

    code = "invalid-input"
    status = 400

    def __init__(self, message: str, *, path: str = "$", expected: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.expected = expected

    def __str__(self) -> str:
        wanted = f" (expected {self.expected})" if self.expected else ""
        return f"{self.message} at {self.path}{wanted}"

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling between worker processes.
        return _rebuild_input_error, (type(self), self.message, self.path, self.expected)


def _rebuild_input_error(kind: type[InputError], message: str, path: str, expected: str) -> InputError:
    return kind(message, path=path, expected=expected)


class MalformedJson(InputError):
    """The body is not JSON."""

    code = "malformed-json"
    status = 400


class TooLarge(InputError):
    """The body, or a list in it, is over its limit."""

    code = "too-large"
    status = 413


class InvalidSession(InputError):
    """The body is JSON, but not a session."""

    code = "invalid-session"
    status = 422


class InvalidRequest(InputError):
    """The body can be read, but is not what this route takes."""

    code = "invalid-request"
    status = 422


class SessionConflict(PlayproofError):
    """The session id is already taken by other content."""

    code = "session-conflict"
    status = 409


class SessionNotFound(PlayproofError):
    """Nothing is stored under this session id."""

    code = "session-not-found"
    status = 404


class ResultGone(PlayproofError):
    """The session was queued for a batch, and its result is no longer kept."""

    code = "result-gone"
    status = 410


class ChallengeNotFound(PlayproofError):
    """There is no challenge of this id."""

    code = "challenge-not-found"
    status = 404


class ChallengeRefused(PlayproofError):
    """What was sent does not fit where the challenge stands.

    ``reason`` is a member of `playproof.challenges.refusal.Refusal`.
    """

    code = "challenge-refused"
    status = 409

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ChallengeOver(ChallengeRefused):
    """The challenge is finished, or its time is over; a new one can be had."""

    code = "challenge-over"
    status = 410


class SiteNotFound(PlayproofError):
    """No site has this key."""

    code = "site-not-found"
    status = 404


class RateLimited(PlayproofError):
    """There were too many of these lately; ``seconds`` says when to come again."""

    code = "rate-limited"
    status = 429

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class DatasetNotFound(PlayproofError):
    """There is no live dataset of this name."""

    code = "dataset-not-found"
    status = 404


class UploadNotFound(PlayproofError):
    """There is no upload to train on with this id."""

    code = "upload-not-found"
    status = 404


class UploadNotReady(PlayproofError):
    """The hosted model's provider has not taken the upload in yet; asking again later is safe."""

    code = "upload-not-ready"
    status = 409


class ModelNotFound(PlayproofError):
    """No hosted model of this id was trained from here."""

    code = "model-not-found"
    status = 404


class CorpusRefused(PlayproofError):
    """A hosted model cannot be trained on these sessions, which are too few, or under this name."""

    code = "corpus-refused"
    status = 422


class QueueFull(PlayproofError):
    """Too many sessions wait for a batch. The session was scored at once instead, and its verdict is stored and final.

    ``retry_after`` is after how many seconds there may be room again; ``verdict`` is the JSON of the verdict, once it is known.
    """

    code = "queue-full"
    status = 503

    def __init__(self, message: str, *, retry_after: float, verdict: bytes | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.verdict = verdict


class SettingsError(PlayproofError):
    """A setting is unknown, misspelt or out of range."""

    code = "invalid-settings"


class ArtefactError(PlayproofError):
    """A model artefact is missing, damaged or made for another catalogue."""

    code = "invalid-artefact"


class StoreError(PlayproofError):
    """The store cannot do what was asked."""

    code = "store-error"


class StoreUnavailable(StoreError):
    """The store cannot write for now; nothing was acknowledged, so asking again is safe."""

    code = "store-unavailable"
    status = 503


class StoreRefused(StoreError):
    """The store will not open like this: read-only folder, unsafe SQLite build, newer schema."""

    code = "store-refused"


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


class InvalidWebhook(PlayproofError):
    """A webhook that whoever has the secret did not sign, or not just now; raised where a site receives it."""

    code = "invalid-webhook"


class HostedNotConfigured(HostedError):
    """There is no key to ask the hosted model with."""

    code = "hosted-model-not-configured"
    status = 503

    def __init__(self) -> None:
        super().__init__("there is no key to ask Woodwide with: set WOODWIDE_API_KEY", reason=HostedReason.NOT_CONFIGURED)


class EvaluationRefused(PlayproofError):
    """The protocol forbids judging this data, because the figure would flatter."""

    code = "evaluation-refused"
