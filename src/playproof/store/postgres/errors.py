"""What PostgreSQL says went wrong, in the store's words."""

from __future__ import annotations

import psycopg

from playproof.errors import StoreError, StoreRefused, StoreUnavailable

_WORDS = {
    "53100": "the database server's disk is full",
    "53200": "the database server is out of memory",
    "53300": "the database server takes no more connections",
    "25006": "the database server only reads (a standby?)",
    "40001": "other transactions kept getting in the way",
    "40P01": "other transactions kept getting in the way",
    "55P03": "another process held what was to be written for too long",
    "57014": "the database took too long",
    "57P01": "the database server is shutting down",
    "57P02": "the database server stopped",
    "57P03": "the database server is starting or shutting down",
    "58030": "the database server's disk cannot be read or written",
    "XX001": "the database is damaged",
    "XX002": "an index of the database is damaged",
}
_FOR_GOOD = ("3F000", "42501")
"""States that waiting does not change: where tables can be made, and by whom."""
_TURNED_AWAY = ("authentication failed", "does not exist", "no pg_hba.conf entry", "no password supplied", "permission denied")
"""What a server says that does not let somebody in; a connection that failed has no state."""


def sqlstate(error: BaseException) -> str:
    """The five characters PostgreSQL calls the error behind `error`; empty where there are none."""
    return getattr(getattr(error, "orig", error), "sqlstate", None) or ""


def caused(error: BaseException) -> bool:
    """Whether the database is the cause of `error`, and not a value that was given to it."""
    cause = getattr(error, "orig", error)
    if isinstance(cause, psycopg.Error):
        return not isinstance(cause, psycopg.DataError | psycopg.IntegrityError)
    return isinstance(error, StoreUnavailable)


def unavailable(error: BaseException) -> StoreUnavailable:
    """`error` as the failure of one attempt: nothing was acknowledged."""
    if isinstance(error, StoreUnavailable):
        return error
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, psycopg.OperationalError) and not sqlstate(cause):
        return StoreUnavailable(f"the database server cannot be reached: {_first_line(cause)}")
    return StoreUnavailable(_WORDS.get(sqlstate(cause)) or f"{type(cause).__name__}: {_first_line(cause)}")


def at_opening(error: BaseException, place: str) -> StoreError:
    """`error` met while the database at `place` was opened: a refusal where waiting would not help."""
    if isinstance(error, StoreError):
        return error
    cause = getattr(error, "orig", None) or error
    if sqlstate(cause) in _FOR_GOOD or (not sqlstate(cause) and any(words in str(cause) for words in _TURNED_AWAY)):
        return StoreRefused(f"cannot use {place}: {_first_line(cause)}; PLAYPROOF_DATABASE_URL says where it is and who asks")
    return StoreUnavailable(f"cannot open {place}: {unavailable(cause)}")


def _first_line(error: BaseException) -> str:
    """What it says before it quotes the statement."""
    return next(iter(str(error).splitlines()), "").removeprefix("connection failed: ") or "no reason given"
