"""Which SQLite answers: the one that comes with PlayProof, or the standard library's."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType

SHARABLE_FROM = (3, 51, 3)
"""Older builds can damage a WAL file that two connections write and check-point at once (the WAL-reset bug)."""


@dataclass(frozen=True, slots=True)
class Driver:
    """A DB-API module and the SQLite library in it."""

    module: ModuleType
    version: tuple[int, ...]

    @property
    def sharable(self) -> bool:
        """Whether several processes may safely use one database through it."""
        return self.version >= SHARABLE_FROM

    def __str__(self) -> str:
        return f"SQLite {'.'.join(map(str, self.version))} ({self.module.__name__})"


def find_driver() -> Driver:
    """`pysqlite3` where it is installed, else the standard library's module."""
    module = _module("pysqlite3") or importlib.import_module("sqlite3")
    return Driver(module, module.sqlite_version_info)


def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
