"""Files that are sent to Woodwide."""

from __future__ import annotations

from typing import NamedTuple

CSV = "text/csv"
PARQUET = "application/octet-stream"

DIRECT_BYTES = 30 * 1024**2
"""The largest file that is taken in directly, and that is scored at once."""


class File(NamedTuple):
    """A file and what it holds."""

    name: str
    content: bytes
    content_type: str
    rows: int
