"""From bytes to verdict: a whole session of 800 movements, beside plain msgspec decoding the same bytes.

    python -m bench.verdict [--rounds 5] [--json]

200 distinct sessions take turns, nothing is cached, one core. The ratio is the median of the ratios of single turns, in
which plain msgspec and the whole way are timed one after the other, so that a machine that slows down slows both.
"""

from __future__ import annotations

import os
import statistics
import time

from bench.command import run
from bench.decode import median_us, plain_decoders
from bench.sessions import bodies
from playproof.clock import SystemClock
from playproof.decision import Judge, Rules
from playproof.features import extract
from playproof.scoring.chain import Case, Chain
from playproof.scoring.heuristic import assess
from playproof.scoring.local import load_artefact, reference_path
from playproof.service import encode_verdict
from playproof.telemetry import decode, inspect

BARS = {"rows": (8, 5), "columns": (14, 8)}
"""What the ratio must not exceed, and what we aim at."""


def measure(rounds: int) -> dict[str, float]:
    """Every figure by name: microseconds and ratios."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    judge = Judge(Chain(load_artefact(reference_path())), Rules(), SystemClock())
    figures: dict[str, float] = {}
    clock = time.perf_counter_ns
    for form, plain in plain_decoders().items():
        bare, whole = [], []
        for turn in range(rounds + 1):
            for body in bodies(form):
                begun = clock()
                plain(body)
                between = clock()
                judge.judge(decode(body), "s")
                ended = clock()
                if turn:  # the first warms up
                    bare.append(between - begun)
                    whole.append(ended - between)
        figures[f"{form}: plain msgspec, us"] = statistics.median(bare) / 1000
        figures[f"{form}: bytes to verdict, us"] = statistics.median(whole) / 1000
        figures[f"{form}: bytes to verdict / plain msgspec"] = statistics.median(b / a for a, b in zip(bare, whole, strict=True))
    sessions = [decode(body) for body in bodies("rows")]
    rows = [extract(session) for session in sessions]
    cases = [(session, row, inspect(session)) for session, row in zip(sessions, rows, strict=True)]
    verdicts = [judge.judge(session, "s").verdict for session in sessions]
    figures["of it: findings, us"] = median_us(inspect, sessions, rounds)
    figures["of it: features, us"] = median_us(extract, sessions, rounds)
    figures["of it: rules, us"] = median_us(lambda case: assess(*case), cases, rounds)
    figures["of it: model, us"] = median_us(lambda row: judge.chain.score([Case(row, "targets", "mouse", measured=True)]), rows, rounds)
    figures["besides: verdict to JSON, us"] = median_us(encode_verdict, verdicts, rounds)
    return figures


def line(name: str, value: float) -> str:
    """One figure, with its bar where there is one."""
    bar, aim = BARS.get(name.partition(":")[0], (0, 0)) if " / " in name else (0, 0)
    return f"  {name:<52} {value:>10,.1f}" + (f"   bar {bar}, aim {aim}" if bar else "")


if __name__ == "__main__":
    run("From bytes to verdict, beside plain msgspec.", measure, rounds=5, line=line)
