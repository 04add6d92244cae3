"""Challenges over HTTP under load: how soon a finish is answered with a token, how soon a batch of events is, and both beside a flood.

    python -m bench.challenges [--store sqlite postgres] [--only finish play flood] [--seconds 20] [--write]

A `playproof serve` of one process with the settings' defaults and the embedded model; clients are processes of their own on the same
machine. PostgreSQL is a server of our own with its ordinary settings. Visitors are the builders' people, who play all four games by
mouse in real time, each on a clock of their own; they come at random times. With --write the figures go into docs/challenges.md.
"""

from __future__ import annotations

import argparse
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.challenges_flood import KINDS, flood
from bench.challenges_ground import Ground, ground, put_open, put_plays
from bench.challenges_http import Seen, client
from bench.challenges_visits import rush, visit
from bench.machine import machine
from bench.page import put
from bench.store import places

PAGE = Path("docs/challenges.md")
FINISHES = 50.0
"""A second."""
FINISH_BAR = "p95 at most 100 ms"
PLAYS = 5.0
"""Begun in a second."""
PLAYS_LAST = 1.5
"""Times as long as finishes do."""
PLAY_SECONDS = 9.0
"""Of nearly every play."""
PLAY_BAR = "p99 at most 50 ms"
OTHERS = 1.0
"""Visitors a second beside a flood."""
OTHERS_BAR = "p99 under 250 ms"
OPEN = 10_000
WARM_SECONDS = 2.0
MEMORY_SECONDS = 0.5

Rows = Iterator[tuple[str, str, str]]
"""What was measured, the figure, and its bar."""


class Process:
    """A process that is looked at from outside."""

    def __init__(self, process: int) -> None:
        self._place = Path(f"/proc/{process}")

    def seconds(self) -> float:
        """Of processor time that it has used."""
        numbers = (self._place / "stat").read_text().rpartition(")")[2].split()
        return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """MiB that it has in memory."""
        line = next(line for line in (self._place / "status").read_text().splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024.0

    @contextmanager
    def watched(self) -> Iterator[list[float]]:
        """Its memory while this lasts, looked at again and again."""
        seen: list[float] = []
        over = threading.Event()

        def watch() -> None:
            while not over.wait(MEMORY_SECONDS):
                seen.append(self.memory())

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield seen
        finally:
            over.set()
            thread.join()


def finishing(made: Ground, seconds: float, seed: int) -> Rows:
    """Finishes of plays whose batches are stored."""
    warm = round(FINISHES * WARM_SECONDS)
    ends = put_plays(made, warm + round(FINISHES * seconds), seed)
    with made.serving() as (host, port, process), client() as visitors:
        visitors.submit(rush, host, port, ends[:warm], FINISHES, seed).result()
        before = Process(process).seconds()
        seen = visitors.submit(rush, host, port, ends[warm:], FINISHES, seed).result()
        each = (Process(process).seconds() - before) / len(ends[warm:])
    yield f"finish to token, {FINISHES:g} a second", seen.words("finish"), FINISH_BAR
    yield "processor time of the service, each", f"{1000.0 * each:.1f} ms", ""
    yield "what came of them", _ended(made, seen), "all with a token"


def playing(made: Ground, seconds: float, seed: int) -> Rows:
    """Whole challenges."""
    with made.serving() as (host, port, process), client() as visitors:
        visitors.submit(visit, host, port, PLAYS, WARM_SECONDS, seed + 1).result()
        before = Process(process).seconds()
        seen = visitors.submit(visit, host, port, PLAYS, PLAYS_LAST * seconds, seed).result()
        each = (Process(process).seconds() - before) / max(len(seen.visitors), 1)
    yield f"batches of whole challenges, of which {PLAYS:g} a second begin", seen.words("batch"), PLAY_BAR
    yield "their beginnings", seen.words("begin"), ""
    yield "their finishes", seen.words("finish"), ""
    yield "processor time of the service, each whole challenge", f"{1000.0 * each:.0f} ms", ""
    yield "what came of them", _ended(made, seen), "all end with a token"


def flooded(made: Ground, seconds: float, seed: int) -> Rows:
    """Visitors beside floods, each of which lasts until nearly all of them are through."""
    names = put_open(made, OPEN)
    with made.serving() as (host, port, process), client() as visitors, client() as others:
        visitors.submit(visit, host, port, OTHERS, WARM_SECONDS, seed + 1).result()
        for number, kind in enumerate(KINDS):
            at, lasts = Process(process), seconds + PLAY_SECONDS
            before = at.memory()
            with at.watched() as memory:
                flooding = others.submit(flood, host, port, kind, names, lasts)
                seen = visitors.submit(visit, host, port, OTHERS, seconds, seed + 2 + number).result()
                answers = flooding.result()
            requests = f"{seen.words('begin', 'batch', 'finish')}; {_lost(seen)}"
            yield f"all requests of {OTHERS:g} visitor a second, beside {kind}", requests, OTHERS_BAR
            yield "what that was answered", f"{sum(answers.values()) / lasts:,.0f} a second: {_counted(answers)}", ""
            told = f"{before:.0f} MiB before, {memory[len(memory) // 2]:.0f} half way, {max(memory):.0f} at most, {at.memory():.0f} after"
            yield "the service's memory then", told, "bounded"


def _ended(made: Ground, seen: Seen) -> str:
    decided, reasons = made.decisions(seen.visitors)
    why = f" ({_counted(reasons)})" if reasons else ""
    return f"{_counted(decided)}{why}; {_lost(seen)}"


def _lost(seen: Seen) -> str:
    return _counted(seen.refused) or "none refused"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counts.most_common())


MEASURES: dict[str, Callable[[Ground, float, int], Rows]] = {"finish": finishing, "play": playing, "flood": flooded}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.challenges", description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--store", nargs="+", choices=["sqlite", "postgres"], default=["sqlite", "postgres"])
    parser.add_argument("--only", nargs="+", choices=list(MEASURES), default=list(MEASURES))
    parser.add_argument(
        "--seconds", type=float, default=20.0, help=f"of each measurement; whole challenges begin {PLAYS_LAST:g} times as long"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=f"put the figures into {PAGE}")
    given = parser.parse_args()
    lines = ["| what | store | figure | bar | load |", "| --- | --- | ---: | ---: | ---: |"]
    print(machine(), *lines, sep="\n")
    with places() as found:
        for engine, place in found.items():
            if not engine.lower().startswith(tuple(given.store)):
                continue
            for name in given.only:
                load = os.getloadavg()[0]
                with ground(place) as made:
                    for what, figure, bar in MEASURES[name](made, given.seconds, given.seed):
                        lines.append(f"| {what} | {engine} | {figure} | {bar} | {load:.1f} |")
                        print(lines[-1], flush=True)
    if given.write:
        put(PAGE, "bench.challenges", "\n".join([f"{machine()}. Load: processes at work when a measurement began.", "", *lines]))


if __name__ == "__main__":
    main()
