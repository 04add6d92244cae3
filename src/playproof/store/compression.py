"""Raw telemetry at rest: zstd frames."""

from __future__ import annotations

import threading

import zstandard

from playproof.errors import StoreUnavailable

LEVEL = 1
"""On a session's coordinates higher levels cost more time and save next to nothing (`bench/store.py`)."""


class _Kept(threading.local):
    """What compressing needs, made once a thread: its tables are larger than most contents."""

    def __init__(self) -> None:
        self.zstd = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)


_kept = _Kept()


def compress(content: bytes) -> bytes:
    """`content` as one frame. Other threads run meanwhile."""
    return _kept.zstd.compress(content)


def decompress(frame: bytes) -> bytes:
    """The content of one frame. Raises `StoreUnavailable` where it is damaged."""
    try:
        return zstandard.ZstdDecompressor().decompress(frame)
    except zstandard.ZstdError as error:
        raise StoreUnavailable(f"the stored telemetry is damaged: {error}") from None
