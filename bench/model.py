"""What the embedded model costs: catalogue rows to calibrated scores, and how long the artefact takes to load.

    python -m bench.model [--rounds 15] [--json]

200 distinct rows take turns, one core; medians over all of them and all rounds.
"""

from __future__ import annotations

import os

from bench.command import run
from bench.decode import median_us
from bench.sessions import bodies
from playproof.features import extract
from playproof.scoring.local import load_artefact, reference_path
from playproof.scoring.strata import REFERENCE
from playproof.telemetry import decode


def measure(rounds: int) -> dict[str, float]:
    """Every figure by name, in microseconds."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    model = load_artefact(reference_path())
    calibrator, panel = model.calibrators[REFERENCE], model.panel
    rows = [extract(decode(body))[None, :] for body in bodies("rows")]
    read = [row[:, panel.columns] for row in rows]
    views = [panel.margins.view(x) for x in read]
    raw = [float(model.raw(row)[0]) for row in rows]
    figures = {
        "row to raw score": median_us(model.raw, rows, rounds),
        "of it: places among people": median_us(panel.margins.view, read, rounds),
    }
    for name, detector in zip(model.fusion.names, panel.detectors, strict=True):
        figures[f"of it: {name}"] = median_us(detector.outputs, views, rounds)
    figures["raw score to score"] = median_us(calibrator.score, raw, rounds)
    figures["raw score to confidence"] = median_us(lambda value: calibrator.shares(value, 2.0, 2.5), raw, rounds)
    figures["besides: artefact loaded and verified"] = median_us(load_artefact, [reference_path()] * 5, rounds)
    return figures


if __name__ == "__main__":
    run("What the embedded model costs.", measure, rounds=15, line=lambda name, value: f"  {name:<52} {value:>10,.1f}")
