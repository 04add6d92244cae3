"""What one session may be at most."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes and counts; one more is refused."""

    body_bytes: int = 2 * 1024 * 1024
    """Of one session's JSON, after any decompression."""
    movements: int = 20_000
    clicks: int = 1_000
    id_characters: int = 128
    name_characters: int = 64
    """Of `gameType` and `deviceType`."""


LIMITS = Limits()
"""The limits of every way in: HTTP, command line and Python."""
