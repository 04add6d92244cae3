"""Failures of a database at one exact call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Never


class Faults:
    """Makes the n-th call that reaches a database fail, before or after it did its work."""

    def __init__(self) -> None:
        self.armed = False
        self.at = self.calls = 0
        self.after = False

    def arm(self, at: int, *, after: bool) -> None:
        """Have the call `at` from now fail, the first being 1."""
        self.at, self.after, self.calls, self.armed = at, after, 0, True

    def call(self, work: Callable[[], Any], fail: Callable[[], Never]) -> Any:
        """What `work` returns, unless it is its turn to `fail`."""
        if not self.armed:
            return work()
        self.calls += 1
        hit = self.calls == self.at
        if hit and not self.after:
            fail()
        result = work()
        if hit:
            fail()
        return result
