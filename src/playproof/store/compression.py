"""Raw telemetry at rest: zstd frames."""

from __future__ import annotations

from collections.abc import Sequence

import zstandard

LEVEL = 1
"""On a session's coordinates higher levels cost more time and save next to nothing (`bench/store.py`)."""

_MOST = 64 * 1024**2
"""Bytes; no session comes near, and a damaged frame must not make us allocate what it claims."""


class Compressor:
    """Compresses many contents at a time; not to be shared between threads."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)

    def compress(self, contents: Sequence[bytes]) -> list[bytes]:
        """One frame for each of `contents`. The interpreter is free meanwhile: one release for all, not one for each."""
        if not contents:
            return []
        frames = self._zstd.multi_compress_to_buffer(list(contents))
        return [frames[index].tobytes() for index in range(len(frames))]


def decompress(frame: bytes) -> bytes:
    """The content of one frame."""
    return zstandard.ZstdDecompressor().decompress(frame, max_output_size=_MOST)
