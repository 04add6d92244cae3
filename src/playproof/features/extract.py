"""One row of the catalogue from one session, by one way for one session and for many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from playproof.features.catalogue import CATALOGUE, NAMES
from playproof.features.clicks import clicks
from playproof.features.context import context_features
from playproof.features.curvature import curvature
from playproof.features.geometry import geometry
from playproof.features.kinematics import derive, kinematics
from playproof.features.numbers import NAN, Floats
from playproof.features.path import STEP_MS, trace
from playproof.features.pauses import pauses
from playproof.features.profiles import profiles
from playproof.features.residual import residual
from playproof.features.smoothness import smoothness
from playproof.features.strokes import split
from playproof.features.submovements import submovements
from playproof.features.summary import summarise
from playproof.features.texture import texture
from playproof.features.variability import likeness, logarithms, variability
from playproof.telemetry import GameContext, Session

_NOTHING = dict.fromkeys(NAMES, NAN) | {feature.name: 0.0 for feature in CATALOGUE if feature.role == "evidence"}
"""The row of a session in which nothing moves and nobody clicks."""


def extract(session: Session, context: GameContext | None = None) -> Floats:
    """The features of a session as a row (k,) of the catalogue.

    NaN stands for what cannot be measured, such as the rest around clicks in a session without any. The row is never
    infinite, and no decoded session raises. `context` fills the features of that role, which are NaN without it.
    """
    # What divides by nothing is not measurable, and is made NaN below.
    with np.errstate(all="ignore"):
        row = np.array([*_measure(session, context).values()])
        row[~np.isfinite(row)] = NAN
    return row


def extract_many(sessions: Sequence[Session]) -> Floats:
    """The rows (n, k) of many sessions, each bit for bit what `extract` gives."""
    return np.stack([extract(session) for session in sessions]) if sessions else np.empty((0, len(NAMES)))


def _measure(session: Session, context: GameContext | None) -> dict[str, float]:
    """Values by name in the order of a row; what is not measurable is NaN."""
    values = _NOTHING | {"click_count": float(session.click_t.size)}
    path = trace(session)
    if path is None:
        return values
    moving = float(np.count_nonzero(path.moving))
    strokes = split(path)
    values |= {
        "active_ms": moving * STEP_MS,
        "path_px": float(path.travelled[-1]),
        "moving_samples": moving,
    }
    if strokes is not None:
        values["stroke_count"] = float(strokes.start.size)
        motion = derive(path)
        values |= kinematics(path, motion)
        values |= curvature(motion)
        shapes, told = profiles(strokes)
        quantities = geometry(strokes) | smoothness(motion, strokes) | logarithms(strokes) | shapes
        values |= told
        values |= summarise(quantities)
        values |= variability(quantities)
        values |= likeness(strokes)
        values |= submovements(path, strokes)
        values |= pauses(path, strokes)
        values |= clicks(path, strokes)
        values |= residual(path, motion)
        values |= texture(path, strokes)
    if context is not None:
        values |= context_features(session, context, path, strokes)
    return values
