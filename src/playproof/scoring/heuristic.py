"""Deterministic rules with named reasons.

They are always computed, because they explain; alone they answer only where nothing else can. A rule that rules out a
pass must speak of evidence that is missing or of something that no person's play contains, and its rate among recorded
people is measured (`docs/evaluation.md`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from playproof.features import NAMES
from playproof.scoring.base import Floats
from playproof.scoring.evidence import figure, missing_evidence
from playproof.telemetry import Finding, Session

_HARDLY_SAMPLES = 5
_HARDLY_PATH_PX = 10.0

_SAMPLES = NAMES.index("moving_samples")
_PATH = NAMES.index("path_px")


class Hit(NamedTuple):
    """One rule that fired, or a finding of whoever had the session judged."""

    code: str
    """A member of `playproof.decision.reasons.ReasonCode`."""
    detail: str


class Assessment(NamedTuple):
    """What the rules say of a session."""

    hits: tuple[Hit, ...]
    measured: bool
    """There is movement that features can be taken from."""
    enough: bool
    """There is enough of it to tell a person by; without it a session never passes."""


def assess(session: Session, row: Floats, findings: Sequence[Finding], found: Sequence[Hit] = ()) -> Assessment:
    """Apply every rule to a session, its catalogue row (k,) and what decoding found; `found` is what its caller knows besides."""
    hits = [*found, *[Hit(finding.code, finding.detail) for finding in findings]]
    samples, path = float(row[_SAMPLES]), float(row[_PATH])
    measured = samples >= _HARDLY_SAMPLES and path >= _HARDLY_PATH_PX  # false for NaN
    missing = missing_evidence(session, row)
    if session.device_type == "keyboard":
        hits.append(Hit("keyboard_not_scored", "keyboard play has no pointer movement to judge"))
    elif not measured:
        hits.append(Hit("no_movement", f"the pointer moved {figure(path)} px in {figure(samples)} samples"))
    elif missing:
        hits.append(Hit("insufficient_evidence", missing))
    return Assessment(tuple(hits), measured, not missing)
