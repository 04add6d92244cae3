"""What is kept of a play to know it again: a few bytes for each of its most telling strokes, in order of time.

A code is the inverse hyperbolic sine of a number over its grain, so that small numbers are kept finely and large ones by their size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from playproof.challenges.odds import rarity
from playproof.challenges.shape import DIMENSIONS, RADIUS, TIME, shapes_of
from playproof.compiled import compiled, kernel
from playproof.features.numbers import Floats
from playproof.features.path import LONGEST_PATH_MS, LONGEST_REST_MS
from playproof.telemetry import Session

Codes = NDArray[np.int8]
Times = NDArray[np.uint16]

MOST_STROKES = 128
"""The most telling ones are kept: they bound what a session takes. People's plays have two dozen; where only so many were kept, whoever
waved about enough before sending a play again had it forgotten."""
PACE = 1.1
"""Plays are traced as if they took so much of their time: the faster a stroke, the more the tracing smooths it.

Less of it stands wavering of the pace better, more of it jitter, which the embedded model sees by itself."""
FORM = 1
"""Of the bytes; another form cannot be compared with this one."""

_GRAIN = np.array([0.004, 0.003, 0.0022, 0.0017, 0.001, 0.001, 0.02, 0.03, 0.02, 0.03, 0.01])
_STEPS = 20.0
_RADIUS_STEPS = 16.0
_WIDE = DIMENSIONS + 1
_STROKE_BYTES = _WIDE + 2


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """The s strokes of a play."""

    codes: Codes
    """(s, 12): the shape's dimensions and the radius."""
    times: Times
    """(s,) when half the way of each was gone, ms of the traced path."""

    def pack(self) -> bytes:
        """One byte of form and 14 a stroke."""
        return bytes([FORM]) + self.codes.tobytes() + self.times.astype("<u2").tobytes()

    @classmethod
    def unpack(cls, content: bytes) -> Self:
        """The signature that `pack` wrote. Raises `ValueError` for bytes of another form."""
        count, rest = divmod(len(content) - 1, _STROKE_BYTES)
        if not content or content[0] != FORM or rest:
            raise ValueError("not a signature of this form")
        codes = np.frombuffer(content, np.int8, count * _WIDE, 1).reshape(count, _WIDE).copy()
        return cls(codes, np.frombuffer(content, "<u2", count, 1 + count * _WIDE).astype(np.uint16))


def sign(session: Session, rate: float = 1.0) -> Signature:
    """The signature of a session, had it taken `rate` times as long."""
    rows = shapes_of(session.t, session.x, session.y, rate * PACE)
    if len(rows) > MOST_STROKES:
        rows = rows[np.sort(np.argsort(-rarity(rows), kind="stable")[:MOST_STROKES])]
    return Signature(_encoded(rows), rows[:, TIME].clip(0, 65535).astype(np.uint16))


def whole(session: Session) -> bool:
    """Whether `sign` sees all of a session: fewer strokes than there is room for, and no more movement than a path is traced of."""
    moving = np.minimum(np.diff(session.t), LONGEST_REST_MS).clip(0.0).sum() * PACE
    return bool(moving < LONGEST_PATH_MS) and len(sign(session).times) < MOST_STROKES


@kernel("i1[:,::1](f8[:,:])")
def _encoded(rows: Floats) -> Codes:
    """The codes (s, 12) of strokes (s, `WIDTH`)."""
    codes = np.empty((rows.shape[0], _WIDE), np.int8)
    for i in range(rows.shape[0]):
        for k in range(DIMENSIONS):
            codes[i, k] = round(min(max(_STEPS * math.asinh(rows[i, k] / _GRAIN[k]), -127.0), 127.0))
        codes[i, RADIUS] = round(min(max(_RADIUS_STEPS * math.log(rows[i, RADIUS]), 0.0), 127.0))
    return codes


@compiled
def decoded(codes: Codes, times: Times) -> Floats:
    """The strokes (s, `WIDTH`) of codes (s, 12)."""
    rows = np.empty((codes.shape[0], _WIDE + 1))
    for i in range(codes.shape[0]):
        for k in range(DIMENSIONS):
            rows[i, k] = math.sinh(codes[i, k] / _STEPS) * _GRAIN[k]
        rows[i, RADIUS] = math.exp(codes[i, RADIUS] / _RADIUS_STEPS)
        rows[i, TIME] = times[i]
    return rows


@kernel("f8[:,::1](i1[:,::1], u2[::1])")
def strokes_of(codes: Codes, times: Times) -> Floats:
    """The strokes (s, `WIDTH`) of a signature."""
    return decoded(codes, times)
