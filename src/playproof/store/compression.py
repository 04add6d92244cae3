"""Raw telemetry at rest: zstd frames."""

from __future__ import annotations

from collections.abc import Sequence

import zstandard

from playproof.errors import StoreUnavailable

LEVEL = 1
"""On a session's coordinates higher levels cost more time and save next to nothing (`bench/store.py`)."""

_NOTHING = zstandard.ZstdCompressor().compress(b"")


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
    """The content of one frame. Raises `StoreUnavailable` where it is damaged."""
    try:
        return zstandard.ZstdDecompressor().decompress(frame)
    except zstandard.ZstdError as error:
        raise StoreUnavailable(f"the stored telemetry is damaged: {error}") from None
