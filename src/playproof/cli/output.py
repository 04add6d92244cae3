"""What commands print: tables in plain text, and progress for whoever watches a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import rich_click as click

from playproof.clock import SystemClock, iso

LISTED_ERRORS = 20
"""Lines that could not be read are named one by one up to here; JSON lists all."""
REFRESH_SECONDS = 0.1
DECISION_COLOURS = {"pass": "green", "review": "yellow", "fail": "red"}


class Bar(Protocol):
    """Where progress is shown."""

    def __call__(self, what: str, share: float) -> None:
        """`share` (0 to 1) of the work is done, `what` is going on."""


def _unseen(what: str, share: float) -> None:
    """Progress where nobody watches."""


@contextmanager
def progress(title: str) -> Iterator[Bar]:
    """A progress bar on standard error, where that is a terminal; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield _unseen
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    clock, last, doing = SystemClock(), 0.0, ""
    # No thread draws it: the command may fork.
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as shown:
        task = shown.add_task(title, total=1.0)

        def advance(what: str, share: float) -> None:
            nonlocal last, doing
            now = clock.monotonic()
            if what != doing or now - last >= REFRESH_SECONDS:
                shown.update(task, description=what, completed=share, refresh=True)
                last, doing = now, what

        yield advance


def check_writable(path: Path, option: str) -> None:
    """Raise `click.BadParameter` where `path` cannot be written later: before the work, not after it."""
    nearest = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    if not os.access(nearest, os.W_OK) or (nearest != path and not nearest.is_dir()):
        raise click.BadParameter(f"{nearest} cannot be written to", param_hint=option)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], text_columns: int = 1) -> str:
    """A table as aligned text: the first `text_columns` columns are text, the others figures, flush right."""
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if column < text_columns else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(padded).rstrip()

    return "\n".join([line(heads), line(["-" * width for width in widths]), *map(line, rows)])


def figures_shown(figures: Mapping[str, object]) -> str:
    """One object as text: a line for each of its values, and for each of theirs."""
    lines: dict[str, object] = {}
    for name, value in figures.items():
        lines |= {f"{name}.{inner}": part for inner, part in value.items()} if isinstance(value, Mapping) else {name: value}
    width = max(map(len, lines))
    return "\n".join(f"{name:<{width}}  {'–' if value is None else printable(str(value))}" for name, value in lines.items())


def time_shown(at: int | None) -> str | None:
    """A time in milliseconds since 1970, UTC, in words."""
    return None if at is None else iso(datetime.fromtimestamp(at / 1000, UTC))


def heading(text: str) -> str:
    """A line that stands out on a terminal."""
    return click.style(text, bold=True) if sys.stdout.isatty() else text


def printable(text: str) -> str:
    """`text` without what would move a terminal's cursor."""
    return "".join(character if character.isprintable() else "�" for character in text)
