"""Deterministic rules with named reasons.

They are always computed, because they explain; alone they answer only where nothing else can. A rule that rules out a
pass must speak of evidence that is missing or of something that no person's play contains, and its rate among recorded
people is measured (`docs/evaluation.md`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled, kernel
from playproof.features import NAMES
from playproof.scoring.base import Floats
from playproof.telemetry import Finding, Session

MINIMUM_SAMPLES = 31
"""Moving samples of the resampled path: near-duplicates are told apart from about as many points on, and below it
published detectors were walked through by sessions that hardly moved."""
MINIMUM_PATH_PX = 100.0
"""Less travel than a button's width says nothing of a hand."""
MINIMUM_STROKES = 1
"""Features are of strokes. A pointer that only creeps has none: nothing of it can be measured, and what cannot be measured
looks usual."""
MINIMUM_SPREAD_PX = 30.0
"""Trembling on the spot adds up to any length of path; a hand that aims goes somewhere."""
_SPREAD_SHARE = 0.9
"""Of positions: so many lie within the spread, so that a few leaps do not make a tremble into movement."""
_SPREAD_POSITIONS = 100
"""The spread is read off about so many positions, evenly taken: it need not be exact, and every session pays for it."""
_HARDLY_SAMPLES = 5
_HARDLY_PATH_PX = 10.0

_SAMPLES = NAMES.index("moving_samples")
_PATH = NAMES.index("path_px")
_STROKES = NAMES.index("stroke_count")


class Hit(NamedTuple):
    """One rule that fired."""

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


def assess(session: Session, row: Floats, findings: Sequence[Finding]) -> Assessment:
    """Apply every rule to a session, its catalogue row (k,) and what decoding found."""
    hits = [Hit(finding.code, finding.detail) for finding in findings]
    samples, path = float(row[_SAMPLES]), float(row[_PATH])
    measured = samples >= _HARDLY_SAMPLES and path >= _HARDLY_PATH_PX  # false for NaN
    missing = _missing(session, samples, path, float(row[_STROKES]))
    if session.device_type == "keyboard":
        hits.append(Hit("keyboard_not_scored", "keyboard play has no pointer movement to judge"))
    elif not measured:
        hits.append(Hit("no_movement", f"the pointer moved {_figure(path)} px in {_figure(samples)} samples"))
    elif missing:
        hits.append(Hit("insufficient_evidence", missing))
    return Assessment(tuple(hits), measured, not missing)


def _missing(session: Session, samples: float, path: float, strokes: float) -> str:
    """In words, what there is too little of to tell a person by; empty where there is enough. Too little never passes."""
    if not (samples >= MINIMUM_SAMPLES and path >= MINIMUM_PATH_PX):
        return (
            f"{_figure(samples)} moving samples over {_figure(path)} px; "
            f"at least {MINIMUM_SAMPLES} over {MINIMUM_PATH_PX:.0f} px are needed"
        )
    if not strokes >= MINIMUM_STROKES:
        return "no strokes: the pointer only creeps and rests"
    spread = _spread(session.x, session.y)
    if spread < MINIMUM_SPREAD_PX:
        return f"the pointer kept within {spread:.1f} px; at least {MINIMUM_SPREAD_PX:.0f} px are needed"
    return ""


@kernel("f8(Array(f8, 1, 'A', True), Array(f8, 1, 'A', True))")
def _spread(x: Floats, y: Floats) -> float:
    """Pixels between the ends of the middle `_SPREAD_SHARE` of positions on the axis where they are wider apart, 0 to infinity."""
    return max(_axis_spread(x), _axis_spread(y))


@compiled
def _axis_spread(positions: Floats) -> float:
    step = max(1, len(positions) // _SPREAD_POSITIONS)
    count = (len(positions) + step - 1) // step
    tail = int(count * (1 - _SPREAD_SHARE) / 2)
    # The lowest and the highest so far, the outermost first; few enough to be kept in order by hand.
    lows, highs = np.full(tail + 1, np.inf), np.full(tail + 1, -np.inf)
    for i in range(count):
        low = high = positions[i * step]
        for place in range(tail + 1):
            if low < lows[place]:
                lows[place], low = low, lows[place]
            if high > highs[place]:
                highs[place], high = high, highs[place]
    return float(max(highs[tail] - lows[tail], 0.0))


def _figure(value: float) -> str:
    return f"{value:.0f}" if value == value else "0"
