"""How much movement it takes to tell a person by.

One floor for all: a session below it never passes, and the embedded model is neither fitted nor calibrated on it.
"""

from __future__ import annotations

import numpy as np

from playproof.compiled import compiled, kernel
from playproof.features import NAMES
from playproof.scoring.base import Floats
from playproof.telemetry import Session

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

_SAMPLES = NAMES.index("moving_samples")
_PATH = NAMES.index("path_px")
_STROKES = NAMES.index("stroke_count")


def missing_evidence(session: Session, row: Floats) -> str:
    """In words, what `session`, with its catalogue row (k,), has too little of; empty where there is enough."""
    samples, path = float(row[_SAMPLES]), float(row[_PATH])
    if not (samples >= MINIMUM_SAMPLES and path >= MINIMUM_PATH_PX):  # true for NaN
        return (
            f"{figure(samples)} moving samples over {figure(path)} px; at least {MINIMUM_SAMPLES} over {MINIMUM_PATH_PX:.0f} px are needed"
        )
    if not row[_STROKES] >= MINIMUM_STROKES:
        return "no strokes: the pointer only creeps and rests"
    spread = _spread(session.x, session.y)
    if spread < MINIMUM_SPREAD_PX:
        return f"the pointer kept within {spread:.1f} px; at least {MINIMUM_SPREAD_PX:.0f} px are needed"
    return ""


def figure(value: float) -> str:
    """A whole number in words; 0 where nothing could be measured."""
    return f"{value:.0f}" if value == value else "0"


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
