"""Labelled files: what is in them, and what could not be read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from playproof.errors import InputError
from playproof.telemetry import Labels, Session, decode_labelled
from playproof.telemetry.stream import read_sessions

Progress = Callable[[str, float], None]
"""Told what is being done, and how much of it: 0 to 1."""


def silent(what: str, share: float) -> None:
    """Progress that nobody watches."""


class FileInfo(msgspec.Struct, frozen=True, rename="camel"):
    """One file of a corpus."""

    name: str
    """Without its folder."""
    sha256: str
    """Of the file as it lies on disk."""
    sessions: int
    errors: int


class LineError(msgspec.Struct, frozen=True, rename="camel"):
    """A line that is no labelled session within the limits: listed, and counted nowhere else."""

    file: str
    line: int
    code: str
    message: str
    path: str
    expected: str


@dataclass(frozen=True, slots=True)
class Record:
    """One labelled session."""

    session: Session
    labels: Labels


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled sessions of one or several files, in file order."""

    files: tuple[FileInfo, ...]
    records: tuple[Record, ...]
    errors: tuple[LineError, ...] = field(default=())


def read_corpus(paths: Sequence[Path], progress: Progress = silent) -> Corpus:
    """Read labelled sessions from JSON Lines, compressed with gzip or not.

    Lines over the limits or without a usable label become errors. Raises `OSError` where a file cannot be read.
    """
    files: list[FileInfo] = []
    records: list[Record] = []
    errors: list[LineError] = []
    for number, path in enumerate(paths):
        before = len(records), len(errors)
        with path.open("rb") as stream:
            size = max(1, stream.seek(0, 2))
            stream.seek(0)
            for line, content in read_sessions(stream):
                try:
                    records.append(_record(content))
                except InputError as error:
                    errors.append(LineError(path.name, line, error.code, error.message, error.path, error.expected))
                if line % 100 == 0:
                    progress(f"reading {path.name}", (number + stream.tell() / size) / len(paths))
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        files.append(FileInfo(path.name, digest, len(records) - before[0], len(errors) - before[1]))
    return Corpus(tuple(files), tuple(records), tuple(errors))


def _record(content: bytes | InputError) -> Record:
    if isinstance(content, InputError):
        raise content
    session, labels = decode_labelled(content)
    return Record(session, labels)
