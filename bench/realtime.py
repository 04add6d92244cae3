"""Real time with a hosted model that takes a second for every call: what visitors wait, and what is sent.

    python -m bench.realtime [--strategy inline dataset] [--sessions 200] [--rows 100 1000 10000]

Emulator and `playproof serve` (one worker) are processes of their own; the model is trained and calibrated by `playproof woodwide`. The
sessions, every fifth a bot's, arrive evenly within one second, each on a connection of its own. Afterwards each session's row is scored
by itself, and compared. Then bytes are counted while the live dataset grows, sessions coming one after the other, so that none
shares a call.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from contextlib import closing
from datetime import datetime
from pathlib import Path

import numpy as np

from bench.dataset import fill, imported
from bench.hosted import Answered, Ground, Provider, Site, arrive, crowd, prepare, provider, warm
from bench.machine import machine
from playproof.dataset import LiveDataset
from playproof.decision import Verdict
from playproof.settings import Settings
from playproof.store import open_store

LATENCY_SECONDS = 1.0
WITHIN_SECONDS = 1.0
ROUNDING = 1e-9
DEADLINE_SECONDS = Settings().woodwide_deadline_ms / 1000.0
INFERENCE = {"inline": "models.infer", "dataset": "models.infer_batch"}
GROWING = "growing"
"""The dataset that grows; it begins with as many rows as the first of its lengths."""
ONE_BY_ONE = 20
"""Sessions that bytes are counted over."""


def second(ground: Ground, folder: Path, strategy: str, sessions: int) -> None:
    """Measure one second of arrivals and print."""
    contents = crowd(sessions, 1)
    with provider(folder / "emulator") as emulator, ground.serving(folder / "data", emulator, strategy) as site:
        warm(site)
        sent, calls, flights, aboard = _counted(emulator, site, strategy)
        emulator.fault(kind="latency", seconds=LATENCY_SECONDS)
        started = time.perf_counter()
        answered = asyncio.run(arrive(site, contents, WITHIN_SECONDS))
        last, ended = site.settled(list(contents))
        emulator.heal()
        now = _counted(emulator, site, strategy)
        alone = asyncio.run(ground.alone(emulator, contents))
    waited = [one.seconds * 1e3 for one in answered.values()]
    final = [_until_final(answered[name], last[name]) for name in contents]
    good = [name for name, verdict in last.items() if verdict.hosted is not None and verdict.anomaly.source == "woodwide"]
    own = sum(1 for name in good if _own(last[name], alone[name]))
    print(f"\n{strategy}: {sessions} sessions within {WITHIN_SECONDS:g} s, every call answered after {LATENCY_SECONDS:g} s")
    print(f"  answered {dict(Counter(one.status for one in answered.values()))}, {_preliminary(answered)} of them preliminary")
    print(f"  hosted verdicts {len(good)}/{sessions}, the score of the session's own row in {own}")
    flown = now[2] - flights
    print(f"  hosted inference calls {now[1] - calls}; {flown:.0f} flights, of {(now[3] - aboard) / flown:.1f} sessions on average")
    print(f"  to answer {_percentiles(waited)} ms (bar: p99 under {DEADLINE_SECONDS * 1e3 + 100:.0f})")
    print(f"  to final {_percentiles(final)} ms (bar: p99 under 4000); the last was seen {ended - started:.2f} s after the first was sent")
    print(f"  {(now[0] - sent) / sessions:,.0f} bytes sent a session")


def growth(ground: Ground, folder: Path, strategy: str, lengths: list[int]) -> None:
    """Measure bytes a session while the dataset grows, and print."""
    print(f"\n{strategy}: bytes sent a session, {ONE_BY_ONE} sessions one after the other")
    for rows in lengths:
        with closing(open_store(folder / "data")) as store:
            dataset = LiveDataset(store)
            dataset.ensure_persistent_dataset(GROWING, [imported(f"first-{number}", number) for number in range(min(lengths))])
            fill(store, dataset, rows, GROWING)
        named = {"WOODWIDE_PERSISTENT_DATASET": GROWING}
        with provider(folder / "emulator") as emulator, ground.serving(folder / "data", emulator, strategy, **named) as site:
            warm(site, rows)
            before = emulator.received()
            contents = crowd(ONE_BY_ONE, 1_000_000 + rows)
            for name, content in contents.items():
                asyncio.run(arrive(site, {name: content}, 0.0))
                site.settled([name])
            print(f"  {rows:>7,} rows: {(emulator.received() - before) / ONE_BY_ONE:>9,.0f}")


def _counted(emulator: Provider, site: Site, strategy: str) -> tuple[int, int, float, float]:
    flights = "playproof_woodwide_flight_sessions"
    return emulator.received(), emulator.calls().get(INFERENCE[strategy], 0), site.metric(f"{flights}_count"), site.metric(f"{flights}_sum")


def _until_final(answered: Answered, verdict: Verdict) -> float:
    """Milliseconds from the request to the final verdict."""
    return (datetime.fromisoformat(verdict.scored_at) - answered.sent).total_seconds() * 1e3


def _own(verdict: Verdict, alone: float) -> bool:
    return verdict.hosted is not None and abs(verdict.hosted.raw_score - alone) <= ROUNDING * max(1.0, abs(alone))


def _preliminary(answered: dict[str, Answered]) -> int:
    return sum(1 for one in answered.values() if one.verdict is not None and one.verdict.status == "preliminary")


def _percentiles(values: list[float]) -> str:
    p50, p99, most = np.percentile(values, [50, 99, 100])
    return f"p50 {p50:.0f}, p99 {p99:.0f}, max {most:.0f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.realtime")
    parser.add_argument("--strategy", nargs="+", choices=list(INFERENCE), default=list(INFERENCE))
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--rows", type=int, nargs="*", default=[100, 1000, 10_000], help="lengths of the live dataset to count bytes at")
    given = parser.parse_args()
    print(f"real time, {machine()}")
    with tempfile.TemporaryDirectory(prefix="playproof-bench-") as name:
        ground = prepare(Path(name))
        for strategy in given.strategy:
            for part, measure in (("second", second), ("growth", growth)):
                folder = ground.copy(f"{strategy}-{part}")
                if measure is second:
                    second(ground, folder, strategy, given.sessions)
                else:
                    growth(ground, folder, strategy, sorted(given.rows))


if __name__ == "__main__":
    main()
