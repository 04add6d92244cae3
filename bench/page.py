"""Figures that a page of the documentation quotes: the block between the line that names the command and the line that ends it."""

from __future__ import annotations

from pathlib import Path

END = "<!-- end -->"


def put(page: Path, module: str, figures: str) -> None:
    """Have `figures` stand in `page` as what `python -m module` printed."""
    begin = f"<!-- python -m {module} -->"
    head, found, rest = page.read_text("utf-8").partition(begin)
    _, ended, tail = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"{page} has no block {begin} ... {END}")
    page.write_text(f"{head}{begin}\n{figures.strip()}\n{END}{tail}", "utf-8")
