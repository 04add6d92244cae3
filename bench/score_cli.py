"""`playproof score` over JSON Lines: sessions a second, and memory for ten times as many sessions.

    python -m bench.score_cli [--rounds 3] [--workers 2] [--movements 800] [--json]

The time is that of the whole command, start and model included, with the answers written to a file. 200 distinct sessions
take turns, in the columns form and in the rows form; none carries an id and nothing is cached. Where ../shared/data is
there, 2,000 recorded sessions are scored as well. Memory is that of all processes together (their proportional set
sizes, read every 20 ms), in runs of its own.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from bench.machine import machine
from bench.sessions import bodies

FEW, MANY = 2_000, 20_000
SPEED = (1_500, 3_000)
"""Sessions a second at least, and what we aim at."""
MEMORY_MIB = 20
"""What ten times as many sessions may take besides."""
RECORDED = Path(__file__).resolve().parents[2] / "shared" / "data"


def write_lines(file: Path, lines: Iterable[bytes]) -> None:
    """Write `lines` as JSON Lines."""
    with file.open("wb") as out:
        out.writelines(line + b"\n" for line in lines)


def command(file: Path, workers: int) -> list[str]:
    """The command that is measured."""
    return [sys.executable, "-m", "playproof", "score", str(file), "--format", "json", "--workers", str(workers)]


def seconds(file: Path, workers: int, sessions: int) -> float:
    """How long the command takes. Raises `RuntimeError` where an answer is missing or bad."""
    with tempfile.TemporaryFile() as out:
        begun = time.perf_counter()
        code = subprocess.run(command(file, workers), stdout=out, check=False).returncode
        taken = time.perf_counter() - begun
        out.seek(0)
        answers = sum(1 for _ in out)
    if code or answers != sessions:
        raise RuntimeError(f"{answers} answers to {sessions} sessions, exit code {code}")
    return taken


def peak_mib(file: Path, workers: int) -> float:
    """The most memory that all processes of the command hold together, in MiB."""
    process = subprocess.Popen(command(file, workers), stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(map(_proportional_kib, [process.pid, *_children(process.pid)])))
        time.sleep(0.02)
    return peak / 1024


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _proportional_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def recorded(folder: Path) -> list[bytes]:
    """2,000 recorded sessions, a third of people and two thirds of bots, as in the files they come from."""
    found: list[bytes] = []
    for name, share in (("human-train.jsonl.gz", FEW // 3), ("bots-train.jsonl.gz", FEW - FEW // 3)):
        with gzip.open(folder / name) as lines:
            every = [line.rstrip(b"\n") for line in lines]
        step = len(every) / share
        found += [every[int(index * step)] for index in range(share)]
    return found


def measure(rounds: int, workers: int, movements: int) -> dict[str, float]:
    """Every figure by name."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sessions.jsonl"
        cases = {f"{form}, {movements} movements": itertools.cycle(bodies(form, movements=movements)) for form in ("columns", "rows")}
        if RECORDED.is_dir():
            cases["recorded sessions"] = itertools.cycle(recorded(RECORDED))
        for name, lines in cases.items():
            write_lines(file, itertools.islice(lines, FEW))
            figures[f"{name}: sessions/s"] = FEW / statistics.median(seconds(file, workers, FEW) for _ in range(rounds))
        if Path("/proc/self/smaps_rollup").exists():
            lines = itertools.cycle(bodies("columns", movements=movements))
            for count in (FEW, MANY):
                write_lines(file, itertools.islice(lines, count))
                figures[f"memory for {count:,}, MiB"] = peak_mib(file, workers)
            figures["memory besides, MiB"] = figures[f"memory for {MANY:,}, MiB"] - figures[f"memory for {FEW:,}, MiB"]
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="playproof score over JSON Lines.")
    parser.add_argument("--rounds", type=int, default=3, help="runs whose median counts")
    parser.add_argument("--workers", type=int, default=2, help="processes of the command")
    parser.add_argument("--movements", type=int, default=800, help="of each made-up session")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    figures = measure(arguments.rounds, arguments.workers, arguments.movements)
    if arguments.json:
        print(json.dumps({"machine": machine(), **{name: round(value, 1) for name, value in figures.items()}}, indent=2))
        return
    print(machine())
    print(f"  {FEW:,} sessions, {arguments.workers} workers, whole command")
    for name, value in figures.items():
        note = ""
        if name.endswith("sessions/s"):
            note = f"   bar {SPEED[0]:,}, aim {SPEED[1]:,}"
        elif "besides" in name:
            note = f"   bar {MEMORY_MIB}"
        print(f"  {name:<40} {value:>10,.1f}{note}")


if __name__ == "__main__":
    main()
