"""The routes that pages of other origins may call: nothing of theirs goes by a cookie, and what they may do is not decided by a browser."""

from __future__ import annotations

OPEN = ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"retry-after"))
"""What every answer of such a route carries: when to come again is nothing that pages may read otherwise."""

PREFLIGHT = (
    *OPEN,
    (b"access-control-allow-headers", b"content-type"),
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-max-age", b"7200"),
)
"""What a browser that asks beforehand is told."""

_PATHS = ("/api/v1/challenges", "/widget/")


def open_to_pages(path: str) -> bool:
    """Whether pages of any origin may call `path`."""
    return path.startswith(_PATHS)
