"""How often something may happen, counted for all processes together."""

from __future__ import annotations

import msgspec


class Rate(msgspec.Struct, frozen=True):
    """The most of something in each window of time; windows begin at multiples of their length since 1970."""

    key: bytes
    """What is counted."""
    window_ms: int
    most: int
