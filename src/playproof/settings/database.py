"""What the setting that names a database may be."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from playproof.settings.kinds import Kind, Secret

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")


def password_of(url: str) -> tuple[str, ...]:
    """The password in an address of a database, as it is written there and as it is meant."""
    try:
        written = urlsplit(url).password
    except ValueError:  # several hosts, or what only the database's own library understands
        written = None
    return () if written is None else (written, unquote(written))


def _parse_database(value: Any) -> Secret:
    if not isinstance(value, str):
        raise ValueError
    text = value.strip()
    scheme, separator, _ = text.partition("://")
    if scheme not in SCHEMES or not separator or not text.isprintable() or " " in text:
        raise ValueError
    return Secret(text)


DATABASE = Kind(
    "secret", "an address of PostgreSQL such as postgresql://user:password@host/database", _parse_database, lambda _: "***", secret=True
)
