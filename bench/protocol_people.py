"""People who play through the whole protocol, with recorded movements; and tables of what came of visitors."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.replay import share
from bench.strokes import Hand, OutOfStrokes, Stroke, strokes_of
from bench.visitors import Place, Recorded, Verdicted, played
from playproof.challenges import GAMES
from playproof.evaluation.corpora import Record
from playproof.evaluation.metrics import clustered_interval, codes
from playproof.evaluation.outcomes import person_of

SPARE = 5
"""Movements beside one for each target that somebody must have left to begin another game."""
PAUSE_S = 5.0
"""From one visitor to the next."""

People = Mapping[str, Sequence[Stroke]]
"""The movements of each, in the order they were recorded in."""


@dataclass(frozen=True, slots=True, eq=False)
class Play:
    """A game that somebody finished."""

    who: str
    visitor: Recorded
    verdict: Verdicted


@dataclass(slots=True)
class Tally:
    """What came of some visitors."""

    decisions: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, verdict: Verdicted) -> None:
        """Count one."""
        self.decisions[verdict.decision] += 1
        self.reasons.update(reason for reason in verdict.reasons if not reason.startswith("feature_"))

    @property
    def total(self) -> int:
        """Visitors."""
        return self.decisions.total()

    def share(self, decision: str) -> str:
        """n/N of one decision, with its interval."""
        return share(self.decisions[decision], self.total)

    def why(self) -> str:
        """The reasons given, most frequent first."""
        return ", ".join(f"`{name}` {count}" for name, count in self.reasons.most_common()) or "–"


def people_of(records: Iterable[Record]) -> dict[str, list[Stroke]]:
    """The movements of each person."""
    people: dict[str, list[Stroke]] = {}
    for record in records:
        people.setdefault(person_of(record.labels), []).extend(strokes_of(record.session))
    return people


@contextmanager
def fresh_place(memory: Path) -> Iterator[Place]:
    """A place without an earlier play, its store in a folder of its own in `memory`."""
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        place = Place(Path(folder))
        try:
            yield place
        finally:
            place.close()


def plays(place: Place, game: str, people: People, rng: np.random.Generator, most: int | None = None) -> Iterator[Play]:
    """People play `game` by turns, each as long as enough movements are left, `most` plays in all; each movement is made once."""
    hands = {who: Hand(strokes) for who, strokes in people.items()}
    count = 0
    while hands:
        for who, hand in list(hands.items()):
            if len(hand) < GAMES[game].parameters.steps + SPARE:
                del hands[who]
                continue
            if count == most:
                return
            place.clock.advance(PAUSE_S)
            try:
                visitor = Recorded(place, game, rng, hand)
                verdict = played(visitor)
            except OutOfStrokes:
                del hands[who]
                continue
            count += 1
            yield Play(who, visitor, verdict)


def people_table(people: People, memory: Path, seed: int) -> list[str]:
    """What came of each game of people."""
    lines = [
        "| game | people | plays | pass | its interval over people | review | fail | median time, s | reasons |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for game in GAMES:
        rng = np.random.default_rng(seed)
        with fresh_place(memory) as place:
            tally, times, who, passed = Tally(), [], [], []
            for play in plays(place, game, people, rng):
                tally.add(play.verdict)
                times.append(play.visitor.t)
                who.append(play.who)
                passed.append(play.verdict.decision == "pass")
        low, high = clustered_interval(np.array(passed), codes(who)[1], rng)
        cells = [f"`{game}`", len(set(who)), tally.total, tally.share("pass"), f"{low:.1%} to {high:.1%}"]
        cells += [tally.share("review"), tally.share("fail"), f"{np.median(times) / 1000.0:.1f}", tally.why()]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines
