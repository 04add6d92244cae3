"""How two quantities of the strokes go together, and what is left of it when a third is allowed for."""

from __future__ import annotations

import math
from typing import NamedTuple

from playproof.compiled import compiled
from playproof.features.numbers import NAN, Floats, ratio

_FEWEST_STROKES = 4


class Relation(NamedTuple):
    """A straight line b = slope * a + c through points, by least squares."""

    slope: float
    scatter: float
    """Standard deviation about the line, in units of b."""
    strength: float
    """Correlation, -1 to 1."""


@compiled
def related(a: Floats, b: Floats) -> Relation:
    """The relation of `b` (s,) to `a` (s,); NaN of too few strokes or of a constant."""
    count = a.size
    if count < _FEWEST_STROKES:
        return Relation(NAN, NAN, NAN)
    middle_a = middle_b = 0.0
    for k in range(count):
        middle_a += a[k]
        middle_b += b[k]
    middle_a /= count
    middle_b /= count
    aa = ab = bb = 0.0
    for k in range(count):
        off_a, off_b = a[k] - middle_a, b[k] - middle_b
        aa += off_a * off_a
        ab += off_a * off_b
        bb += off_b * off_b
    strength = min(max(ab / math.sqrt(aa * bb), -1.0), 1.0) if aa * bb > 1e-12 else NAN
    return Relation(ratio(ab, aa), math.sqrt(bb / count * (1.0 - strength**2)), strength)


@compiled
def partial(a: Floats, b: Floats, given: Floats) -> float:
    """Correlation of `a` (s,) with `b` (s,) when `given` (s,) is allowed for, -1 to 1; NaN of too few or of a constant."""
    ab, ag, bg = related(a, b).strength, related(a, given).strength, related(b, given).strength
    left = (1.0 - ag * ag) * (1.0 - bg * bg)
    return (ab - ag * bg) / math.sqrt(left) if left > 1e-9 else NAN
