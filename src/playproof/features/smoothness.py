"""How smooth the strokes are, and where in frequency the motion lies."""

from __future__ import annotations

import numpy as np

from playproof.features.kinematics import Motion
from playproof.features.numbers import median, ratio, spread
from playproof.features.path import STEP_S, Path
from playproof.features.strokes import Strokes

_WINDOW = 64
_TRANSFORM = 128
_HIGHEST_HZ = 10.0
_LEAST_AMPLITUDE = 0.05
_FREQUENCIES = np.fft.rfftfreq(_TRANSFORM, STEP_S)
_KEPT = int(np.searchsorted(_FREQUENCIES, _HIGHEST_HZ, side="right"))
_MOST_STROKES = 64


def smoothness(path: Path, motion: Motion, strokes: Strokes) -> dict[str, float]:
    """Log dimensionless jerk and spectral arc length of the strokes."""
    square = strokes.total(motion.jerk[0] ** 2 + motion.jerk[1] ** 2) * STEP_S
    jerk = -np.log(np.maximum(square * strokes.seconds**3 / strokes.peak**2, 1e-9))
    arc = _arc_lengths(path, strokes)
    return {
        "jerk_smoothness": median(jerk),
        "jerk_smoothness_spread": spread(jerk),
        "arc_length": median(arc),
        "arc_length_spread": spread(arc),
    }


def _arc_lengths(path: Path, strokes: Strokes) -> np.ndarray:
    start, end = strokes.start[:_MOST_STROKES], strokes.end[:_MOST_STROKES]
    at = start[:, None] + np.arange(_WINDOW)
    inside = at < end[:, None]
    window = np.where(inside, path.speed[np.minimum(at, path.speed.size - 1)], 0.0)
    amplitude = np.abs(np.fft.rfft(window, _TRANSFORM, axis=1)[:, :_KEPT])
    amplitude /= amplitude[:, :1]
    last = _KEPT - 1 - np.argmax(amplitude[:, ::-1] >= _LEAST_AMPLITUDE, axis=1)
    steps = np.hypot(np.diff(amplitude, axis=1), 1.0 / np.maximum(last, 1)[:, None])
    counted = np.arange(_KEPT - 1) < last[:, None]
    lengths: np.ndarray = -(steps * counted).sum(axis=1)
    return lengths


def spectrum(path: Path) -> dict[str, float]:
    """Shares of the velocity's power by frequency, over the whole path."""
    size = 1 << max(path.speed.size - 1, 1).bit_length()
    power = np.fft.rfft(path.velocity, size, axis=1)
    power = (power.real**2 + power.imag**2).sum(axis=0)
    running = np.concatenate(((0.0,), np.cumsum(power)))
    places = np.array((0.0, 1.0, 3.0, 5.0, 8.0, 12.0, 20.0)) * (size * STEP_S)
    upto = running[np.minimum(np.ceil(places).astype(np.intp), power.size)]
    bands = np.diff(upto)
    whole = float(upto[-1])
    b = bands.tolist()
    return {
        "power_0_1": ratio(b[0], whole),
        "power_1_3": ratio(b[1], whole),
        "power_3_5": ratio(b[2], whole),
        "power_5_8": ratio(b[3], whole),
        "power_8_12": ratio(b[4], whole),
        "tremor_ratio": ratio(b[4], b[3]),
        "power_fall": ratio(b[5], b[4]),
    }
