"""The canonical content of a session: what is hashed to tell repeats from conflicts, and what is stored.

A msgpack head, then the columns as little-endian arrays. Rows and columns of one session give equal bytes. The id and
the count of ignored fields are no content: the same play under another id has the same digest.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec
import numpy as np

from playproof.telemetry.session import Flags, Floats, Session

VERSION = 1


class _Head(msgspec.Struct, gc=False, array_like=True):
    version: int
    game_type: str
    device_type: str
    duration_ms: float
    hits: int | None
    misses: int | None
    movements: int
    clicks: int
    trusted: bool
    hit: bool


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Head).decode


def canonical(session: Session) -> bytes:
    """The content of `session` as bytes: equal content gives equal bytes, whatever wire form it came in."""
    head = _encode(
        _Head(
            VERSION,
            session.game_type,
            session.device_type,
            session.duration_ms,
            session.hits,
            session.misses,
            len(session.t),
            len(session.click_t),
            session.trusted is not None,
            session.click_hit is not None,
        )
    )
    floats = (session.t, session.x, session.y, session.click_t, session.click_x, session.click_y)
    parts = [column.astype("<f8", copy=False).tobytes() for column in floats]
    parts.extend(flags.tobytes() for flags in (session.trusted, session.click_hit) if flags is not None)
    return b"".join((len(head).to_bytes(2, "little"), head, *parts))


def from_canonical(content: bytes, session_id: str | None = None) -> Session:
    """The session whose `canonical` content this is, under `session_id`. Raises `ValueError` for bytes of another version."""
    start = 2 + int.from_bytes(content[:2], "little")
    head = _decode(content[2:start])
    if head.version != VERSION:
        raise ValueError(f"content version {head.version} is not known; this is version {VERSION}")

    def floats(count: int) -> Floats:
        nonlocal start
        column = np.frombuffer(content, "<f8", count, start)
        start += column.nbytes
        return column.astype(np.float64)

    def flags(said: bool, count: int) -> Flags | None:
        nonlocal start
        if not said:
            return None
        column = np.frombuffer(content, np.int8, count, start)
        start += count
        return column

    t, x, y = (floats(head.movements) for _ in range(3))
    click_t, click_x, click_y = (floats(head.clicks) for _ in range(3))
    return Session(
        id=session_id,
        game_type=head.game_type,
        device_type=head.device_type,
        duration_ms=head.duration_ms,
        t=t,
        x=x,
        y=y,
        trusted=flags(head.trusted, head.movements),
        click_t=click_t,
        click_x=click_x,
        click_y=click_y,
        click_hit=flags(head.hit, head.clicks),
        hits=head.hits,
        misses=head.misses,
        ignored_fields=0,
    )


def digest(content: bytes) -> bytes:
    """The SHA-256 (32 bytes) of a session's `canonical` content."""
    return sha256(content).digest()
