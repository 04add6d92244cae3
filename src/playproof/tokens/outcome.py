"""What a token turns out to be worth: the verdict behind it, as a site's backend is told."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from playproof.clock import iso
from playproof.decision import Decision, Rules, Verdict
from playproof.decision.reasons import EFFECTS
from playproof.decision.verdict import Status
from playproof.tokens.faults import Fault
from playproof.tokens.inquiry import Inquiry
from playproof.tokens.site import Site, policy_version
from playproof.tokens.trial import TRIAL_GAME, TRIAL_HOSTNAME, TrialKey

MOST_REASONS = 5
HALF_HUMAN = 0.01
"""The share of people at least as unusual at which the human score is a half."""
SCORE_DIGITS = 4

_FIRST = {"fail": 0, "review": 1}
"""Reasons that decide come before those that explain."""


class IssuedToken(Protocol):
    """What is stored of a token."""

    @property
    def session_id(self) -> str: ...  # noqa: D102 - as they are in the store
    @property
    def action(self) -> str | None: ...  # noqa: D102
    @property
    def cdata(self) -> str | None: ...  # noqa: D102
    @property
    def hostname(self) -> str: ...  # noqa: D102
    @property
    def way(self) -> str: ...  # noqa: D102
    @property
    def game(self) -> str: ...  # noqa: D102
    @property
    def device(self) -> str: ...  # noqa: D102
    @property
    def issued_at(self) -> int:
        """Milliseconds since 1970, UTC."""
        ...


class Metadata(msgspec.Struct, frozen=True):
    """What was played, and how."""

    game: str
    input_class: str
    """mouse, touch, trackpad, stylus, keyboard or unknown."""
    way: str
    """`game`, or `pow` where proof of work was done instead of one."""
    test_key: bool = False
    same_network: bool | None = None
    """Whether the form came from the network (IPv4 address, IPv6 /64) that the challenge was begun from; `None` where nobody says where
    it came from. People change networks, so it decides nothing.
    """


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a token is worth; kept as it is for a question that is repeated."""

    success: bool
    decision: Decision
    status: Status
    human_score: float | None
    """0 to 1, higher is more human; `None` where no calibrated model scored. See `human_score`."""
    reasons: tuple[str, ...]
    """Codes, those first that decide; at most five."""
    challenge_ts: str
    """When the challenge was finished, RFC 3339, UTC."""
    hostname: str
    action: str | None
    cdata: str | None
    event_id: str
    """Of the session, for audit and for labels."""
    model_version: str
    policy_version: str
    metadata: Metadata
    faults: tuple[Fault, ...] = ()
    """Why it is not what was expected."""


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Outcome).decode
_verdict = msgspec.json.Decoder(Verdict).decode


def human_score(anomaly_score: float) -> float:
    """p / (p + 0.01), where p = 10^-s is the share of people at least this unusual: 0 to 1, higher is more human.

    One half is one person in a hundred, where the default policy stops passing; a person chosen at random has more than 0.9 with
    a probability of 0.91. The share itself would be no such score: it is spread evenly over people, half of whom have less than
    one half.
    """
    share = math.pow(10.0, -anomaly_score)
    return round(share / (share + HALF_HUMAN), SCORE_DIGITS)


def outcome_of(
    token: IssuedToken, verdict: bytes, site: Site, inquiry: Inquiry, base: Rules, *, same_network: bool | None = None
) -> Outcome:
    """What `token` of `site` is worth to whoever asks `inquiry`, by the `verdict` (JSON) that its session has now.

    `base` are the operator's rules; `same_network` is told as it is. Raises `msgspec.ValidationError` where the verdict is none.
    """
    found = _verdict(verdict)
    faults = _unexpected(inquiry, token.hostname, token.action)
    success = found.decision is Decision.PASS or (
        found.decision is Decision.REVIEW and bool(site.policy.terms(token.action).review_is_success)
    )
    calibrated = found.calibration is not None and found.calibration.status == "calibrated"
    score = found.anomaly.anomaly_score if calibrated else None
    return Outcome(
        success=success and not faults,
        decision=found.decision,
        status=found.status,
        human_score=None if score is None else human_score(score),
        reasons=_reasons(reason.code for reason in found.reasons),
        challenge_ts=iso(datetime.fromtimestamp(token.issued_at / 1000, UTC)),
        hostname=token.hostname,
        action=token.action,
        cdata=token.cdata,
        event_id=token.session_id,
        model_version=found.anomaly.model_version,
        policy_version=policy_version(site.policy, token.action, base),
        metadata=Metadata(token.game, token.device, token.way, same_network=same_network),
        faults=faults,
    )


def asked_again(found: Outcome, inquiry: Inquiry) -> Outcome:
    """`found` for whoever asks once more, who may expect something else of it than when it was found."""
    faults = tuple(dict.fromkeys((*found.faults, *_unexpected(inquiry, found.hostname, found.action))))
    return found if faults == found.faults else msgspec.structs.replace(found, success=False, faults=faults)


def trial_outcome(key: TrialKey, inquiry: Inquiry, now: datetime) -> Outcome:
    """What the test token is worth to whoever asks with the secret of `key`: of host and action, what is expected."""
    return Outcome(
        success=key.decision is Decision.PASS,
        decision=key.decision,
        status="final",
        human_score=None,
        reasons=(),
        challenge_ts=iso(now),
        hostname=inquiry.expected_hostname or TRIAL_HOSTNAME,
        action=inquiry.expected_action,
        cdata=None,
        event_id=f"test_{key.kind}",
        model_version="test",
        policy_version="test",
        metadata=Metadata(TRIAL_GAME, "unknown", "game", test_key=True),
    )


def _unexpected(inquiry: Inquiry, hostname: str, action: str | None) -> tuple[Fault, ...]:
    faults = []
    if inquiry.expected_hostname is not None and inquiry.expected_hostname.lower() != hostname.lower():
        faults.append(Fault.HOSTNAME)
    if inquiry.expected_action is not None and inquiry.expected_action != action:
        faults.append(Fault.ACTION)
    return tuple(faults)


def _reasons(found: Iterable[str]) -> tuple[str, ...]:
    each = dict.fromkeys(found)
    return tuple(sorted(each, key=lambda code: _FIRST.get(EFFECTS.get(code, "note"), len(_FIRST)))[:MOST_REASONS])
