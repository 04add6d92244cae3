"""How fast, how the speed changes, and how acceleration follows itself."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from playproof.compiled import compiled
from playproof.features.numbers import Floats, Places, Points, median_of, memory, quantile_of, ratio
from playproof.features.path import STEP_S, Path

FAST_PX_S = 150.0
"""Above this the direction of motion is more than rounding."""
_STRAIGHT_PX_S2 = 1e-3
"""A sideways acceleration below this is the rounding of a straight line, whose sign says nothing."""


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


class Kinematics(NamedTuple):
    """Speed and acceleration while the pointer moves; the catalogue says what each is."""

    speed_high: float
    speed_range: float
    speed_variation: float
    acceleration_rate: float
    turning_pull_ratio: float
    jerk_tail: float
    acceleration_memory_20: float
    acceleration_memory_40: float
    acceleration_memory_120: float
    turning_memory_20: float
    turning_memory_40: float
    turning_memory_60: float
    turning_memory_80: float


@compiled
def derive(path: Path) -> Motion:
    """Acceleration and jerk of a path."""
    velocity, speed = path.velocity, path.speed
    places = speed.size
    tangential, normal, jerk = np.zeros(places), np.zeros(places), np.zeros(places)
    fast = np.empty(places, np.intp)
    count = 0
    for i in range(1, places - 1):
        ahead, behind = velocity[i + 1] - velocity[i], velocity[i] - velocity[i - 1]
        pull = (ahead + behind) * velocity[i].conjugate() * ((0.5 / STEP_S) / max(speed[i], 1e-9))
        tangential[i], normal[i] = pull.real, pull.imag if abs(pull.imag) > _STRAIGHT_PX_S2 else 0.0
        jerk[i] = math.sqrt((ahead.real - behind.real) ** 2 + (ahead.imag - behind.imag) ** 2) * STEP_S**-2
        if speed[i] > FAST_PX_S:
            fast[count] = i
            count += 1
    unit, fast_speed, fast_log = np.empty(count, np.complex128), np.empty(count), np.empty(count)
    for i in range(count):
        pace = speed[fast[i]]
        unit[i], fast_speed[i], fast_log[i] = velocity[fast[i]] * (1.0 / pace), pace, math.log(pace)
    return Motion(tangential, normal, jerk, fast[:count], unit, fast_speed, fast_log)


@compiled
def kinematics(path: Path, motion: Motion) -> Kinematics:
    """Speed and acceleration while the pointer moves."""
    speeds, jerks = np.empty(path.speed.size), np.empty(path.speed.size)
    count = 0
    total = squares = pull = turn = 0.0
    for i in range(path.speed.size):
        if path.moving[i]:
            speed = path.speed[i]
            speeds[count], jerks[count] = speed, motion.jerk[i]
            count += 1
            total += speed
            squares += speed * speed
            pull += abs(motion.tangential[i])
            turn += abs(motion.normal[i])
    speeds, jerks = speeds[:count], jerks[:count]
    middle, high = median_of(speeds), quantile_of(speeds, 0.95)
    mean = total / count
    return Kinematics(
        speed_high=high,
        speed_range=ratio(high, middle),
        speed_variation=ratio(math.sqrt(max(squares / count - mean * mean, 0.0)), mean),
        acceleration_rate=ratio(pull / count, high),
        turning_pull_ratio=ratio(turn, pull),
        jerk_tail=ratio(quantile_of(jerks, 0.95), median_of(jerks)),
        acceleration_memory_20=memory(motion.tangential, 1),
        acceleration_memory_40=memory(motion.tangential, 2),
        acceleration_memory_120=memory(motion.tangential, 6),
        turning_memory_20=memory(motion.normal, 1),
        turning_memory_40=memory(motion.normal, 2),
        turning_memory_60=memory(motion.normal, 3),
        turning_memory_80=memory(motion.normal, 4),
    )
