"""Replays among a million plays: what is found after what was done to it, what is found wrongly, what it costs, and what escaping costs.

    python -m bench.replay FOLDER [--stored 1000000] [--page docs/replay.md]

FOLDER holds human-train.jsonl.gz, human-validate.jsonl.gz and bots-train.jsonl.gz. Two thirds of the people are stored, and plays made
out of theirs (`bench.replay_stored`); of sources that do not tell people apart, two thirds of the sessions. All others are visitors
who were never there. Some three minutes of processor time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.machine import machine
from bench.page import put
from bench.replay_campaigns import campaign_table
from bench.replay_stored import stored
from bench.replay_warps import REAIMED, WARPS
from playproof import load_scorer
from playproof.challenges.memory_index import MemoryIndex
from playproof.challenges.replay import MATCH, Match, compare, nearest
from playproof.challenges.signature import sign
from playproof.decision import Decision
from playproof.evaluation import warps
from playproof.evaluation.corpora import Record, read_corpus
from playproof.evaluation.metrics import wilson
from playproof.evaluation.outcomes import person_of
from playproof.telemetry import Session

FILES = ("human-train.jsonl.gz", "human-validate.jsonl.gz")
SHOWN = ("sapimouse", "freihaut")
"""Sources that people play targets in, of several seconds: the like of challenges."""
SHORT = "wafer"
"""One of plays too short to tell much."""
PLAYS = 150
"""Plays of each source that each change is tried on."""
SEED = 7


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What is stored and who comes."""

    index: MemoryIndex
    known: tuple[Record, ...]
    """Stored, numbered from 0."""
    strangers: tuple[Record, ...]


def prepare(folder: Path, count: int) -> Ground:
    """Read the people, store two thirds of them and plays made out of theirs."""
    rng = np.random.default_rng(SEED)
    records = read_corpus([folder / name for name in FILES]).records
    groups = [person_of(record.labels) if record.labels.source in SHOWN else record.session.id or "" for record in records]
    names = sorted(set(groups))
    out = {names[i] for i in rng.permutation(len(names))[: len(names) // 3]}
    known = tuple(record for record, group in zip(records, groups, strict=True) if group not in out)
    strangers = tuple(record for record, group in zip(records, groups, strict=True) if group in out)
    return Ground(stored([sign(record.session) for record in known], count, rng), known, strangers)


def of(records: Sequence[Record], source: str) -> list[tuple[int, Session]]:
    """Numbers and sessions of one source."""
    return [(number, record.session) for number, record in enumerate(records) if record.labels.source == source]


def share(hits: int, total: int) -> str:
    """n/N and the rate with its 95 % interval."""
    low, high = wilson(hits, total)
    return f"{hits}/{total}: {hits / max(total, 1):.1%} ({low:.1%} to {high:.1%})"


def rare(hits: int, total: int) -> str:
    """n/N and the upper end of its 95 % interval, one in so many."""
    return f"{hits}/{total:,}: at most 1 in {1.0 / wilson(hits, total)[1]:,.0f}"


def found(match: Match | None) -> bool:
    """Whether a lookup calls it a replay."""
    return match is not None and match.log_odds > MATCH


def timing(ground: Ground) -> list[str]:
    """Lookups of visitors who were never there, the costliest: nothing ends them early."""
    nearest(ground.strangers[0].session, ground.index)
    processor, wall = [], []
    for record in ground.strangers:
        began, stood = time.thread_time(), time.perf_counter()
        nearest(record.session, ground.index)
        processor.append((time.thread_time() - began) * 1e3)
        wall.append((time.perf_counter() - stood) * 1e3)
    strokes = np.median([len(sign(record.session).times) for record in ground.known])
    size = ground.index.bytes / len(ground.index)
    return [
        f"{machine()}; load while measuring {Path('/proc/loadavg').read_text().split()[0]}.",
        "",
        f"{len(ground.index):,} plays stored, {size:.0f} bytes each in memory (median {strokes:.0f} strokes).",
        "",
        "| signature, lookup and comparison of one play, ms | median | p99 | most |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {name} | {np.median(values):.2f} | {np.percentile(values, 99):.2f} | {max(values):.2f} |"
            for name, values in (("processor", processor), ("wall clock", wall))
        ),
    ]


def false_matches(ground: Ground) -> list[str]:
    """What people who were never there, and people's other plays, are taken for."""
    lines = ["| plays compared | looked up, of which matched | highest log odds |", "| --- | ---: | ---: |"]
    for source in ("sapimouse", "freihaut", "delbot", "wafer", "clicktargets"):
        matches = [nearest(session, ground.index) for _, session in of(ground.strangers, source)]
        who = "strangers" if source in SHOWN else "other plays"
        lines.append(_row(f"{who} of {source}, with all that is stored", matches))
    layout = np.random.default_rng(3).uniform(0.0, 700.0, 24) + 1j * np.random.default_rng(4).uniform(0.0, 500.0, 24)
    here = MemoryIndex([sign(warps.aimed(session, layout)) for _, session in of(ground.known, "sapimouse")])
    matches = [nearest(warps.aimed(record.session, layout), here) for record in ground.strangers if record.labels.source in SHOWN]
    lines.append(_row(f"strangers with {len(here):,} plays of others, all aimed at one layout", matches))
    lines += ["", "| pairs compared without an index | matched | highest log odds |", "| --- | ---: | ---: |"]
    return lines + [_pairs(*row) for row in pairs(ground)]


def _row(name: str, matches: Sequence[Match | None]) -> str:
    top = max((match.log_odds for match in matches if match is not None), default=0.0)
    return f"| {name} | {share(sum(map(found, matches)), len(matches))} | {top:.1f} |"


def _pairs(name: str, hits: int, total: int, top: float) -> str:
    return f"| {name} | {rare(hits, total)} | {top:.1f} |"


def pairs(ground: Ground, most: int = 1_000_000) -> list[tuple[str, int, int, float]]:
    """Pairs of plays, every one compared stroke by stroke: name, matched, compared, highest log odds."""
    records = [*ground.known, *ground.strangers]
    signatures = [sign(record.session) for record in records]
    people = np.unique([person_of(record.labels) for record in records], return_inverse=True)[1]
    sources = np.array([record.labels.source for record in records])
    named = np.array([bool(record.labels.subject) for record in records])
    rng = np.random.default_rng(SEED)
    table = []
    for source in ("sapimouse", "freihaut", "delbot", "wafer"):
        odds, same, own = [], [], np.flatnonzero(sources == source)
        for place in rng.permutation(own):
            others = own[own != place]
            values = compare(signatures[place], [signatures[other] for other in others])
            together = (people[others] == people[place]) & named[place] & (source not in {"delbot", "wafer"})
            odds.append(values[~together])
            same.append(values[together])
            if sum(map(len, odds)) > most:
                break
        what = "different people" if source in SHOWN else "anybody, at the same task"
        for name, values in ((f"{source}, {what}", np.concatenate(odds)), (f"{source}, one person", np.concatenate(same))):
            if values.size:
                table.append((name, int((values > MATCH).sum()), values.size, float(values.max())))
    return table


def recall(ground: Ground) -> list[str]:
    """What is found of stored plays after each change."""
    sources = (*SHOWN, SHORT)
    lines = [f"| change | {' | '.join(sources)} |", f"| --- | {' | '.join(['---:'] * len(sources))} |"]
    plays = {source: _some(of(ground.known, source)) for source in sources}
    for name, change in WARPS.items():
        cells = []
        for source in sources:
            rng = np.random.default_rng(SEED)
            right = [_right(number, nearest(change(session, rng), ground.index)) for number, session in plays[source]]
            cells.append(share(sum(right), len(right)))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return [*lines, *_spliced(ground, plays)]


def _right(number: int, match: Match | None) -> bool:
    return match is not None and match.number == number and match.log_odds > MATCH


def _some(plays: list[tuple[int, Session]]) -> list[tuple[int, Session]]:
    return [plays[i] for i in np.linspace(0, len(plays) - 1, min(PLAYS, len(plays))).astype(int)]


def _spliced(ground: Ground, plays: dict[str, list[tuple[int, Session]]]) -> list[str]:
    lines = []
    for run, count in ((6, 2), (4, 3), (3, 4), (2, 6), (1, 12)):
        cells = []
        for source in SHOWN:
            rng = np.random.default_rng(SEED)
            own = plays[source]
            hits = 0
            for _ in own:
                parts = rng.choice(len(own), count, replace=False)
                made = warps.reaimed(warps.spliced([own[i][1] for i in parts], rng, run), rng)
                match = nearest(made, ground.index)
                hits += found(match) and match is not None and match.number in {own[i][0] for i in parts}
            cells.append(share(hits, len(own)))
        lines.append(f"| {count} plays, {run} movements of each in turn, all aimed anew | {' | '.join(cells)} | – |")
    return lines


def price(ground: Ground) -> list[str]:
    """What it takes not to be found, and what the embedded model says of such plays; of freihaut, on which nothing was fitted."""
    scorer = load_scorer()
    plays = of(ground.known, "freihaut")
    lines = [
        "| what was done to the play | not found | the model passes | passed and not found |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, change in REAIMED.items():
        rng = np.random.default_rng(SEED)
        changed = [(number, change(session, rng)) for number, session in plays]
        missed = [not found(nearest(session, ground.index)) for _, session in changed]
        passed = [scorer.score(session).decision is Decision.PASS for _, session in changed]
        both = sum(a and b for a, b in zip(missed, passed, strict=True))
        lines.append(f"| {name} | {share(sum(missed), len(plays))} | {share(sum(passed), len(plays))} | {share(both, len(plays))} |")
    return lines


def main() -> None:
    """Measure and print, or write into a page."""
    parser = argparse.ArgumentParser(description="Replays among a million plays.")
    parser.add_argument("folder", type=Path, help="where the recorded people are")
    parser.add_argument("--stored", type=int, default=1_000_000, help="plays to look among")
    parser.add_argument("--page", type=Path, help="a page to put the figures into")
    given = parser.parse_args()
    ground = prepare(given.folder, given.stored)
    parts: dict[str, Callable[[], list[str]]] = {
        "Cost": lambda: timing(ground),
        "What is found": lambda: recall(ground),
        "What is found wrongly": lambda: false_matches(ground),
        "What escaping costs": lambda: price(ground),
        "Campaigns": lambda: campaign_table([*ground.known, *ground.strangers], given.folder),
    }
    text = []
    for title, part in parts.items():
        lines = [f"### {title}", "", *part(), ""]
        print("\n".join(lines), flush=True)
        text += lines
    if given.page:
        put(given.page, "bench.replay", "\n".join(text))


if __name__ == "__main__":
    main()
