"""Campaigns among recent visitors: looked for again and again in the live dataset, and known again when one more of the kind comes."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from playproof.challenges.campaign import MOST_ROWS, Nearness, campaigns, joins
from playproof.errors import StoreUnavailable
from playproof.features import CATALOGUE, CATALOGUE_VERSION
from playproof.features.numbers import Floats
from playproof.observe.metrics import Metrics

if TYPE_CHECKING:
    from playproof.store import LiveRow, Store

LOOK_SECONDS = 60.0
"""How often the live dataset's window is looked through."""

_COMPARED = np.array([feature.role == "model" for feature in CATALOGUE])

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A campaign that is under way."""

    members: Floats
    """(m, k) the rows that hang together."""
    window: int
    """Rows that it was found among."""
    score: float


class Campaigns:
    """The campaigns that are under way, by stratum."""

    def __init__(self, store: Store, dataset: str, metrics: Metrics, nearness: Nearness | None = None) -> None:
        """Looks through the live dataset of the name `dataset`."""
        self._store = store
        self._dataset = dataset
        self._metrics = metrics
        self._nearness = nearness or Nearness.of_people()
        self._found: dict[str, list[Found]] = {}

    def joined(self, stratum: str, row: Callable[[], Floats]) -> Found | None:
        """The campaign that a visitor is one more of; `None` where there is none. `row` makes the visitor's catalogue row (k,)."""
        under_way = self._found.get(stratum)
        if not under_way:
            return None
        compared = row()[_COMPARED]
        return next((found for found in under_way if joins(compared, found.members, found.window, self._nearness)), None)

    def look(self) -> None:
        """Look through the window now. Raises `StoreUnavailable`; blocks."""
        dataset = self._store.live.find(self._dataset)
        strata: dict[str, list[LiveRow]] = defaultdict(list)
        for row in self._store.live.window(dataset) if dataset is not None else ():
            if row.catalogue_version == CATALOGUE_VERSION and not row.reference:
                strata[row.stratum].append(row)
        self._found = {stratum: found for stratum, rows in strata.items() if (found := self._among(rows))}
        under_way = [(stratum, each) for stratum, found in self._found.items() for each in found]
        self._metrics.put("playproof_campaigns", len(under_way))
        self._metrics.put("playproof_campaign_sessions", sum(len(each.members) for _, each in under_way))
        for stratum, each in under_way:
            told = {"stratum": stratum, "sessions": len(each.members), "of": each.window, "score": round(each.score, 1)}
            _log.warning("campaign", extra=told)

    async def look_for_ever(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.look)
            except StoreUnavailable as error:
                _log.warning("campaigns_not_looked_for", extra={"error": str(error)})
            await asyncio.sleep(LOOK_SECONDS)

    def _among(self, rows: list[LiveRow]) -> list[Found]:
        newest = rows[-MOST_ROWS:]
        values = np.array([np.frombuffer(row.vector, "<f8") for row in newest])[:, _COMPARED]
        values = np.ascontiguousarray(values[np.isfinite(values).any(axis=1)])
        return [Found(values[list(each.rows)], len(values), each.score) for each in campaigns(values, self._nearness)]
