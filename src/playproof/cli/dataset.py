"""`playproof dataset`: look after the live dataset."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import rich_click as click

from playproof.cli.options import format_option, wants_table, with_settings
from playproof.cli.recorded import Bad, recorded
from playproof.settings import Settings

if TYPE_CHECKING:
    from playproof.dataset import LiveDataset
    from playproof.dataset.export import Tally
    from playproof.store import ImportedRow, LiveRow

_files = click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
_name = click.option("--name", help="The dataset. Default: that of WOODWIDE_PERSISTENT_DATASET.")

_PAGE = 500


@click.group()
def dataset() -> None:
    """Look after the live dataset.

    Every session that is served is a row of it, and Woodwide scores new rows in the company of its newest ones. All commands
    work while the service runs.
    """


@dataset.command()
@_name
@click.option(
    "--initial",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Sessions to begin with, JSON Lines: those the model was trained on. Kept for good; a dataset that has some keeps those.",
)
@with_settings("data_dir")
def ensure(settings: Settings, name: str | None, initial: Path | None) -> int:
    """Make the dataset where it is missing, once, however many processes ask at a time."""
    bad = Bad()
    rows = list(_rows(initial, bad)) if initial is not None else None
    with _opened(settings, create=True) as live:
        found = live.ensure_persistent_dataset(name or settings.woodwide_persistent_dataset, rows)
    begun = f", begins with {found.initial} rows" if found.initial else ""
    click.echo(f"{found.name}: {'made' if found.created else 'was there'}{begun}")
    return bad.told()


@dataset.command()
@_name
@format_option
@with_settings("data_dir")
def status(settings: Settings, name: str | None, output: str | None) -> None:
    """Say how many rows the dataset has, how long its window is, and what stands for it at Woodwide."""
    with _opened(settings) as live:
        found = live.status(name or settings.woodwide_persistent_dataset)
    known = found.dataset
    figures = {
        "name": known.name,
        **msgspec.structs.asdict(found.counts),
        "max_rows": settings.dataset_max_rows,
        "remote_name": known.remote_name,
        "remote_id": known.remote_id,
        "replaced": [msgspec.structs.asdict(one) for one in found.replaced],
    }
    if not wants_table(output):
        click.echo(msgspec.json.encode(figures).decode())
        return
    for key, value in figures.items():
        shown = len(found.replaced) if key == "replaced" else "none yet" if value is None else value
        click.echo(f"{key.replace('_', ' '):<12} {shown}")


@dataset.command()
@_files
@_name
@with_settings("data_dir")
def append(settings: Settings, files: tuple[Path, ...], name: str | None) -> int:
    """Append recorded sessions of FILES, JSON Lines with labels or without; those that are rows already are left out.

    They are never company for new rows nor part of a calibration: nobody can say that they are ordinary traffic. Exit code
    1 where a line could not be read; the others are appended.
    """
    bad, appended = Bad(), 0
    with _opened(settings) as live:
        for file in files:
            for some in _batches(_rows(file, bad)):
                appended += live.append_to_dataset(name or settings.woodwide_persistent_dataset, some, max_rows=settings.dataset_max_rows)
    click.echo(f"{appended} row{'' if appended == 1 else 's'} appended")
    return bad.told()


@dataset.command()
@_name
@click.option("--max-rows", type=click.IntRange(1), help="Rows that stay. Default: that of DATASET_MAX_ROWS.")
@with_settings("data_dir")
def cleanup(settings: Settings, name: str | None, max_rows: int | None) -> None:
    """Cut the window to its last rows now; the service does so by itself.

    A row still awaiting its result stays. What left the window stays in the store until its time is over.
    """
    with _opened(settings) as live:
        known = live.find(name or settings.woodwide_persistent_dataset)
        left = live.cleanup_dataset(known.name, max_rows or settings.dataset_max_rows)
    click.echo(f"{left} row{'' if left == 1 else 's'} left the window")


@dataset.command()
@click.argument("file", type=click.Path(dir_okay=False, writable=True, allow_dash=True, path_type=Path))
@_name
@click.option("--window", "windowed", is_flag=True, help="The rows of the window alone.")
@with_settings("data_dir")
def export(settings: Settings, file: Path, name: str | None, windowed: bool) -> None:
    """Write the rows to FILE: Parquet where its name ends in .parquet, else CSV; - is standard output.

    One row a session in order of arrival: what is known of it, then its features. Rows of another version of the catalogue
    are left out, and counted.
    """
    with _opened(settings) as live:
        pages = live.pages(name or settings.woodwide_persistent_dataset, windowed=windowed)
        tally = _written(file, pages)
    skipped = f", {tally.skipped} of another catalogue version left out" if tally.skipped else ""
    click.echo(f"{tally.written} row{'' if tally.written == 1 else 's'}{skipped}", err=True)


def _written(file: Path, pages: Iterator[list[LiveRow]]) -> Tally:
    from playproof.dataset.export import write_csv, write_parquet

    if str(file) == "-":
        return write_csv(pages, sys.stdout)
    try:
        if file.suffix == ".parquet":
            with file.open("wb") as stream:
                return write_parquet(pages, stream)
        with file.open("w", encoding="utf-8", newline="") as text:
            return write_csv(pages, text)
    except OSError as error:
        if error.filename is None:  # it was opened
            raise
        raise click.FileError(str(file), error.strerror) from None


@contextlib.contextmanager
def _opened(settings: Settings, *, create: bool = False) -> Iterator[LiveDataset]:
    from playproof.dataset import LiveDataset
    from playproof.store import store_of

    with contextlib.closing(store_of(settings, create=create)) as store:
        yield LiveDataset(store)


def _rows(file: Path, bad: Bad) -> Iterator[ImportedRow]:
    """The sessions of `file` as rows."""
    from playproof.cli.loading import load_kernels
    from playproof.clock import SystemClock, milliseconds
    from playproof.dataset.rows import imported_row

    load_kernels()
    now = milliseconds(SystemClock().now())
    for session, labels in recorded(file, bad):
        yield imported_row(session, labels, origin=file.name, received_at=now)


def _batches(rows: Iterator[ImportedRow]) -> Iterator[Sequence[ImportedRow]]:
    some: list[ImportedRow] = []
    for row in rows:
        some.append(row)
        if len(some) == _PAGE:
            yield some
            some = []
    if some:
        yield some
