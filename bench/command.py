"""The command line of a measurement: how many rounds, and figures as lines or as JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping

from bench.machine import machine


def run(description: str, measure: Callable[[int], Mapping[str, float]], *, rounds: int, line: Callable[[str, float], str]) -> None:
    """Measure over so many rounds (`rounds` unless told otherwise) and print the machine and every figure as `line` writes it."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=rounds, help="rounds over the 200 sessions")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    figures = measure(arguments.rounds)
    if arguments.json:
        print(json.dumps({"machine": machine(), **{name: round(value, 3) for name, value in figures.items()}}, indent=2))
        return
    print(machine())
    for name, value in figures.items():
        print(line(name, value))
