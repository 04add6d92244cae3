"""`playproof erase`: remove sessions everywhere."""

from __future__ import annotations

import contextlib

import rich_click as click

from playproof.cli.options import with_settings
from playproof.settings import Settings


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@with_settings("data_dir")
def erase(settings: Settings, ids: tuple[str, ...]) -> int:
    """Remove sessions everywhere: verdict, features and raw movement, under every API key.

    Works while the service runs. Backups made before still hold them; a backup restored later loses them again. Exit code
    1 when none of the IDs was found.
    """
    from playproof.store import store_of

    with contextlib.closing(store_of(settings, create=False)) as store:
        counts = [store.erase(name) for name in ids]
    total = sum(counts)
    for name, count in zip(ids, counts, strict=True):
        if not count:
            click.echo(f"not found: {name}", err=True)
    click.echo(f"{total} session{'' if total == 1 else 's'} erased")
    return 0 if total else 1
