"""Fusion: several detectors' outputs to one raw score, before anything is calibrated.

Every detector speaks in its own unit. Each is moved and scaled so that people's median is 0 and the person in fifty is
1, and the weighted sum is taken. A sum lets two detectors that are each half sure outvote a threshold neither reaches; which
detectors, and with what weights, is decided in `docs/adr/0003-detectors.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playproof.compiled import kernel

Floats = NDArray[np.float64]

CENTRE, FAR = 0.5, 0.98
"""The shares of people that go to 0 and to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Fusion:
    """Constants of the weighted sum. Raises `ValueError` where there are not as many of one as of another."""

    names: tuple[str, ...]
    """(d,) detectors, in the order of the arrays."""
    weights: Floats
    """(d,) at least 0, summing to 1."""
    centre: Floats
    """(d,)"""
    scale: Floats
    """(d,) above 0."""

    def __post_init__(self) -> None:
        if any(constants.shape != (len(self.names),) for constants in (self.weights, self.centre, self.scale)):
            raise ValueError("every detector needs a weight, a centre and a scale")

    def alike(self, outputs: Floats) -> Floats:
        """(..., d) detectors' outputs on the common scale; higher is less human."""
        return (outputs - self.centre) / self.scale

    def raw(self, outputs: Floats) -> Floats:
        """(n,) fused scores of detectors' outputs (n, d); higher is less human."""
        if outputs.shape[1] != len(self.names):
            raise ValueError(f"outputs of {len(self.names)} detectors were expected, not of {outputs.shape[1]}")
        return _weighted(outputs, self.weights, self.centre, self.scale)


@kernel("f8[::1](Array(f8, 2, 'A', True), Array(f8, 1, 'C', True), Array(f8, 1, 'C', True), Array(f8, 1, 'C', True))")
def _weighted(outputs: Floats, weights: Floats, centre: Floats, scale: Floats) -> Floats:
    fused = np.zeros(outputs.shape[0])
    for row in range(outputs.shape[0]):
        for detector in range(len(weights)):
            fused[row] += (outputs[row, detector] - centre[detector]) / scale[detector] * weights[detector]
    return fused


def scaling(outputs: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Centre and scale (d,) from people's outputs (n, d), each session weighing `weight` (n,)."""
    centre = np.array([weighted_quantile(column, weight, [CENTRE])[0] for column in outputs.T])
    far = np.array([weighted_quantile(column, weight, [FAR])[0] for column in outputs.T])
    spread = far - centre
    return centre, np.where(spread > 0.0, spread, 1.0)


def weighted_quantile(values: Floats, weight: Floats, levels: Sequence[float] | Floats) -> Floats:
    """Quantiles (q,) at `levels` of finite `values` (n,), interpolated between the weights' midpoints."""
    order = np.argsort(values, kind="stable")
    mass = weight[order]
    place = (np.cumsum(mass) - 0.5 * mass) / mass.sum()
    return np.asarray(np.interp(levels, place, values[order]))
