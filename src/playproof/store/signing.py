"""Signing keys as the store hands them out."""

from __future__ import annotations

import msgspec


class SigningKey(msgspec.Struct, frozen=True):
    """What receipts, tokens and tolls are signed with, in all processes."""

    id: str
    """Unique; receipts name it."""
    key: bytes
    created_at: int
    """Milliseconds since 1970, UTC."""

    def __repr__(self) -> str:
        """Without the key."""
        return f"SigningKey({self.id!r})"
