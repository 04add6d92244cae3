"""What a row of features costs: sessions of 800 movements, 200 of them in turn, one core, beside plain msgspec on the same bytes.

    python -m bench.features [--rounds 10] [--json]

Each figure is the median over all sessions and rounds. Before it, how long the first start takes to compile what measures a
session, and every later one to load it.
"""

from __future__ import annotations

import os
import subprocess
import sys

from bench.command import run
from bench.decode import median_us, plain_decoders
from bench.sessions import bodies
from playproof.features import extract
from playproof.telemetry import decode

_PREPARE = """
import time
from playproof import compiled
import playproof.features
if {anew}:
    compiled.folders = lambda: ()
started = time.process_time()
compiled.prepare()
print(time.process_time() - started)
"""


def measure(rounds: int) -> dict[str, float]:
    """Every figure by name: seconds, microseconds and a ratio."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    figures = {"compile, processor s": _preparing(anew=True), "load what is kept, processor s": _preparing(anew=False)}
    rows = bodies("rows")
    plain = median_us(plain_decoders()["rows"], rows, rounds)
    whole = median_us(extract, [decode(body) for body in rows], rounds)
    return figures | {"plain msgspec, rows, us": plain, "a row of features, us": whole, "a row / plain msgspec": whole / plain}


def _preparing(*, anew: bool) -> float:
    program = _PREPARE.format(anew=anew)
    return float(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout)


def line(name: str, value: float) -> str:
    """One figure."""
    return f"  {name:<40} {value:>10,.2f}"


if __name__ == "__main__":
    run("What a row of features costs.", measure, rounds=10, line=line)
