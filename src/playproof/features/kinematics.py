"""How fast, how the speed changes, and how acceleration follows itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playproof.features.numbers import Floats, Mask, correlation, line, median, ordered, quantile, ratio
from playproof.features.path import STEP_S, Path

FAST_PX_S = 150.0
"""Above this the direction of motion is more than rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Derivatives of a path at the m places of `Path.speed`, by central differences; the two ends are 0."""

    tangential: Floats
    """(m,) px/s^2 along the direction of motion: how the speed changes."""
    normal: Floats
    """(m,) px/s^2 across it: how the direction changes; positive clockwise on a screen."""
    jerk: Floats
    """(2, m) px/s^3."""
    fast: Mask
    """(m,) bool, speed above `FAST_PX_S`, the ends left out."""


def derive(path: Path) -> Motion:
    """Acceleration and jerk of a path."""
    velocity = path.velocity
    acceleration = np.zeros_like(velocity)
    acceleration[:, 1:-1] = (velocity[:, 2:] - velocity[:, :-2]) * (0.5 / STEP_S)
    jerk = np.zeros_like(velocity)
    jerk[:, 1:-1] = (velocity[:, 2:] - 2.0 * velocity[:, 1:-1] + velocity[:, :-2]) * (1.0 / STEP_S**2)
    floor = np.maximum(path.speed, 1e-9)
    tangential = (acceleration[0] * velocity[0] + acceleration[1] * velocity[1]) / floor
    normal = (velocity[0] * acceleration[1] - velocity[1] * acceleration[0]) / floor
    fast = path.speed > FAST_PX_S
    fast[0] = fast[-1] = False
    return Motion(tangential, normal, jerk, fast)


def kinematics(path: Path, motion: Motion) -> dict[str, float]:
    """Speed and acceleration while the pointer moves."""
    moving = path.moving
    speed = path.speed[moving]
    rising = ordered(speed)
    middle, high = quantile(rising, 0.5), quantile(rising, 0.95)
    tangential, normal = motion.tangential[moving], motion.normal[moving]
    pull = np.abs(tangential)
    pulls = ordered(pull)
    braking = tangential < 0.0
    jerks = ordered(np.hypot(motion.jerk[0][moving], motion.jerk[1][moving]))
    both = moving[:-6]
    whole = motion.tangential
    return {
        "speed_high": high,
        "speed_range": ratio(high, middle),
        "speed_low_share": ratio(quantile(rising, 0.25), middle),
        "speed_variation": ratio(float(speed.std()), float(speed.mean())) if speed.size else np.nan,
        "acceleration_rate": ratio(quantile(pulls, 0.75), high),
        "acceleration_tail": ratio(quantile(pulls, 0.95), quantile(pulls, 0.5)),
        "braking_share": float(braking.mean()) if speed.size else np.nan,
        "braking_ratio": ratio(median(pull[braking]), median(pull[~braking])),
        "turning_pull_ratio": ratio(float(np.abs(normal).mean()), float(pull.mean())) if speed.size else np.nan,
        "jerk_tail": ratio(quantile(jerks, 0.95), quantile(jerks, 0.5)),
        "jerk_rate": ratio(quantile(jerks, 0.75), high),
        "acceleration_memory_60": correlation(whole[:-3][moving[:-3]], whole[3:][moving[:-3]]),
        "acceleration_memory_120": correlation(whole[:-6][both], whole[6:][both]),
        "turning_memory_60": correlation(motion.normal[:-3][moving[:-3]], motion.normal[3:][moving[:-3]]),
    }


def curvature(path: Path, motion: Motion) -> dict[str, float]:
    """How the path bends, and how speed and bending go together."""
    fast = motion.fast
    speed = path.speed[fast]
    rate = motion.normal[fast] / np.maximum(speed, 1e-9)
    bend = np.abs(rate) / np.maximum(speed, 1e-9)
    bends = ordered(bend)
    bent = bend > 1e-4
    slope, remains, strength = line(np.log(bend[bent]), np.log(speed[bent]))
    turning = ordered(np.abs(rate))
    heading = np.arctan2(path.velocity[1][fast], path.velocity[0][fast])
    sectors = np.bincount(((heading + np.pi) * (8.0 / np.pi)).astype(np.intp) % 16, minlength=16) if heading.size else np.zeros(16)
    share = sectors / max(float(sectors.sum()), 1.0)
    share = share[share > 0.0]
    off_axis = np.abs(np.mod(heading + 0.25 * np.pi, 0.5 * np.pi) - 0.25 * np.pi)
    neighbours = fast[:-1] & fast[1:]
    turn = motion.normal
    return {
        "curvature_median": 1000.0 * quantile(bends, 0.5),
        "curvature_high": 1000.0 * quantile(bends, 0.9),
        "curvature_range": ratio(quantile(bends, 0.9), quantile(bends, 0.5)),
        "turn_rate_median": quantile(turning, 0.5),
        "turn_rate_high": quantile(turning, 0.9),
        "straight_share": float((np.abs(rate) < 0.25).mean()) if rate.size else np.nan,
        "power_law_slope": -slope,
        "power_law_scatter": remains,
        "power_law_strength": -strength,
        "turn_change_share": float((turn[:-1][neighbours] * turn[1:][neighbours] < 0.0).mean()) if neighbours.any() else np.nan,
        "turn_bias": ratio(abs(float(rate.sum())), float(np.abs(rate).sum())),
        "direction_entropy": float(-(share * np.log2(share)).sum()) if share.size else np.nan,
        "axis_share": float((off_axis < 0.035).mean()) if heading.size else np.nan,
    }
