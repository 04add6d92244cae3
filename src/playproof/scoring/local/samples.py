"""What a model is fitted on: catalogue rows with who or what made them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from playproof.features import extract_many
from playproof.scoring.evidence import missing_evidence
from playproof.scoring.local.excerpts import excerpt
from playproof.scoring.local.made import FAMILIES, LIBRARY, MORPHS, library_session, make_session, morph_session, rerecord
from playproof.scoring.strata import stratum_of
from playproof.telemetry.session import Labels, Session

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Words = NDArray[np.str_]

AND = "\x1f"
"""Between the names of those whose movement a session was made of."""
MADE_EACH = 800
"""Sessions of every family of our own making."""
MORPHED_EACH = 3000
"""Sessions of every kind of altered recording, at most one of each recording."""
RERECORDED, EXCERPTED = 4, 3
"""How often every person's session is shown as another recorder would have it, whole and in part."""
_PEOPLE_EACH = 2, 7
"""Fewest, and one more than the most, whose recordings make a library."""
_RECORDINGS_EACH = 3
BOTS_EXCERPTED = 0.4
"""The share of bots' sessions, recorded and made, of which a part is shown besides."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Rows of recorded and derived sessions, one entry a session in every array (n,)."""

    rows: Floats
    """(n, k) full catalogue rows, NaN where not measurable."""
    bot: Flags
    subject: Words
    """Whose movement it is or was made of, several joined by `AND`; empty where nobody's. People are split by it."""
    generator: Words
    """Empty for people. Bots are split by it."""
    variant: Words
    """Of a generator: family and way of logging, averaged inside it."""
    source: Words
    license: Words
    stratum: Words
    recorded: Flags
    """False for what we derived or made; such rows are fitted on, never judged or calibrated with."""
    enough: Flags
    """There is movement enough to tell a person by; rows without are neither fitted nor calibrated on."""

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, keep: Flags) -> Samples:
        """The samples for which `keep` (n,) is true."""
        return Samples(
            self.rows[keep],
            self.bot[keep],
            self.subject[keep],
            self.generator[keep],
            self.variant[keep],
            self.source[keep],
            self.license[keep],
            self.stratum[keep],
            self.recorded[keep],
            self.enough[keep],
        )

    def without(self, *, subjects: Iterable[str] = (), generators: Iterable[str] = ()) -> Samples:
        """The samples that owe nothing to these people and generators: what a fold of grouped cross-validation fits on."""
        names = set(subjects)
        lost = np.array([subject != "" and not names.isdisjoint(subject.split(AND)) for subject in self.subject.tolist()], dtype=bool)
        return self.where(~(lost | (np.isin(self.generator, list(generators)) & self.bot)))


def gather(sessions: Sequence[Session], labels: Sequence[Labels], *, seed: int, derive: bool = True) -> Samples:
    """Rows of recorded sessions and, with `derive`, of those made from them or made up beside them.

    The same sessions, labels and seed give the same samples. Derived rows carry the subject whose movement they use, so
    that `Samples.without` drops them along with the person.
    """
    made = _derived(sessions, labels, seed) if derive else []
    everything = [*zip(sessions, labels, strict=True), *made]
    rows = extract_many([session for session, _ in everything])
    text = [label for _, label in everything]
    bot = np.array([label.label == "bot" for label in text], dtype=bool)
    return Samples(
        rows=rows,
        bot=bot,
        subject=np.array([label.subject for label in text], dtype=np.str_),
        generator=np.array([(label.generator or label.family) if label.label == "bot" else "" for label in text], dtype=np.str_),
        variant=np.array([f"{label.family}/{label.variant}" if label.label == "bot" else "" for label in text], dtype=np.str_),
        source=np.array([label.source for label in text], dtype=np.str_),
        license=np.array([label.license for label in text], dtype=np.str_),
        stratum=np.array([stratum_of(s.game_type, s.device_type, ()).name for s, _ in everything], dtype=np.str_),
        recorded=np.arange(len(everything)) < len(sessions),
        enough=np.array([not missing_evidence(session, row) for (session, _), row in zip(everything, rows, strict=True)], dtype=bool),
    )


def _derived(sessions: Sequence[Session], labels: Sequence[Labels], seed: int) -> list[tuple[Session, Labels]]:
    """Made bots, morphs of people's sessions as bots, people's sessions as other recorders would have them, and parts of all these."""
    rng = np.random.default_rng(seed)
    made = [
        (make_session(family, rng), Labels("bot", "made", family=family, generator=family, license="own"))
        for family in FAMILIES
        for _ in range(MADE_EACH)
    ]
    people = [(s, label) for s, label in zip(sessions, labels, strict=True) if label.label == "human" and s.device_type == "mouse"]
    for family in MORPHS:
        for i in rng.permutation(len(people))[:MORPHED_EACH]:
            session, label = people[i]
            morph = morph_session(family, session, rng)
            if morph is not None:
                made.append((morph, replace(label, label="bot", source="made", family=family, generator=family, variant="")))
    made += _from_libraries(people, rng)
    bots = [*((s, label) for s, label in zip(sessions, labels, strict=True) if label.label == "bot"), *made]
    parts = [(excerpt(s, rng), label) for s, label in bots if rng.random() < BOTS_EXCERPTED]
    for s, label in people:
        made += [(rerecord(s, rng), label) for _ in range(RERECORDED)]
        parts += [(rerecord(part, rng), label) for _ in range(EXCERPTED) if (part := excerpt(s, rng)) is not None]
    return [*made, *((part, label) for part, label in parts if part is not None)]


def _from_libraries(people: Sequence[tuple[Session, Labels]], rng: np.random.Generator) -> list[tuple[Session, Labels]]:
    """Bots that borrow their moves from recordings of a few people each."""
    of: dict[str, list[tuple[Session, Labels]]] = {}
    for session, label in people:
        of.setdefault(label.subject, []).append((session, label))
    names, made = [*of], []
    for _ in range(min(MORPHED_EACH, len(people))):
        some = rng.permutation(len(names))[: int(rng.integers(*_PEOPLE_EACH))]
        picked = [of[names[who]][i] for who in some for i in rng.permutation(len(of[names[who]]))[:_RECORDINGS_EACH]]
        borrowed = library_session([session for session, _ in picked], rng)
        if borrowed is not None:
            subject = AND.join(names[who] for who in some)
            label = replace(picked[0][1], label="bot", source="made", subject=subject, family=LIBRARY, generator=LIBRARY, variant="")
            made.append((borrowed, label))
    return made


def balanced(*groups: Words) -> Floats:
    """Weights (n,) that sum to 1, alike for every value of the first group, and within it for every value of the next."""
    share = np.ones(len(groups[0]))
    outer = np.zeros(len(groups[0]), dtype=np.intp)
    for group in groups:
        _, of = np.unique(group, return_inverse=True)
        _, first, inner = np.unique(outer * len(group) + of, return_index=True, return_inverse=True)
        share = share / np.bincount(outer[first])[outer]  # a group's weight, shared by the groups within
        outer = inner
    weight = share / np.bincount(outer)[outer]
    return np.asarray(weight / weight.sum())
