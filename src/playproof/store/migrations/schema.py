"""Which schema a database has, and how it gets the newest."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")
"""Every revision there ever was, oldest first; a test holds them equal to the scripts in `versions/`."""
HEAD = REVISIONS[-1]

FOLDER = Path(__file__).parent


def revision(connection: Connection) -> str | None:
    """The schema's revision; `None` where the database is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def upgrade(connection: Connection) -> None:
    """Bring the schema up to `HEAD`, in the transaction that `connection` is in."""
    # A third of a second to import, and needed only after an installation or an upgrade.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
