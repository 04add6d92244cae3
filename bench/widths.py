"""What becomes of recorded sessions that were made on a smaller playfield, counted in its pixels and counted in units.

    python -m bench.widths SESSIONS.jsonl.gz... [--every 1]

Each session is drawn smaller, with whole pixels, as if the playfield had been as many pixels wide as a thousand of the recording; then
it is judged in these pixels, and once more after they are counted in units of a thousandth of the playfield. What this does
not show: people move on a small screen as they do on a small screen, not as on a large one drawn smaller.
"""

from __future__ import annotations

import argparse
import gzip
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from playproof.api import load_scorer
from playproof.telemetry import Session, decode_labelled

_WIDTHS = (300, 400, 600, 1000)


def sessions(path: Path, every: int) -> Iterator[Session]:
    """Each `every`th session of a file, as a play of bubbles by mouse."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        for number, line in enumerate(lines):
            if number % every == 0:
                yield replace(decode_labelled(line)[0], game_type="bubble-pop", device_type="mouse")


def drawn(session: Session, width: int, *, units: bool) -> Session:
    """`session` in whole pixels of a playfield `width` pixels wide; in units of it where `units` is true."""

    def scaled(places: NDArray[np.float64]) -> NDArray[np.float64]:
        pixels = np.round(places * width / 1000)
        return np.round(pixels * 1000 / width) if units else pixels

    click_x, click_y = scaled(session.click_x), scaled(session.click_y)
    return replace(session, x=scaled(session.x), y=scaled(session.y), click_x=click_x, click_y=click_y)


def main() -> None:
    """Judge every session at every width, both ways, and print the decisions."""
    parser = argparse.ArgumentParser(description="Recorded sessions on smaller playfields.")
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--every", type=int, default=1, help="judge each so many-th session of a file")
    arguments = parser.parse_args()
    scorer = load_scorer()
    for path in arguments.files:
        print(f"{path.name}, model {scorer.model_version}")
        found = list(sessions(path, arguments.every))
        for units in (False, True):
            for width in _WIDTHS:
                counts = Counter(scorer.score(drawn(session, width, units=units)).decision.value for session in found)
                said = ", ".join(f"{counts[decision]:>5} {decision}" for decision in ("pass", "review", "fail"))
                print(f"  {width:>5} px wide, {'in units' if units else 'in pixels':<10} {said}  of {len(found)}")


if __name__ == "__main__":
    main()
