"""Strategy `inline`: new rows go as one file, in the company of others, and their scores come back in the same call."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np

from playproof.scoring.base import Floats
from playproof.woodwide.files import File
from playproof.woodwide.flights import Passenger
from playproof.woodwide.mapping import Answer, Publication, csv_file
from playproof.woodwide.model import HostedModel
from playproof.woodwide.scores import Scores

K = TypeVar("K", bound=Hashable)


class Company(Protocol):
    """Rows that new ones are scored beside, so that a model to which company matters meets ordinary company."""

    async def rows(self) -> Floats:
        """Catalogue rows (m, k) of people's sessions; there may be none."""
        ...


class ScoresAtOnce(Protocol):
    """Scores the rows of a file in one call."""

    async def at_once(self, model_id: str, model_version_id: str, file: File) -> Scores:
        """The scores of the rows of `file`. Raises `HostedError`."""
        ...


class Inline:
    """Flies passengers by synchronous inference."""

    def __init__(self, inference: ScoresAtOnce, model: HostedModel, company: Company) -> None:
        self._inference = inference
        self._model = model
        self._company = company

    async def __call__(self, passengers: Sequence[Passenger[K]]) -> Mapping[K, Answer]:
        """The answers to `passengers`. Raises `HostedError`."""
        company = await self._company.rows()
        rows = np.vstack([*(passenger.row for passenger in passengers), *company])
        publication = Publication((*(passenger.key for passenger in passengers), *(None for _ in company)))
        # Writing some hundred thousand numbers as text takes a while that others on this event loop need not wait for.
        file = await asyncio.to_thread(csv_file, rows, self._model.columns)
        scores = await self._inference.at_once(self._model.model_id, self._model.version_id, file)
        return publication.settle(scores, self._model.version_id)
