"""The company of new rows, out of the live dataset."""

from __future__ import annotations

import asyncio

from playproof.clock import Clock
from playproof.dataset import LiveDataset
from playproof.scoring.base import Floats
from playproof.store import Store

FRESH_SECONDS = 5.0
"""How long the same rows keep company: a flight or two, and much less than company needs to change."""


class LiveCompany:
    """Half the rows the dataset began with, half the newest eligible ones; see `playproof.dataset.choose`."""

    def __init__(self, store: Store, name: str, size: int, clock: Clock) -> None:
        """At most `size` rows of the dataset `name`."""
        self._dataset = LiveDataset(store)
        self._name = name
        self._size = size
        self._clock = clock
        self._chosen: Floats | None = None
        self._chosen_at = 0.0

    async def rows(self) -> Floats:
        """Catalogue rows (m, k) of people's sessions; there may be none. Raises `StoreUnavailable`."""
        if self._chosen is None or self._clock.monotonic() - self._chosen_at > FRESH_SECONDS:
            self._chosen = await asyncio.to_thread(self._choose)
            self._chosen_at = self._clock.monotonic()
        return self._chosen

    def _choose(self) -> Floats:
        self._dataset.ensure_persistent_dataset(self._name)
        return self._dataset.company_rows(self._name, self._size)[1]
