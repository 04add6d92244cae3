"""What waits for the writer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from playproof.store.base import PutOutcome, SessionRecord


@dataclass(slots=True)
class Put:
    """A record to store."""

    record: SessionRecord
    """Without its telemetry."""
    frame: bytes | None
    """Its telemetry, compressed."""
    future: Future[PutOutcome]
    size: int
    """Bytes it holds while it waits."""


@dataclass(slots=True)
class Task:
    """Work that wants a transaction of its own."""

    work: Callable[[Connection], Any]
    future: Future[Any]
    removes: bool
    """It removes sessions, which the write-ahead log must not keep."""


class End:
    """Nothing comes after this."""
