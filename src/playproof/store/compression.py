"""Raw telemetry at rest: zstd frames."""

from __future__ import annotations

from collections.abc import Sequence

import zstandard

LEVEL = 1
"""On a session's coordinates higher levels cost more time and save next to nothing (`bench/store.py`)."""

_NOTHING = zstandard.ZstdCompressor().compress(b"")

_MOST = 64 * 1024**2
"""Bytes; no session comes near, and a damaged frame must not make us allocate what it claims."""


class Compressor:
    """Compresses many contents at a time; not to be shared between threads."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)

    def compress(self, contents: Sequence[bytes]) -> list[bytes]:
        """One frame for each of `contents`. The interpreter is free meanwhile: one release for all, not one for each."""
        full: list[bytes | bytearray | memoryview[int]] = [content for content in contents if content]
        if not full:
            return [_NOTHING] * len(contents)
        buffers = self._zstd.multi_compress_to_buffer(full)  # refuses empty contents
        frames = (buffers[index].tobytes() for index in range(len(buffers)))
        return [next(frames) if content else _NOTHING for content in contents]


def decompress(frame: bytes) -> bytes:
    """The content of one frame."""
    return zstandard.ZstdDecompressor().decompress(frame, max_output_size=_MOST)
