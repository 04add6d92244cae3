"""Messages for a MAC or a hash that can be read in one way only."""

from __future__ import annotations


def framed(purpose: str, *fields: str | bytes | int) -> bytes:
    """`purpose` and `fields` as one message that can be read in one way only.

    Each part comes after its length in four bytes, big-endian; text is UTF-8, a number its decimal digits. Two lists of
    fields never make the same message, and messages of two purposes never meet.
    """
    parts = [part if isinstance(part, bytes) else str(part).encode() for part in (purpose, *fields)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
