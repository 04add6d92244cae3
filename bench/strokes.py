"""Recorded movements, cut at the clicks, and made again to other targets."""

from __future__ import annotations

from cmath import log as log_of
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from playproof.challenges.events import HEIGHT, WIDTH
from playproof.evaluation import warps
from playproof.telemetry import Session
from playproof.telemetry.session import Floats

Points = NDArray[np.complex128]

CHOICE = 24
"""Of so many movements the one is made that needs least to be turned and sized."""
SOONEST_MS = 200.0
"""Movements that end sooner after the click before were made to a target known by then, as those of a double click are: nobody sees one
and gets there in so short a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """A movement from one click to the next."""

    t: Floats
    """(n,) milliseconds since the click before."""
    place: Points
    """(n,) places as x + iy."""
    lasts: float
    """Milliseconds until the click that ends it."""

    @property
    def way(self) -> complex:
        """From where it begins to where it ends."""
        return complex(self.place[-1] - self.place[0])


def strokes_of(session: Session) -> list[Stroke]:
    """The movements of a recorded play, as `playproof.evaluation.warps` tells them apart, that can be aimed and answer to a target."""
    return [stroke for stroke in _strokes(session) if abs(stroke.way) >= warps.NO_CHORD_PX and stroke.lasts >= SOONEST_MS]


def _strokes(session: Session) -> Iterator[Stroke]:
    times, places = warps.ordered(session)
    if times.size < 2:
        return
    for begin, end in pairwise(warps.anchors(session, times).tolist()):
        inside = (times >= begin) & (times <= end)
        if inside.sum() >= 2:
            yield Stroke(times[inside] - begin, places[inside], end - begin)


class OutOfStrokes(Exception):
    """Every movement there was has been made."""


class Hand:
    """Recorded movements, each of which is made once."""

    def __init__(self, strokes: Sequence[Stroke], choice: int = CHOICE, *, endless: bool = False) -> None:
        """Each time one of the next `choice` is made; where `endless`, they begin over again when all were."""
        self._all = list(strokes)
        self._left = list(strokes)
        self._choice = choice
        self._endless = endless

    def __len__(self) -> int:
        return len(self._left)

    @property
    def usual_ms(self) -> float:
        """What a movement takes, in the middle; 0 where there are none."""
        return float(np.median([stroke.lasts for stroke in self._all])) if self._all else 0.0

    def take(self, here: complex, there: complex) -> tuple[Stroke, Points]:
        """A movement from `here` to `there`, and its places (n,); of the next ones that which need be turned and sized least.

        Those that would leave the field come last. Raises `OutOfStrokes`.
        """
        if not self._left:
            if not self._endless:
                raise OutOfStrokes
            self._left = list(self._all)
        aimed = [here + (stroke.place - stroke.place[0]) * ((there - here) / stroke.way) for stroke in self._left[: self._choice]]
        costs = [(outside(places).any(), _change(there - here, self._left[i].way)) for i, places in enumerate(aimed)]
        best = min(range(len(aimed)), key=costs.__getitem__)
        return self._left.pop(best), aimed[best]


def _change(wanted: complex, way: complex) -> float:
    """How far one is from the other: in size by the natural logarithm of the factor, in direction by the angle in radians."""
    turn = log_of(wanted / way)
    return abs(turn.real) + abs(turn.imag)


def outside(places: Points) -> NDArray[np.bool_]:
    """Which of `places` (n,) are not on the field."""
    return (places.real < 0.0) | (places.real > WIDTH) | (places.imag < 0.0) | (places.imag > HEIGHT)
