"""How often each route was called, and how much was sent to it."""

from __future__ import annotations

import threading

import msgspec


class Count(msgspec.Struct):
    """What a route has seen."""

    calls: int = 0
    bytes_received: int = 0
    statuses: dict[str, int] = {}


class Tally:
    """Counts by route; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, Count] = {}

    def add(self, route: str, size: int, status: int) -> None:
        """Count a call with a body of `size` bytes, answered with `status`; 0 stands for a connection that was lost."""
        with self._lock:
            count = self._counts.setdefault(route, Count())
            count.calls += 1
            count.bytes_received += size
            count.statuses[str(status)] = count.statuses.get(str(status), 0) + 1

    def counts(self) -> dict[str, Count]:
        """The counts so far, by route."""
        with self._lock:
            return {route: msgspec.structs.replace(count, statuses=dict(count.statuses)) for route, count in sorted(self._counts.items())}

    def reset(self) -> None:
        """Count from nothing."""
        with self._lock:
            self._counts.clear()
