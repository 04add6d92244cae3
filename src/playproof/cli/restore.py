"""`playproof restore`: put a backup in place of the database."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from playproof.cli.options import with_settings
from playproof.settings import Settings


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Also where the data folder holds sessions, or a database that cannot be read.")
@with_settings("data_dir")
def restore(settings: Settings, file: Path, force: bool) -> None:
    """Put the backup FILE in place of the database of the data folder; the service must not run.

    The database before is kept beside it. Sessions erased since the backup are erased again.
    """
    from playproof.errors import StoreRefused
    from playproof.store import database_of, restore_backup

    place = database_of(settings)
    if place is not None:
        raise StoreRefused(f"{place} is restored with PostgreSQL's own tools: pg_restore or psql, while the service is stopped")
    done = restore_backup(file, settings.data_dir, force=force)
    click.echo(f"{done.sessions} sessions restored to {settings.data_dir}")
    if done.erased:
        click.echo(f"{done.erased} sessions that were erased after the backup are erased again")
    if not done.erasures_known:
        click.echo("Warning: the database before could not be read; sessions erased since the backup are back", err=True)
    if done.aside is not None:
        click.echo(f"the database before is kept as {done.aside}; delete it when it is no longer needed")
