"""How fast, how the speed changes, and how acceleration follows itself."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.features.numbers import Floats, Places, Points, mean, median, memory, quantile, ratio
from playproof.features.path import STEP_MS, STEP_S, Path

FAST_PX_S = 150.0
"""Above this the direction of motion is more than rounding."""
_LAG = round(60.0 / STEP_MS)


class Motion(NamedTuple):
    """Derivatives of a path at the m places of `Path.speed`, by central differences; the two ends are 0."""

    tangential: Floats
    """(m,) px/s² along the direction of motion: how the speed changes."""
    normal: Floats
    """(m,) px/s² across it: how the direction changes; positive clockwise on a screen."""
    jerk: Floats
    """(m,) px/s³, its size."""
    fast: Places
    """(f,) places where the speed is above `FAST_PX_S`, the ends left out."""
    fast_unit: Points
    """(f,) direction of motion there."""
    fast_speed: Floats
    """(f,) px/s."""
    fast_log: Floats
    """(f,) natural logarithm of `fast_speed`."""


def derive(path: Path) -> Motion:
    """Acceleration and jerk of a path."""
    velocity, speed = path.velocity, path.speed
    change = velocity[1:] - velocity[:-1]
    pull = np.zeros(speed.size, np.complex128)
    np.multiply(change[1:] + change[:-1], velocity[1:-1].conj(), out=pull[1:-1])
    pull *= (0.5 / STEP_S) / np.maximum(speed, 1e-9)
    jerk = np.zeros(speed.size)
    np.abs(change[1:] - change[:-1], out=jerk[1:-1])
    jerk *= STEP_S**-2
    fast = (speed[1:-1] > FAST_PX_S).nonzero()[0] + 1
    fast_speed = speed[fast]
    return Motion(pull.real.copy(), pull.imag.copy(), jerk, fast, velocity[fast] * (1.0 / fast_speed), fast_speed, np.log(fast_speed))


def kinematics(path: Path, motion: Motion) -> dict[str, float]:
    """Speed and acceleration while the pointer moves."""
    moving = path.moving.nonzero()[0]
    speed, jerks = path.speed[moving], motion.jerk[moving]
    mean_speed, mean_pull = mean(speed), mean(np.abs(motion.tangential[moving]))
    speeds = np.sort(speed)
    jerks.sort()
    middle, high = median(speeds), quantile(speeds, 0.95)
    return {
        "speed_high": high,
        "speed_range": ratio(high, middle),
        "speed_variation": ratio(math.sqrt(max(float(speed @ speed) / speed.size - mean_speed**2, 0.0)), mean_speed),
        "acceleration_rate": ratio(mean_pull, high),
        "turning_pull_ratio": ratio(mean(np.abs(motion.normal[moving])), mean_pull),
        "jerk_tail": ratio(quantile(jerks, 0.95), median(jerks)),
        "acceleration_memory_120": memory(motion.tangential, 2 * _LAG),
        "turning_memory_60": memory(motion.normal, _LAG),
    }
