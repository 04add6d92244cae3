"""What waits for the writer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection

from playproof.store.base import PutOutcome, SessionRecord
from playproof.store.compression import compress


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
class Piece:
    """Work of a few statements, which shares a transaction with whatever else waits."""

    work: Callable[[Connection, Sequence[Any]], Sequence[Any]]
    """Done once for all that follow one another and have it in common: what became of each. May be done again where nothing of an
    earlier time was committed."""
    given: Any
    future: Future[Any]
    size: int
    """Bytes it holds while it waits."""
    keys: Sequence[bytes]
    """What it will lock, by names that all processes give it."""


@dataclass(slots=True)
class Task:
    """Work that wants a transaction of its own."""

    work: Callable[[Connection], Any]
    future: Future[Any]
    removes: bool
    """It removes sessions, which the write-ahead log must not keep."""


class End:
    """Nothing comes after this."""


def packed(record: SessionRecord) -> tuple[SessionRecord, bytes | None, int]:
    """A record without its telemetry, that compressed, and the bytes of both: made where nothing waits for it."""
    frame = None if record.telemetry is None else compress(record.telemetry)
    size = len(record.verdict) + len(record.features) + len(frame or b"")
    if record.awaited is not None:
        size += len(record.awaited.assessment)
    return msgspec.structs.replace(record, telemetry=None), frame, size
