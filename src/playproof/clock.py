"""The only place that reads the time; everything else is handed a `Clock`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time for what is stored, monotonic time for what is measured."""

    def now(self) -> datetime:
        """The wall time, with the UTC zone."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never runs back."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The wall time, with the UTC zone."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never runs back."""
        return time.perf_counter()


def milliseconds(moment: datetime) -> int:
    """`moment` in whole milliseconds since 1970, UTC, the form of every time in the store."""
    return int(moment.timestamp() * 1000)


def iso(moment: datetime) -> str:
    """`moment` as RFC 3339 in UTC with milliseconds, the form of every time in the API."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
