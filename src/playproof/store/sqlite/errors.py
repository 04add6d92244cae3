"""What SQLite says went wrong, in the store's words."""

from __future__ import annotations

from pathlib import Path

from playproof.errors import StoreError, StoreRefused, StoreUnavailable

_WORDS = {
    "SQLITE_FULL": "the disk is full",
    "SQLITE_IOERR": "the disk cannot be read or written",
    "SQLITE_BUSY": "another process held the database for too long",
    "SQLITE_READONLY": "the database cannot be written any more",
    "SQLITE_CANTOPEN": "the database file cannot be opened",
    "SQLITE_CORRUPT": "the database file is damaged; `playproof restore` puts a backup in its place",
    "SQLITE_NOTADB": "the database file is damaged; `playproof restore` puts a backup in its place",
}
_DAMAGED = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB"})
_FORBIDDEN = frozenset({"SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM"})


def result_name(error: BaseException) -> str:
    """SQLite's name of the result code behind `error`, such as `SQLITE_FULL`; empty where it is no SQLite error."""
    name: str = getattr(getattr(error, "orig", error), "sqlite_errorname", "")
    return "_".join(name.split("_")[:2])  # SQLITE_IOERR_WRITE is an SQLITE_IOERR


def unavailable(error: BaseException) -> StoreUnavailable:
    """`error` as the failure of one attempt: nothing was acknowledged."""
    if isinstance(error, StoreUnavailable):
        return error
    cause = getattr(error, "orig", error)
    name = result_name(error)
    return StoreUnavailable(_WORDS.get(name) or f"{type(cause).__name__}: {cause}")


def as_store_error(error: BaseException) -> StoreError:
    """`error` itself where it already is the store's, else `unavailable`."""
    return error if isinstance(error, StoreError) else unavailable(error)


def at_opening(error: BaseException, path: Path) -> StoreError:
    """`error` met while the database at `path` was opened: a refusal where waiting would not help."""
    name = result_name(error)
    if name in _DAMAGED:
        return StoreRefused(f"{path} is damaged or no database; `playproof restore` puts a backup in its place")
    if name in _FORBIDDEN:
        return not_writable(path.parent, str(getattr(error, "orig", error)))
    return error if isinstance(error, StoreError) else StoreUnavailable(f"cannot open {path}: {unavailable(error)}")


def not_writable(folder: Path, why: str | None) -> StoreRefused:
    """The refusal of a folder that cannot be written, with what to do."""
    return StoreRefused(
        f"cannot write to the data folder {folder}: {why}; "
        "give this user the right to write there, or choose another folder (--data-dir, PLAYPROOF_DATA_DIR)"
    )
