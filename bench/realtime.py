"""Real time with a hosted model that takes a second for every call: what visitors wait, and what is sent.

    python -m bench.realtime [--strategy inline dataset] [--sessions 200] [--rows 100 1000 3000 10000] [--page FILE]

Emulator and `playproof serve` (one worker) are processes of their own; the model is trained and calibrated by `playproof woodwide`. The
sessions, every fifth a bot's, arrive evenly within one second, each on a connection of its own. Afterwards each session's row is scored
by itself, and compared. Then bytes are counted while the live dataset grows, sessions coming one after the other, so that none
shares a call.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import numpy as np

from bench.dataset import fill, imported
from bench.hosted import Answered, Ground, Provider, Site, arrive, crowd, prepare, provider, warm
from bench.machine import machine
from bench.page import put
from playproof.dataset import LiveDataset
from playproof.decision import Verdict
from playproof.settings import Settings
from playproof.store import open_store

LATENCY_SECONDS = 1.0
WITHIN_SECONDS = 1.0
ROUNDING = 1e-9
DEADLINE_SECONDS = Settings().woodwide_deadline_ms / 1000.0
INFERENCE = {"inline": "models.infer", "dataset": "models.infer_batch"}
ANSWERED, HOSTED, CALLS = "answered with 200", "hosted verdicts; the score of the session's own row", "hosted inference calls"
TO_ANSWER, TO_FINAL, BYTES = "ms to answer: median / p99 / most", "ms to final: median / p99 / most", "bytes sent a session"
BARS = {
    ANSWERED: "200",
    HOSTED: "200, 200",
    CALLS: "at most 8",
    TO_ANSWER: f"p99 under {DEADLINE_SECONDS * 1e3 + 100:.0f}",
    TO_FINAL: "p99 under 4,000",
    BYTES: "",
}
"""Rows of the table, and what is asked for with 200 sessions under strategy `inline`."""
GROWING = "growing"
"""The dataset that grows; it begins with as many rows as the first of its lengths."""
ONE_BY_ONE = 20
"""Sessions that bytes are counted over."""


def second(ground: Ground, folder: Path, strategy: str, sessions: int) -> dict[str, str]:
    """What one second of arrivals shows, by row of the table."""
    contents = crowd(sessions, 1)
    with provider(folder / "emulator") as emulator, ground.serving(folder / "data", emulator, strategy) as site:
        warm(site)
        sent, calls, flights, aboard = _counted(emulator, site, strategy)
        emulator.fault(kind="latency", seconds=LATENCY_SECONDS)
        answered = asyncio.run(arrive(site, contents, WITHIN_SECONDS))
        last, _ = site.settled(list(contents))
        emulator.heal()
        now = _counted(emulator, site, strategy)
        alone = asyncio.run(ground.alone(emulator, contents))
    good = [name for name, verdict in last.items() if verdict.hosted is not None and verdict.anomaly.source == "woodwide"]
    flown = now[2] - flights
    return {
        ANSWERED: f"{sum(1 for one in answered.values() if one.status == 200)}, {_preliminary(answered)} of them preliminary",
        HOSTED: f"{len(good)}, {sum(1 for name in good if _own(last[name], alone[name]))}",
        CALLS: f"{now[1] - calls}, {(now[3] - aboard) / flown:.0f} sessions a flight",
        TO_ANSWER: _percentiles([one.seconds * 1e3 for one in answered.values()]),
        TO_FINAL: _percentiles([_until_final(answered[name], last[name]) for name in contents]),
        BYTES: f"{(now[0] - sent) / sessions:,.0f}",
    }


def growth(ground: Ground, folder: Path, strategy: str, lengths: list[int]) -> dict[int, str]:
    """Bytes sent a session while the dataset grows, by its rows."""
    found = {}
    for rows in lengths:
        with closing(open_store(folder / "data")) as store:
            dataset = LiveDataset(store)
            dataset.ensure_persistent_dataset(GROWING, [imported(f"first-{number}", number) for number in range(min(lengths))])
            fill(store, dataset, rows, GROWING)
        named = {"WOODWIDE_PERSISTENT_DATASET": GROWING}
        with provider(folder / "emulator") as emulator, ground.serving(folder / "data", emulator, strategy, **named) as site:
            warm(site, rows)
            before = emulator.received()
            for name, content in crowd(ONE_BY_ONE, 1_000_000 + rows).items():
                asyncio.run(arrive(site, {name: content}, 0.0))
                site.settled([name])
            found[rows] = f"{(emulator.received() - before) / ONE_BY_ONE:,.0f}"
    return found


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
    return " / ".join(f"{value:,.0f}" for value in np.percentile(values, [50, 99, 100]))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.realtime")
    parser.add_argument("--strategy", nargs="+", choices=list(INFERENCE), default=list(INFERENCE))
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument(
        "--rows", type=int, nargs="*", default=[100, 1000, 3000, 10_000], help="lengths of the live dataset to count bytes at"
    )
    parser.add_argument("--page", type=Path, help="a page to put the tables into")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="playproof-bench-") as name:
        ground = prepare(Path(name))
        seconds = [second(ground, ground.copy(f"{strategy}-second"), strategy, given.sessions) for strategy in given.strategy]
        grown = [growth(ground, ground.copy(f"{strategy}-growth"), strategy, sorted(given.rows)) for strategy in given.strategy]
    about = f"{given.sessions} sessions within {WITHIN_SECONDS:g} s, every call answered after {LATENCY_SECONDS:g} s"
    told = [
        f"{machine()}.",
        _table([about, *given.strategy, "bar"], ([row, *(found[row] for found in seconds), bar] for row, bar in BARS.items())),
        f"Bytes sent a session, {ONE_BY_ONE} sessions one after the other, so that none shares what is sent:",
        _table(
            ["rows of the live dataset", *given.strategy], ([f"{rows:,}", *(found[rows] for found in grown)] for rows in sorted(given.rows))
        ),
    ]
    print("\n\n".join(told))
    if given.page:
        put(given.page, "bench.realtime", "\n\n".join(told))


if __name__ == "__main__":
    main()
