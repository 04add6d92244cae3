"""Answers of siteverify, each in the words of the service whose path was asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from playproof.decision import Decision
from playproof.tokens.faults import Dialect, Fault, codes
from playproof.tokens.outcome import SCORE_DIGITS, Metadata, Outcome

BANDS = {Decision.PASS: (0.5, 1.0), Decision.REVIEW: (0.25, 0.49), Decision.FAIL: (0.0, 0.24)}
"""Where the `score` of other services' dialects lies, by decision."""


class Refusal(msgspec.Struct, frozen=True):
    """The answer where the token cannot be answered for."""

    success: bool
    """Always false."""
    error_codes: list[str] = msgspec.field(name="error-codes")


class Siteverify(msgspec.Struct, frozen=True, kw_only=True):
    """The answer about a token."""

    success: bool
    """Whether to let the visitor through."""
    decision: Decision
    status: str
    """`preliminary` where the verdict may still change; what was answered about a token does not."""
    human_score: float | None
    """0 to 1, higher is more human: p / (p + 0.01), where p is the share of people at least this unusual; `null` where not scored."""
    reasons: tuple[str, ...]
    """Codes, those first that decide; at most five."""
    challenge_ts: str
    """When the challenge was finished, RFC 3339, UTC."""
    hostname: str
    """Of the page that the challenge was played on."""
    action: str | None
    cdata: str | None
    event_id: str
    model_version: str
    policy_version: str
    metadata: Metadata
    error_codes: list[str] = msgspec.field(name="error-codes")


class Scored(Siteverify, frozen=True, kw_only=True):
    """The answer in the words of a service that has a score."""

    score: float
    """See `score`; hCaptcha's is 1 less that."""


class Reasoned(Scored, frozen=True, kw_only=True):
    """The answer in hCaptcha's words."""

    score_reason: tuple[str, ...]
    """As `reasons`."""


_SHARED = tuple(name for name in Siteverify.__struct_fields__ if name != "error_codes")
_WHOLE_SECONDS = frozenset({Dialect.RECAPTCHA, Dialect.HCAPTCHA})
_encode = msgspec.json.Encoder().encode


def answer(dialect: Dialect, outcome: Outcome) -> bytes:
    """`outcome` in `dialect`, as JSON.

    All dialects share the fields of ours. reCAPTCHA's has `score` beside them, 1 is human; hCaptcha's has `score`, 1 is a bot, and
    `score_reason`. In other dialects than ours a decision that does not count as success has a code too, an action or cdata that the
    widget did not name is empty instead of null, and where those services tell time in whole seconds, so is it told: their clients
    may know nothing else.
    """
    faults = outcome.faults
    if not outcome.success and not faults:
        faults = (Fault.REFUSED,)
    told: dict[str, Any] = {name: getattr(outcome, name) for name in _SHARED}
    told["error_codes"] = codes(dialect, faults)
    if dialect is not Dialect.PLAYPROOF:
        told |= {"action": outcome.action or "", "cdata": outcome.cdata or ""}
    if dialect in _WHOLE_SECONDS:
        told["challenge_ts"] = f"{outcome.challenge_ts.partition('.')[0]}Z"
    if dialect is Dialect.RECAPTCHA:
        return _encode(Scored(**told, score=score(outcome)))
    if dialect is Dialect.HCAPTCHA:
        return _encode(Reasoned(**told, score=round(1.0 - score(outcome), SCORE_DIGITS), score_reason=outcome.reasons))
    return _encode(Siteverify(**told))


def refusal(dialect: Dialect, faults: Sequence[Fault]) -> bytes:
    """`faults` in `dialect`, as JSON."""
    return _encode(Refusal(success=False, error_codes=codes(dialect, faults)))


def score(outcome: Outcome) -> float:
    """One number for those who look at nothing else, 0 to 1, higher is more human.

    It is the human score, held within the band of the decision, so that a replayed play has no good score and a threshold of a half
    means what it means elsewhere: pass 0.5 to 1, review 0.25 to 0.49, fail up to 0.24. Where nothing was scored it is the middle of the
    band; where the token is not what was expected, 0.
    """
    if outcome.faults:
        return 0.0
    low, high = BANDS[outcome.decision]
    if outcome.human_score is None:
        return round((low + high) / 2.0, SCORE_DIGITS)
    return min(max(outcome.human_score, low), high)
