"""The fault matrix on real processes: what 50 sessions at once are answered, how soon, and when they are final after the fault has ended.

    python -m bench.faults [--strategy inline dataset] [--kind KIND...] [--hold 5] [--page FILE]

For each cell an emulator and a `playproof serve` (one worker) start on copies of the same folders, with the settings' defaults but for
WOODWIDE_KEY_REST. Each verdict is compared with that of a run in which nothing goes wrong. A fault that sessions use their attempts up
over is taken away when all are answered; any other `--hold` seconds later. Prints a table in Markdown; exit code 1 where a cell is not as
the matrix says.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.hosted import Answered, Ground, Site, arrive, crowd, prepare, provider, warm
from bench.machine import machine
from bench.matrix import CANNOT, CELLS, STRATEGIES, Cell
from bench.page import put
from playproof.decision import Verdict
from playproof.settings import Settings

SESSIONS = 50
SLOW_SECONDS = 3.0
GRACE_SECONDS = 0.1
"""What an answer may be later than the deadline."""
KEY_REST = "5s"
DEADLINE_SECONDS = Settings().woodwide_deadline_ms / 1000.0
HEAD = (
    "| fault | strategy | leads to | answers | slowest answer | final after the fault |\n"
    "| --- | --- | --- | --- | ---: | --- |"
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What became of one cell."""

    cell: Cell
    answered: dict[str, Answered]
    counted: Counter[str]
    """The metric of fallbacks, by reason."""
    last: dict[str, Verdict]
    seconds: float
    """From the end of the fault until all were final."""

    @property
    def slowest(self) -> float:
        """Seconds of the slowest answer."""
        return max(one.seconds for one in self.answered.values())

    @property
    def told(self) -> Counter[str]:
        """Answers that rest on the embedded model, by reason."""
        return Counter(one.verdict.fallback_reason for one in self.answered.values() if one.verdict and one.verdict.fallback_reason)

    def row(self) -> str:
        """The row of the table."""
        in_time = len(self.answered) - sum(self.told.values())
        parts = [f"{count} `{reason}`" for reason, count in self.told.most_common()] + ([f"{in_time} hosted"] if in_time else [])
        finals = Counter(verdict.fallback_reason or "hosted" for verdict in self.last.values())
        ends = ", ".join(f"{count} {reason if reason == 'hosted' else f'`{reason}`'}" for reason, count in finals.most_common())
        fault = f"`{self.cell.kind}`" + ("" if self.cell.route == "*" else f" on `{self.cell.route}`")
        slowest, answers = f"{self.slowest * 1e3:.0f} ms", ", ".join(parts)
        return f"| {fault} | {self.cell.strategy} | {self.cell.leads_to()} | {answers} | {slowest} | {ends}, {self.seconds:.1f} s |"

    def wrongs(self, right: dict[str, Verdict]) -> Iterator[str]:
        """What is not as the matrix says."""
        cell = self.cell
        if set(statuses := Counter(one.status for one in self.answered.values())) != {200}:
            yield f"answered {dict(statuses)}"
        if self.slowest > DEADLINE_SECONDS + GRACE_SECONDS:
            yield f"an answer after {self.slowest * 1e3:.0f} ms"
        if not set(self.told) <= cell.reasons:
            yield f"answered {dict(self.told)}"
        if self.counted != self.told:
            yield f"counted {dict(self.counted)}, answered {dict(self.told)}"
        if cell.reason is not None and sum(self.told.values()) < (1 if cell.first else len(self.answered)):
            yield "hosted in spite of the fault"
        verdicts = [(name, one.verdict) for name, one in self.answered.items() if one.verdict is not None] + list(self.last.items())
        for name, verdict in verdicts:
            if not _true(cell, verdict, right[name]):
                yield f"{name}: {verdict.anomaly}"
        for name, verdict in self.last.items():
            given_up = verdict.anomaly.source == "local"
            if verdict.revision != 2 or verdict.fallback_reason != (cell.reason if given_up else None) or (given_up and not cell.tried):
                yield f"{name}: revision {verdict.revision} by {verdict.anomaly.source}, {verdict.fallback_reason}"


def _true(cell: Cell, verdict: Verdict, right: Verdict) -> bool:
    """Whether a verdict is the embedded model's own, or rests on the hosted score of its own row."""
    if verdict.anomaly.source == "local":
        return verdict.decision == right.earlier_decision and verdict.hosted is None
    return cell.kind == "relative_scores" or (verdict.anomaly, verdict.decision, verdict.hosted) == (
        right.anomaly,
        right.decision,
        right.hosted,
    )


def healthy(ground: Ground, folder: Path, contents: dict[str, bytes]) -> dict[str, Verdict]:
    """The final verdicts where nothing goes wrong; each score is compared with that of the row alone."""
    with (
        provider(folder / "emulator") as emulator,
        ground.serving(folder / "data", emulator, "inline", WOODWIDE_DEADLINE_MS="5000") as site,
    ):
        asyncio.run(arrive(site, contents, 0.0))
        right, _ = site.settled(list(contents))
        alone = asyncio.run(ground.alone(emulator, contents))
    for name, verdict in right.items():
        assert verdict.hosted is not None, name
        assert abs(verdict.hosted.raw_score - alone[name]) < 1e-9, name
    return right


def play(ground: Ground, folder: Path, cell: Cell, contents: dict[str, bytes], hold: float) -> Seen:
    """Let `cell` happen."""
    with (
        provider(folder / "emulator") as emulator,
        ground.serving(folder / "data", emulator, cell.strategy, WOODWIDE_KEY_REST=KEY_REST) as site,
    ):
        if not cell.first:
            warm(site)
        before = _fallbacks(site)
        emulator.fault(**cell.fault(SLOW_SECONDS))
        answered = asyncio.run(arrive(site, contents, 0.0))
        counted = _fallbacks(site) - before
        if not cell.tried and cell.reason is not None:
            time.sleep(hold)
        emulator.heal()
        healed = time.perf_counter()
        last, ended = site.settled(list(contents))
        return Seen(cell, answered, counted, last, ended - healed)


def _fallbacks(site: Site) -> Counter[str]:
    return Counter({reason: int(count) for reason, count in site.by_label("playproof_fallbacks_total", "reason").items()})


def main() -> int:
    """Go through the matrix and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.faults")
    parser.add_argument("--strategy", nargs="+", choices=STRATEGIES, default=STRATEGIES)
    parser.add_argument("--kind", nargs="+", choices=sorted({cell.kind for cell in CELLS}), help="kinds of fault; default: all")
    parser.add_argument("--page", type=Path, help="a page to put the table into")
    parser.add_argument("--hold", type=float, default=5.0, help="seconds that a fault goes on after all are answered")
    given = parser.parse_args()
    contents = crowd(SESSIONS, 2)
    bad = 0
    lines: list[str] = []

    def tell(line: str) -> None:
        lines.append(line)
        print(line, flush=True)

    tell(f"{SESSIONS} sessions at once, a deadline of {DEADLINE_SECONDS * 1e3:.0f} ms, `WOODWIDE_KEY_REST={KEY_REST}`; {machine()}.")
    tell(f"\n{HEAD}")
    with tempfile.TemporaryDirectory(prefix="playproof-bench-") as name:
        ground = prepare(Path(name))
        right = healthy(ground, ground.copy("healthy"), contents)
        for cell in CELLS:
            if cell.strategy in given.strategy and (not given.kind or cell.kind in given.kind):
                seen = play(ground, ground.copy(cell.name), cell, contents, given.hold)
                tell(seen.row())
                for wrong in seen.wrongs(right):
                    bad += 1
                    print(f"{cell.name}: {wrong}", file=sys.stderr)
                shutil.rmtree(ground.folder / cell.name)
    for (kind, strategy), why in CANNOT.items():
        if strategy in given.strategy and not given.kind:
            tell(f"| `{kind}` | {strategy} | cannot occur: {why} | | | |")
    if given.page:
        put(given.page, "bench.faults", "\n".join(lines))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
