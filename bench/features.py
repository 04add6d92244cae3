"""What a row of features costs: sessions of 800 movements, 200 of them in turn, one core, beside plain msgspec on the same bytes.

    python -m bench.features [--rounds 10] [--json]

Each figure is the median over all sessions and rounds.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np

from bench.command import run
from bench.decode import median_us, plain_decoders
from bench.sessions import bodies
from playproof.features import extract
from playproof.features.clicks import clicks
from playproof.features.curvature import curvature
from playproof.features.geometry import geometry
from playproof.features.kinematics import Motion, derive, kinematics
from playproof.features.numbers import Floats
from playproof.features.path import Path, trace
from playproof.features.pauses import pauses
from playproof.features.profiles import profiles
from playproof.features.residual import residual
from playproof.features.smoothness import smoothness
from playproof.features.strokes import Strokes, split
from playproof.features.submovements import submovements
from playproof.features.summary import summarise
from playproof.features.texture import texture
from playproof.features.variability import likeness, logarithms, variability
from playproof.telemetry import Session, decode

_Case = tuple[Path, Motion, Strokes, dict[str, Floats]]


def measure(rounds: int) -> dict[str, float]:
    """Every figure by name: microseconds and ratios."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows = bodies("rows")
    plain = median_us(plain_decoders()["rows"], rows, rounds)
    sessions = [decode(body) for body in rows]
    whole = median_us(extract, sessions, rounds)
    figures = {"plain msgspec, rows, us": plain, "a row of features, us": whole, "a row / plain msgspec": whole / plain}
    with np.errstate(all="ignore"):
        figures.update(_parts(sessions, rounds))
    return figures


def _parts(sessions: list[Session], rounds: int) -> dict[str, float]:
    ready = []
    for session in sessions:
        path = trace(session)
        strokes = None if path is None else split(path)
        if path is not None and strokes is not None:
            motion = derive(path)
            quantities = geometry(strokes) | smoothness(motion, strokes) | logarithms(strokes) | profiles(strokes)[0]
            ready.append((path, motion, strokes, quantities))
    parts: dict[str, Callable[[_Case], object]] = {
        "derivatives": lambda case: derive(case[0]),
        "strokes": lambda case: split(case[0]),
        "kinematics": lambda case: kinematics(case[0], case[1]),
        "curvature": lambda case: curvature(case[1]),
        "smoothness": lambda case: smoothness(case[1], case[2]),
        "geometry": lambda case: geometry(case[2]),
        "logarithms": lambda case: logarithms(case[2]),
        "profiles": lambda case: profiles(case[2]),
        "summaries": lambda case: summarise(case[3]),
        "variability": lambda case: variability(case[3]),
        "likeness": lambda case: likeness(case[2]),
        "submovements": lambda case: submovements(case[0], case[2]),
        "pauses": lambda case: pauses(case[0], case[2]),
        "clicks": lambda case: clicks(case[0], case[2]),
        "residual": lambda case: residual(case[0], case[1]),
        "texture": lambda case: texture(case[0], case[2]),
    }
    figures = {"of it: path, us": median_us(trace, sessions, rounds)}
    figures.update({f"of it: {name}, us": median_us(part, ready, rounds) for name, part in parts.items()})
    return figures


def line(name: str, value: float) -> str:
    """One figure."""
    return f"  {name:<40} {value:>10,.1f}"


if __name__ == "__main__":
    run("What a row of features costs.", measure, rounds=10, line=line)
