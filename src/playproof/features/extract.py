"""One row of the catalogue from one session, by one way for one session and for many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled, kernel
from playproof.features.catalogue import NAMES
from playproof.features.clicks import clicks
from playproof.features.context import context_features
from playproof.features.curvature import curvature
from playproof.features.geometry import geometry
from playproof.features.grain import grain
from playproof.features.kinematics import derive, kinematics
from playproof.features.numbers import NAN, Floats, count
from playproof.features.path import STEP_MS, trace
from playproof.features.pauses import pauses
from playproof.features.phases import phases
from playproof.features.profiles import profile
from playproof.features.residual import residual
from playproof.features.smoothness import smoothness
from playproof.features.strokes import split
from playproof.features.submovements import submovements
from playproof.features.texture import texture
from playproof.features.variability import variability
from playproof.telemetry import GameContext, Session


class Evidence(NamedTuple):
    """How much there is to judge by; the catalogue says what each is."""

    active_ms: float
    path_px: float
    moving_samples: float
    stroke_count: float
    click_count: float


_WIDTH = len(NAMES)
_PLACES = {name: place for place, name in enumerate(NAMES)}


def extract(session: Session, context: GameContext | None = None) -> Floats:
    """The features of a session as a row (k,) of the catalogue.

    NaN stands for what cannot be measured, such as the rest around clicks in a session without any. The row is never
    infinite, and no decoded session raises. `context` fills the features of that role, which are NaN without it.
    """
    row = measure(session.t, session.x, session.y, session.click_t)
    if context is not None and row[_PLACES["path_px"]] > 0.0:
        with np.errstate(all="ignore"):  # what is too far away is infinite, and not measurable
            told = context_features(session, context)
        for name, value in told.items():
            row[_PLACES[name]] = value if math.isfinite(value) else NAN
    return row


def extract_many(sessions: Sequence[Session]) -> Floats:
    """The rows (n, k) of many sessions, each bit for bit what `extract` gives."""
    return np.stack([extract(session) for session in sessions]) if sessions else np.empty((0, _WIDTH))


@kernel("f8[::1](Array(f8, 1, 'A', True), Array(f8, 1, 'A', True), Array(f8, 1, 'A', True), Array(f8, 1, 'A', True))")
def measure(t: Floats, x: Floats, y: Floats, click_t: Floats) -> Floats:
    """The row (k,) of a session's movements (n,) and clicks (m,), without a context: finite or NaN."""
    row = np.full(_WIDTH, NAN)
    path = trace(t, x, y, click_t)
    strokes = split(path)
    moving = count(path.moving)
    length = path.travelled[-1] if path.travelled.size else 0.0
    at = _put(row, 0, Evidence(moving * STEP_MS, length, float(moving), float(strokes.start.size), float(click_t.size)))
    if not strokes.start.size:
        return row
    motion = derive(path)
    at = _put(row, at, kinematics(path, motion))
    at = _put(row, at, curvature(motion))
    at = _put(row, at, smoothness(motion, strokes))
    at = _put(row, at, geometry(strokes))
    at = _put(row, at, profile(strokes))
    at = _put(row, at, submovements(path, strokes))
    at = _put(row, at, pauses(path, strokes))
    at = _put(row, at, clicks(path, strokes))
    at = _put(row, at, variability(path, strokes))
    at = _put(row, at, residual(path, motion))
    at = _put(row, at, texture(path, strokes))
    at = _put(row, at, grain(path, strokes))
    _put(row, at, phases(path, motion, strokes))
    for i in range(row.size):
        if not math.isfinite(row[i]):
            row[i] = NAN
    return row


@compiled
def _put(row: Floats, at: int, values: tuple[float, ...]) -> int:
    """Write `values` into `row` from place `at` on; the place after them."""
    for value in values:
        row[at] = value
        at += 1
    return at
