"""What a model was fitted on, told without holding any of it, so that nobody judges it on that by mistake."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from playproof.evaluation.corpora import Corpus
from playproof.evaluation.outcomes import HUMAN, family_of, generator_of, person_of, source_of
from playproof.evaluation.summary import Standing
from playproof.telemetry import Session, canonical, digest

MARK_BYTES = 6
"""Of a session's digest: enough that no two sessions share a mark by chance, too few to read anything back."""


class Source(msgspec.Struct, frozen=True, rename="camel"):
    """One source or family of a corpus, with its licences."""

    name: str
    label: str
    sessions: int
    people: int
    """0 for bots."""
    licenses: tuple[str, ...]


class Provenance(msgspec.Struct, frozen=True, rename="camel"):
    """What the manifest of an artefact says of the data it was fitted on."""

    files: dict[str, str]
    """SHA-256 of each file, by name."""
    people: tuple[str, ...]
    """First 16 hexadecimal digits of the SHA-256 of each person's name, sorted."""
    generators: tuple[str, ...]
    families: tuple[str, ...]
    sources: tuple[Source, ...]
    marks: str
    """The first `MARK_BYTES` bytes of the SHA-256 of each session's canonical content, sorted, in base 64."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a corpus shares with the data of a fit."""

    files: tuple[str, ...]
    sessions: int
    people: int

    def __bool__(self) -> bool:
        return bool(self.files or self.sessions or self.people)

    def __str__(self) -> str:
        parts = [f"{name} itself" for name in self.files]
        if self.sessions:
            parts.append(f"{self.sessions} of these sessions")
        if self.people:
            parts.append(f"other sessions of {self.people} of these people" if not self.sessions else f"{self.people} of these people")
        return ", ".join(parts)


def provenance_of(corpus: Corpus) -> Provenance:
    """The provenance of a fit on `corpus`."""
    people = {person_of(record.labels) for record in corpus.records if record.labels.label == HUMAN}
    bots = [record.labels for record in corpus.records if record.labels.label != HUMAN]
    return Provenance(
        files={file.name: file.sha256 for file in corpus.files},
        people=tuple(sorted(_hashed(person) for person in people)),
        generators=tuple(sorted({generator_of(labels) for labels in bots})),
        families=tuple(sorted({family_of(labels) for labels in bots})),
        sources=_sources(corpus),
        marks=base64.b64encode(b"".join(sorted(_marks(record.session for record in corpus.records)))).decode(),
    )


def overlap(corpus: Corpus, fitted: Provenance) -> Overlap:
    """What `corpus` shares with what was fitted on: files byte for byte, sessions by content, people by name."""
    known = set(fitted.files.values())
    packed = base64.b64decode(fitted.marks)
    marks = {packed[start : start + MARK_BYTES] for start in range(0, len(packed), MARK_BYTES)}
    # A source that names nobody is one person to the counts, but no proof of anybody's return.
    people = {_hashed(person_of(record.labels)) for record in corpus.records if record.labels.label == HUMAN and record.labels.subject}
    return Overlap(
        files=tuple(file.name for file in corpus.files if file.sha256 in known),
        sessions=sum(mark in marks for mark in _marks(record.session for record in corpus.records)),
        people=len(people & set(fitted.people)),
    )


def standing_in(fitted: Provenance | None, generator: str, family: str) -> Standing:
    """What a model fitted on `fitted` knows of a family of a generator."""
    if fitted is None:
        return Standing.UNKNOWN
    if family in fitted.families:
        return Standing.SEEN
    return Standing.NEW_DRIVER if generator in fitted.generators else Standing.UNSEEN


def fitted_on(manifest: Mapping[str, object]) -> Provenance | None:
    """The provenance that an artefact's manifest states, `None` where it states none."""
    entry = manifest.get("provenance")
    return None if entry is None else msgspec.convert(entry, Provenance)


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def _marks(sessions: Iterable[Session]) -> Iterator[bytes]:
    return (digest(canonical(session))[:MARK_BYTES] for session in sessions)


def _sources(corpus: Corpus) -> tuple[Source, ...]:
    groups: dict[tuple[str, str], list[int]] = {}
    for index, record in enumerate(corpus.records):
        labels = record.labels
        name = source_of(labels) if labels.label == HUMAN else generator_of(labels)
        groups.setdefault((labels.label, name), []).append(index)
    found = []
    for (label, name), indices in sorted(groups.items()):
        labels_of = [corpus.records[index].labels for index in indices]
        found.append(
            Source(
                name=name,
                label=label,
                sessions=len(indices),
                people=len({person_of(labels) for labels in labels_of}) if label == HUMAN else 0,
                licenses=tuple(sorted({labels.license for labels in labels_of if labels.license})),
            )
        )
    return tuple(found)
