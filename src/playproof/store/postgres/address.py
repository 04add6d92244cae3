"""Where the database is, and what may be said of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from playproof.errors import StoreRefused

_DEFAULTS: dict[str, Any] = {
    "fallback_application_name": "playproof",
    "connect_timeout": 5,
    # A server that is gone without a word is noticed after so many milliseconds, not when TCP gives up.
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 30,
}


@dataclass(frozen=True, slots=True)
class Address:
    """A connection URI of PostgreSQL; shown without its password."""

    _uri: str

    @classmethod
    def of(cls, url: str) -> Address:
        """The address that `url` gives, `postgresql://` or `postgres://`. Raises `StoreRefused` without quoting it."""
        uri = url.replace("postgresql+psycopg://", "postgresql://", 1)
        try:
            conninfo_to_dict(uri)
        except psycopg.ProgrammingError:  # which quotes all of it
            raise StoreRefused("PLAYPROOF_DATABASE_URL is not a connection URI that PostgreSQL understands") from None
        return cls(uri)

    def connect(self) -> psycopg.Connection[Any]:
        """A new connection. Raises `psycopg.Error`."""
        given = conninfo_to_dict(self._uri)
        return psycopg.connect(self._uri, **{name: value for name, value in _DEFAULTS.items() if name not in given})

    def __str__(self) -> str:
        given = conninfo_to_dict(self._uri)
        name = given.get("dbname") or given.get("user") or ""
        port = f":{given['port']}" if "port" in given else ""
        return f"the PostgreSQL database {str(name)!r} at {given.get('host') or 'this machine'}{port}"

    __repr__ = __str__
