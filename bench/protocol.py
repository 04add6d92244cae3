"""The whole protocol, from issue to verdict: people, replays, bots, and what people's plays are taken for.

    python -m bench.protocol FOLDER [--replays 250] [--pairs 250000] [--bots 5] [--memory /dev/shm] [--page docs/protocol.md]

FOLDER holds human-validate.jsonl.gz, whose people play once, human-train.jsonl.gz, whose plays are replayed and compared, and
bots-train.jsonl.gz. The store is SQLite in a folder of `--memory`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from bench.machine import machine
from bench.page import put
from bench.protocol_bots import bots_tables, families_of
from bench.protocol_pairs import pairs_table
from bench.protocol_people import people_of, people_table
from bench.protocol_replays import replay_tables
from playproof.challenges.replay import MATCH
from playproof.evaluation.corpora import Record, read_corpus

SEED = 1
ELSEWHERE = "freihaut"
"""People on whom nothing was fitted."""
MANY = "sapimouse"
"""People of whom there are movements enough for thousands of plays."""


def main() -> None:
    """Measure and print, or write into a page."""
    parser = argparse.ArgumentParser(description="The whole protocol, from issue to verdict.")
    parser.add_argument("folder", type=Path, help="where the recorded people and bots are")
    parser.add_argument("--replays", type=int, default=250, help="plays of each game that are replayed")
    parser.add_argument("--pairs", type=int, default=250_000, help="pairs of people's plays of each game that are compared")
    parser.add_argument("--bots", type=int, default=5, help="plays of each family and variant of bots, and of each game")
    parser.add_argument("--memory", type=Path, default=Path("/dev/shm"), help="a folder for stores")  # noqa: S108 - that is the place
    parser.add_argument("--page", type=Path, help="a page to put the figures into")
    given = parser.parse_args()
    folder, memory = given.folder, given.memory

    def read(name: str, source: str | None = None) -> list[Record]:
        records = read_corpus([folder / f"{name}.jsonl.gz"]).records
        return [record for record in records if source in (None, record.labels.source)]

    many = people_of(read("human-train", MANY))
    parts: dict[str, Callable[[], dict[str, list[str]]]] = {
        "people": lambda: {"People": people_table(people_of(read("human-validate", ELSEWHERE)), memory, SEED)},
        "replays": lambda: replay_tables(many, memory, SEED, given.replays),
        "bots": lambda: {"Bots": bots_tables(families_of(read("bots-train")), memory, SEED, given.bots)},
        "pairs": lambda: {"Taken for one another": pairs_table(many, SEED, given.pairs)},
    }
    text = [f"{machine()}; stores in `{memory}`; a replay from log odds of {MATCH:g} on.", ""]
    print(text[0], flush=True)
    for part in parts.values():
        for title, lines in part().items():
            text += [f"### {title}", "", *lines, ""]
            print("\n".join(text[-len(lines) - 3 :]), flush=True)
    if given.page:
        put(given.page, "bench.protocol", "\n".join(text))


if __name__ == "__main__":
    main()
