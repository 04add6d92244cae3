"""Campaigns: sessions of a window that are nearer to each other than people's ever are.

Rows of features are compared by pairs. `Nearness` is learnt from the pairs of one person's sessions, the nearest that people have:
below which distance so large a share of them lies. In a window of n rows, pairs nearer than all but `LINKS / n` of those are linked;
what hangs together by links is a cluster. Its score is -log10 of how many clusters of its size would be expected in such a window if
links came as often as that and by chance: of trees of m rows n^m m^(m-2) / m! p^(m-1) (Cayley 1889), p being the rate of a link. A
campaign is a finding and a metric, and never a reason for one session alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.resources import files
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from playproof.compiled import kernel
from playproof.features.numbers import Floats

LINKS = 0.02
"""How many links each row of a window would have if one person had made all of it."""
ALARM = 3.0
"""Score above which a cluster is a campaign."""
LEAST_SHARED = 0.5
"""Rows are compared where at least so large a share of their features is measured in both."""
_FARTHEST = 1.5
"""No feature counts for more than so many spreads."""
_RATES = np.array([1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3])
MOST_ROWS = 5_000
"""Of a window: the work grows with their square."""


class _Stored(msgspec.Struct, frozen=True):
    middle: list[float | None]
    spread: list[float | None]
    distances: list[float]
    rates: list[float]


@dataclass(frozen=True, slots=True, eq=False)
class Nearness:
    """How near the feature rows of one person's sessions come to each other."""

    middle: Floats
    """(k,) median of each feature; NaN where it is not to be compared."""
    spread: Floats
    """(k,) distance between its quartiles."""
    distances: Floats
    """(r,) below which the shares `rates` of pairs lie."""
    rates: Floats
    """(r,) rising."""

    @classmethod
    def fitted(cls, rows: Floats, person: NDArray[np.int64]) -> Self:
        """From rows (n, k) of sessions by people, `person` (n,) saying who. Raises `ValueError` where nobody made two that can be compared.

        Rates below one pair are those of the nearest pair.
        """
        measured = np.isfinite(rows).mean(axis=0) >= LEAST_SHARED
        middle, spread = np.full(rows.shape[1], np.nan), np.full(rows.shape[1], np.nan)
        low, middle[measured], high = np.nanquantile(rows[:, measured], [0.25, 0.5, 0.75], axis=0)
        spread[measured] = high - low
        middle[~(spread > 0.0)] = np.nan
        pairs = [_distances(_standard(rows[person == each], middle, spread)) for each in np.unique(person)]
        near = np.concatenate([each[np.triu_indices(len(each), 1)] for each in pairs])
        near = near[np.isfinite(near)]
        if not near.size:
            raise ValueError("nobody made two sessions that can be compared")
        return cls(middle, spread, np.quantile(near, _RATES, method="higher"), _RATES)

    @classmethod
    def of_people(cls) -> Self:
        """What ships with the package (`scripts/fit_nearness.py`)."""
        stored = msgspec.json.decode(files("playproof.challenges").joinpath("nearness.json").read_bytes(), type=_Stored)
        middle, spread = (np.array([np.nan if each is None else each for each in column]) for column in (stored.middle, stored.spread))
        return cls(middle, spread, np.array(stored.distances), np.array(stored.rates))

    def encoded(self) -> bytes:
        """JSON that `of_people` reads."""
        middle, spread = ([None if np.isnan(each) else float(f"{each:.6g}") for each in column] for column in (self.middle, self.spread))
        return msgspec.json.format(msgspec.json.encode(_Stored(middle, spread, self.distances.round(6).tolist(), self.rates.tolist())))

    def floor(self, rate: float) -> float:
        """The distance below which a share `rate` of one person's pairs lies, within the rates known."""
        return float(np.interp(math.log(rate), np.log(self.rates), self.distances))


@dataclass(frozen=True, slots=True)
class Campaign:
    """Rows that are nearer to each other than people's are."""

    rows: tuple[int, ...]
    """Their places in the window, rising."""
    spread: float
    """Median distance of each from the nearest of the others, in spreads of people's features."""
    score: float
    """-log10 of how many such clusters people alone would make in such a window: higher is less likely people."""


def campaigns(rows: Floats, nearness: Nearness) -> list[Campaign]:
    """The campaigns among a window's `rows` (n, k), the largest score first. Raises `ValueError` above `MOST_ROWS`."""
    if len(rows) > MOST_ROWS:
        raise ValueError(f"{len(rows)} rows, at most {MOST_ROWS}")
    if len(rows) < 2:
        return []
    distances = _distances(_standard(rows, nearness.middle, nearness.spread))
    rate = float(np.clip(LINKS / len(rows), nearness.rates[0], nearness.rates[-1]))
    found = []
    for members in _linked(distances < nearness.floor(rate)):
        score = _score(len(members), len(rows), rate)
        if score > ALARM:
            own = distances[np.ix_(members, members)]
            found.append(Campaign(tuple(members), float(np.median(own.min(axis=1))), score))
    return sorted(found, key=lambda campaign: -campaign.score)


def joins(row: Floats, members: Floats, window: int, nearness: Nearness) -> bool:
    """Whether `row` (k,) would be linked to any of a campaign's rows `members` (m, k), which were found in a window of so many rows."""
    rate = float(np.clip(LINKS / window, nearness.rates[0], nearness.rates[-1]))
    rows = _standard(np.concatenate([row[None, :], members]), nearness.middle, nearness.spread)
    return bool(_distances(rows)[0].min() < nearness.floor(rate))


def _score(size: int, rows: int, rate: float) -> float:
    """-log10 of the expected number of linked trees of `size` rows."""
    expected = size * math.log(rows) + (size - 2) * math.log(size) - math.lgamma(size + 1) + (size - 1) * math.log(rate)
    return -expected / math.log(10.0)


def _linked(links: NDArray[np.bool_]) -> list[list[int]]:
    """What hangs together by `links` (n, n), of two rows at least."""
    found: list[list[int]] = []
    seen = np.zeros(len(links), bool)
    for start in np.flatnonzero(links.any(axis=1)):
        if seen[start]:
            continue
        seen[start] = True
        members, waiting = [int(start)], [int(start)]
        while waiting:
            for other in np.flatnonzero(links[waiting.pop()] & ~seen):
                seen[other] = True
                members.append(int(other))
                waiting.append(int(other))
        found.append(sorted(members))
    return found


def _standard(rows: Floats, middle: Floats, spread: Floats) -> Floats:
    """Features (n, j) in spreads from the middle, of those that are compared."""
    kept = np.isfinite(middle)
    return np.ascontiguousarray((rows[:, kept] - middle[kept]) / spread[kept])


@kernel("f8[:,::1](f8[:,::1])")
def _distances(rows: Floats) -> Floats:
    """Mean differences (n, n) of rows over the features both have; infinite of too few, and of a row from itself."""
    count, width = rows.shape
    found = np.full((count, count), math.inf)
    for i in range(count):
        for j in range(i):
            total, shared = 0.0, 0
            for k in range(width):
                difference = abs(rows[i, k] - rows[j, k])
                # NaN is neither.
                if difference >= 0.0:
                    total += min(difference, _FARTHEST)
                    shared += 1
            if shared >= LEAST_SHARED * width and shared:
                found[i, j] = found[j, i] = total / shared
    return found
