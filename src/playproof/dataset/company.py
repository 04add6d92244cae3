"""The company of new rows: half of it never changes, half is the newest traffic, and no one source fills it.

A model that looks at rows together would otherwise learn from a flood of bots that bots are ordinary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ORIGIN_SHARE = 0.05
"""The most that rows of one origin are of the company."""


@dataclass(frozen=True, slots=True)
class Company:
    """Numbers of the rows that keep new ones company."""

    reference: tuple[int, ...]
    """The first of the rows the dataset began with."""
    newest: tuple[int, ...]
    """Of the traffic, the newest first."""


def choose(reference: Sequence[int], newest: Iterable[tuple[int, str]], size: int) -> Company:
    """Company of at most `size` rows, out of `reference` rows and the eligible ones, the `newest` first, with their origin.

    Half is reference. The other half takes the newest as long as their origin has no more than `ORIGIN_SHARE` of `size`
    (rounded down, but one row at least); what they do not fill is reference as well, as far as there is some. The same
    rows give the same company.
    """
    most = max(1, int(size * ORIGIN_SHARE))
    places = size // 2
    taken: list[int] = []
    seen: Counter[str] = Counter()
    for number, origin in newest:
        if len(taken) >= places:
            break
        if seen[origin] < most:
            seen[origin] += 1
            taken.append(number)
    return Company(tuple(reference[: size - len(taken)]), tuple(taken))
