"""Bots that are told where the targets are and go there in their own manner, through the whole protocol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.protocol_people import PAUSE_S, Tally, fresh_place
from bench.protocol_replays import merged
from bench.strokes import Hand, OutOfStrokes, Stroke, strokes_of
from bench.visitors import Place, Recorded, Verdicted, played
from playproof.challenges import GAMES
from playproof.challenges.events import Kind
from playproof.evaluation.corpora import Record
from playproof.evaluation.metrics import mean_interval
from playproof.evaluation.outcomes import family_of, generator_of
from playproof.telemetry.session import Floats

BARRED = "bubble-pop"
"""The game that the bar is set for; on the others people enough to calibrate by have yet to play."""


@dataclass(slots=True)
class Family:
    """What is known of a family and variant."""

    sessions: int = 0
    moving: int = 0
    """Sessions with a movement that can be aimed."""
    strokes: list[Stroke] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    """From one click to the next, ms."""

    @property
    def jumps(self) -> bool:
        """It has no movement to speak of: the pointer is elsewhere at once."""
        return 2 * self.moving < self.sessions


class Jumper(Recorded):
    """One whose pointer is on the target at once, after a pause of its own."""

    def __init__(self, place: Place, game: str, rng: np.random.Generator, pauses: Sequence[float]) -> None:
        self._pauses = pauses
        super().__init__(place, game, rng, Hand([]))

    def move(self, goal: Floats) -> None:
        """Be there."""
        self.t += float(self.rng.choice(self._pauses))
        self.at = goal
        self._log(Kind.MOVE, self.t, goal)
        self._moved = True


def families_of(records: Iterable[Record]) -> dict[str, dict[str, Family]]:
    """By generator, the families and variants of it."""
    found: dict[str, dict[str, Family]] = {}
    for record in records:
        labels, session = record.labels, record.session
        name = f"{family_of(labels)}/{labels.variant or 'as logged'}"
        family = found.setdefault(generator_of(labels), {}).setdefault(name, Family())
        strokes = strokes_of(session)
        family.sessions += 1
        family.moving += bool(strokes)
        family.strokes += strokes
        family.pauses += np.diff(np.sort(session.click_t)).tolist()
    return found


def bots_play(place: Place, game: str, family: Family, rng: np.random.Generator, most: int) -> Tally:
    """What came of up to `most` plays of a family, each of its movements made once."""
    tally, hand = Tally(), Hand(family.strokes)
    for _ in range(most):
        place.clock.advance(PAUSE_S)
        try:
            tally.add(_play(place, game, family, rng, hand))
        except OutOfStrokes:
            break
    return tally


def _play(place: Place, game: str, family: Family, rng: np.random.Generator, hand: Hand) -> Verdicted:
    return played(Jumper(place, game, rng, family.pauses) if family.jumps else Recorded(place, game, rng, hand))


def bots_tables(generators: dict[str, dict[str, Family]], memory: Path, seed: int, most: int) -> list[str]:
    """What came of each generator in each game, `most` plays of each family and variant; every game begins without an earlier play."""
    cells: dict[str, dict[str, Tally]] = {}
    for game in GAMES:
        for generator, families in sorted(generators.items()):
            rng = np.random.default_rng(seed)
            with fresh_place(memory) as place:
                tallies = [bots_play(place, game, family, rng, most) for _, family in sorted(families.items())]
            cells.setdefault(generator, {})[game] = merged(tallies)
    lines = [
        f"| generator | families and variants | {' | '.join(f'`{game}` pass' for game in GAMES)} | reasons on `{BARRED}` |",
        f"| --- | --- |{' ---: |' * len(GAMES)} --- |",
    ]
    for generator, per_game in cells.items():
        named = ", ".join(f"{name} (jumps)" if family.jumps else name for name, family in sorted(generators[generator].items()))
        shares = [per_game[game].share("pass") for game in GAMES]
        lines.append(f"| {generator} | {named} | {' | '.join(shares)} | {per_game[BARRED].why()} |")
    whole = [merged(per_game[game] for per_game in cells.values()).share("pass") for game in GAMES]
    lines.append(f"| **all plays** | | {' | '.join(whole)} | |")
    means = [_mean([per_game[game] for per_game in cells.values()], seed) for game in GAMES]
    return [*lines, f"| **mean over {len(cells)} generators** | | {' | '.join(means)} | |"]


def _mean(tallies: Sequence[Tally], seed: int) -> str:
    rates = np.array([tally.decisions["pass"] / tally.total for tally in tallies if tally.total])
    low, high = mean_interval(rates, np.random.default_rng(seed))
    return f"{rates.mean():.1%} ({low:.1%} to {high:.1%})"
