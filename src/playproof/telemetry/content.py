"""The canonical content of a session: what is hashed to tell repeats from conflicts, and what is stored.

A msgpack head, then all numbers as one block of little-endian doubles (t, x, y of the movements, then of the clicks),
then the flags. The block is laid out by bytes: the first bytes of all doubles, then all second bytes, and so on,
because whole pixels and tenths of milliseconds leave most of these planes alike: zstd then needs less than half the
time, and less room (`python -m bench.decode`).

Rows and columns of one session give equal bytes. The id and the count of ignored fields are no content: the same play
under another id has the same digest.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec
import numpy as np

from playproof.telemetry.session import Flags, Session

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
    trusted, hit = session.trusted, session.click_hit
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
            trusted is not None,
            hit is not None,
        )
    )
    columns = (session.t, session.x, session.y, session.click_t, session.click_x, session.click_y)
    numbers = np.concatenate(columns, dtype="<f8")
    parts = [len(head).to_bytes(2, "little"), head, numbers.view(np.uint8).reshape(-1, 8).T.tobytes()]
    if trusted is not None:
        parts.append(trusted.tobytes())
    if hit is not None:
        parts.append(hit.tobytes())
    return b"".join(parts)


def from_canonical(content: bytes, session_id: str | None = None) -> Session:
    """The session whose `canonical` content this is, under `session_id`.

    Raises `ValueError` for bytes that are no content of this version.
    """
    try:
        head, start = _read_head(content)
        n, m = head.movements, head.clicks
        size = 3 * (n + m)
        planes = np.frombuffer(content, np.uint8, 8 * size, start).reshape(8, size)
        numbers = planes.T.copy().view("<f8")[:, 0].astype(np.float64, copy=False) if size else np.empty(0)
        start += 8 * size
        trusted, start = _flags(content, start, n if head.trusted else None)
        hit, start = _flags(content, start, m if head.hit else None)
        if start != len(content):
            raise ValueError(f"{len(content) - start} bytes left over")
    except (msgspec.DecodeError, ValueError) as error:
        raise ValueError(f"not the content of a session: {error}") from None
    moves, clicks = numbers[: 3 * n].reshape(3, n), numbers[3 * n :].reshape(3, m)
    return Session(
        id=session_id,
        game_type=head.game_type,
        device_type=head.device_type,
        duration_ms=head.duration_ms,
        t=moves[0],
        x=moves[1],
        y=moves[2],
        trusted=trusted,
        click_t=clicks[0],
        click_x=clicks[1],
        click_y=clicks[2],
        click_hit=hit,
        hits=head.hits,
        misses=head.misses,
        ignored_fields=0,
    )


def digest(content: bytes) -> bytes:
    """The SHA-256 (32 bytes) of a session's `canonical` content."""
    return sha256(content).digest()


def _read_head(content: bytes) -> tuple[_Head, int]:
    start = 2 + int.from_bytes(content[:2], "little")
    head = _decode(content[2:start])
    if head.version != VERSION:
        raise ValueError(f"version {head.version} is not known; this is version {VERSION}")
    return head, start


def _flags(content: bytes, start: int, count: int | None) -> tuple[Flags | None, int]:
    if count is None:
        return None, start
    return np.frombuffer(content, np.int8, count, start), start + count
