"""Blocks of a page that a measurement writes, so that nobody copies figures by hand."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def write_block(page: str, name: str, text: str) -> None:
    """Put `text` between the marks of the block `name` in a page of the repository."""
    path = ROOT / page
    first, last = f"<!-- {name} -->\n", "<!-- end -->"
    before, found, rest = path.read_text("utf-8").partition(first)
    if not found or last not in rest:
        raise LookupError(f"{page} has no block {name}")
    after = rest[rest.index(last) :]
    path.write_text(before + first + text.strip() + "\n" + after, "utf-8")
