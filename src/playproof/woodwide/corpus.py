"""What a hosted model is trained on: people's sessions that show enough, some of the people kept out to calibrate with."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from playproof.errors import CorpusRefused
from playproof.features import CATALOGUE_VERSION, extract
from playproof.scoring.base import Floats
from playproof.scoring.evidence import missing_evidence
from playproof.store import ImportedRow
from playproof.telemetry import Labels, Session, canonical, digest
from playproof.woodwide.calibration import kept_out

SYNTHETIC = "synthetic"
"""The labelled source of sessions that were made up. A model trained on nothing else demonstrates, and proves nothing."""
LEAST_ROWS = 10
"""Rows below which there is no sense in training; Woodwide was seen to fail on fewer."""
REFERENCES = 1000
"""The most rows of a training upload that a live dataset begins with."""


@dataclass(frozen=True, slots=True)
class Play:
    """One session that can be trained on."""

    person: str
    source: str
    name: str
    """The session's id, or its content's hash where it has none."""
    stratum: str
    row: Floats
    """(k,) its catalogue row."""


class Skipped(msgspec.Struct, frozen=True, rename="camel"):
    """Sessions that are left out, by why."""

    bots: int = 0
    short: int = 0
    """Too little movement."""
    keyboard: int = 0
    """Played with keys, which is never scored by movement."""
    repeated: int = 0
    """In the files more than once."""

    @property
    def total(self) -> int:
        """All of them."""
        return sum(msgspec.structs.astuple(self))


@dataclass(frozen=True, slots=True)
class Corpus:
    """The sessions of a training upload, in the order they came."""

    training: tuple[Play, ...]
    kept: tuple[Play, ...]
    """Of people of whom nothing is uploaded."""
    skipped: Skipped
    nameless: int
    """Sessions that do not say whose they are; each counts as a person of its own."""

    @property
    def synthetic(self) -> bool:
        """Whether every session is made up."""
        return all(play.source == SYNTHETIC for play in (*self.training, *self.kept))


class Gatherer:
    """Collects sessions, some at a time, of which only the features are kept in memory."""

    def __init__(self) -> None:
        self._plays: dict[tuple[str, str], Play] = {}
        self._skipped: Counter[str] = Counter()
        self._nameless = 0

    def add(self, session: Session, labels: Labels | None, origin: str) -> None:
        """Take in one session; without labels it is a person's. A labelled source stands for `origin`."""
        source = (labels.source if labels is not None else "") or origin
        name = session.id or digest(canonical(session)).hex()
        if labels is not None and labels.label == "bot":
            self._skipped["bots"] += 1
        elif session.device_type == "keyboard":
            self._skipped["keyboard"] += 1
        elif (source, name) in self._plays:
            self._skipped["repeated"] += 1
        elif missing_evidence(session, row := extract(session)):
            self._skipped["short"] += 1
        else:
            subject = labels.subject if labels is not None else ""
            self._nameless += not subject
            person = f"{source}/{subject}" if subject else f"{source}//{name}"
            self._plays[source, name] = Play(person, source, name, f"{session.game_type}/{session.device_type}", row)

    def corpus(self) -> Corpus:
        """All that was added, a share of the people kept out. Raises `CorpusRefused` where that is too little to train on."""
        plays = [*self._plays.values()]
        out = kept_out([play.person for play in plays])
        training = tuple(play for play, kept in zip(plays, out, strict=True) if not kept)
        kept = tuple(play for play, kept in zip(plays, out, strict=True) if kept)
        if len(training) < LEAST_ROWS:
            people = len({play.person for play in plays})
            raise CorpusRefused(
                f"too little to train on: {len(plays)} usable sessions of {people} {'person' if people == 1 else 'people'}, of which "
                f"{len(training)} remain when some people are kept out to calibrate with; {LEAST_ROWS} are needed"
            )
        return Corpus(training, kept, Skipped(**self._skipped), self._nameless)


def people_of(plays: Sequence[Play]) -> tuple[int, ...]:
    """(n,) whose each is, by numbers in order of appearance."""
    numbers = {person: number for number, person in enumerate(dict.fromkeys(play.person for play in plays))}
    return tuple(numbers[play.person] for play in plays)


def rows_of(plays: Sequence[Play]) -> Floats:
    """The catalogue rows (n, k) of `plays`."""
    return np.array([play.row for play in plays])


def initial_rows(corpus: Corpus, received_at: int, most: int = REFERENCES) -> list[ImportedRow]:
    """At most `most` of the training rows, for a live dataset to begin with, received at so many milliseconds since 1970.

    One of every person, then a second of every person, and so on: nobody fills it. Who comes first depends on the names
    alone, so that the same sessions give the same rows.
    """
    turns: Counter[str] = Counter()
    order: list[tuple[int, bytes, int]] = []
    for place, play in enumerate(corpus.training):
        order.append((turns[play.person], hashlib.sha256(play.person.encode("utf-8", "surrogateescape")).digest(), place))
        turns[play.person] += 1
    chosen = [corpus.training[place] for _, _, place in sorted(order)[:most]]
    return [
        ImportedRow(
            scope=f"import:{play.source}",
            session_id=play.name,
            received_at=received_at,
            catalogue_version=CATALOGUE_VERSION,
            vector=play.row.astype("<f8").tobytes(),
            origin=play.source,
            stratum=play.stratum,
            label="human",
        )
        for play in chosen
    ]
