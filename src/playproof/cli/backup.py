"""`playproof backup`: copy the database while it is in use."""

from __future__ import annotations

import contextlib
from pathlib import Path

import rich_click as click

from playproof.cli.options import with_settings
from playproof.settings import Settings


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_settings("data_dir")
def backup(settings: Settings, file: Path) -> None:
    """Copy the database to FILE, while the service runs or not.

    The copy holds every session answered before it began, and is checked before it takes the place of a FILE already there.
    `playproof restore FILE` puts it back.
    """
    from playproof.store import store_of

    with contextlib.closing(store_of(settings, create=False)) as store:
        size = store.backup(file)
    click.echo(f"{file}: {size} bytes, checked")
