"""How smooth the strokes are."""

from __future__ import annotations

import numpy as np

from playproof.features.kinematics import Motion
from playproof.features.numbers import Floats
from playproof.features.path import STEP_S
from playproof.features.strokes import POINTS, Strokes

_CYCLES = np.arange(0.0, 8.01, 0.25)
"""Frequencies of the spectral arc length, in cycles a stroke: a stroke's duration does not change its smoothness."""
_PHASES = 2.0 * np.pi * np.outer((np.arange(POINTS) + 0.5) / POINTS, _CYCLES)
_WAVES = np.concatenate((np.cos(_PHASES), np.sin(_PHASES)), axis=1) / POINTS
_LEAST_AMPLITUDE = 0.05
_STEPS = np.arange(1, _CYCLES.size)


def smoothness(motion: Motion, strokes: Strokes) -> dict[str, Floats]:
    """Log dimensionless jerk and spectral arc length of each stroke."""
    jerk = strokes.total(motion.jerk * motion.jerk) * (strokes.seconds**3 / strokes.peak**2 * STEP_S)
    return {"jerk": -np.log(np.maximum(jerk, 1e-9)), "arc": _arc_lengths(strokes)}


def _arc_lengths(strokes: Strokes) -> Floats:
    """Length (s,) of the curve of each stroke's amplitude spectrum up to where it has died down, negative."""
    waves = strokes.profile @ _WAVES
    waves *= waves
    amplitude = np.sqrt(waves[:, : _CYCLES.size] + waves[:, _CYCLES.size :])
    last = _CYCLES.size - 1 - (amplitude[:, ::-1] >= _LEAST_AMPLITUDE).argmax(axis=1)
    last = np.maximum(last, 1)[:, None]
    rise = amplitude[:, 1:] - amplitude[:, :-1]
    steps = np.sqrt(rise * rise + 1.0 / (last * last))
    lengths: Floats = -np.add.reduce(steps * (last >= _STEPS), axis=1)
    return lengths
