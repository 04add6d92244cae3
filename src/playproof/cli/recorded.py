"""Recorded sessions out of files, labelled or not, and the lines that could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

if TYPE_CHECKING:
    from playproof.telemetry import Labels, Session


class Bad:
    """Lines that could not be read."""

    def __init__(self) -> None:
        self.count = 0

    def note(self, file: Path, line: int, why: object) -> None:
        """Say it at once."""
        self.count += 1
        click.echo(f"{file}, line {line}: {why}", err=True)

    def told(self) -> int:
        """The exit code."""
        return 1 if self.count else 0


def recorded(file: Path, bad: Bad) -> Iterator[tuple[Session, Labels | None]]:
    """The sessions of `file` with their labels where they have some; `bad` hears of what is no session."""
    from playproof.errors import InputError
    from playproof.telemetry import decode_recorded
    from playproof.telemetry.stream import read_sessions

    with file.open("rb") as stream:
        for line, content in read_sessions(stream):
            try:
                if isinstance(content, InputError):
                    raise content
                session, labels = decode_recorded(content)
            except InputError as error:
                bad.note(file, line, error)
            else:
                yield session, labels
