"""Which version of the hosted model scores, and what is known of it."""

from __future__ import annotations

import asyncio

import msgspec

from playproof.clock import Clock
from playproof.errors import HostedError, HostedReason
from playproof.features import CATALOGUE_VERSION
from playproof.store import HostedModelRecord, Store
from playproof.woodwide.calibration import HostedCalibration
from playproof.woodwide.client import Woodwide
from playproof.woodwide.mapping import Columns
from playproof.woodwide.model import HostedModel
from playproof.woodwide.settlement import Yardstick

LOOK_SECONDS = 30.0
"""How long a version is taken to be the newest."""


class Desk:
    """Finds the version of one model that scores: the newest that is calibrated here, else the one the provider answers with."""

    def __init__(self, model_id: str, store: Store, clock: Clock) -> None:
        self._model_id = model_id
        self._hosted = store.hosted
        self._clock = clock
        self._current: HostedModel | None = None
        self._looked = 0.0
        self._yardsticks: dict[str, Yardstick] = {}

    async def current(self, woodwide: Woodwide) -> HostedModel:
        """The version that scores now. Raises `HostedError`."""
        if self._current is None or self._clock.monotonic() - self._looked > LOOK_SECONDS:
            record = await asyncio.to_thread(self._hosted.newest_ready, self._model_id)
            self._current = self._known(record) if record is not None else await self._asked(woodwide)
            self._looked = self._clock.monotonic()
        return self._current

    def yardstick(self, version_id: str) -> Yardstick:
        """What is known of a version that has scored. Raises `StoreUnavailable`; blocks where this process has not met it."""
        found = self._yardsticks.get(version_id)
        if found is None:
            record = self._hosted.by_version(version_id)
            if record is None:
                found = Yardstick(self._model_id, None, synthetic=False)
            else:
                self._known(record)
                found = self._yardsticks[version_id]
        return found

    def _known(self, record: HostedModelRecord) -> HostedModel:
        calibration = None
        # Of another catalogue's rows the scores may be others.
        if record.calibration is not None and record.catalogue_version == CATALOGUE_VERSION:
            calibration = msgspec.json.decode(record.calibration, type=HostedCalibration)
        self._yardsticks[record.version_id] = Yardstick(record.model_id, calibration, record.synthetic)
        return HostedModel(record.model_id, record.version_id, Columns(record.columns))

    async def _asked(self, woodwide: Woodwide) -> HostedModel:
        """What the provider answers with, trained on columns that nobody noted here: those that training sends."""
        model = await woodwide.training.model(self._model_id)
        version = model.current_version
        if version is None or version.status != "ready":
            told = f"{self._model_id} is {version.status if version else 'without a version'}"
            raise HostedError(told, reason=HostedReason.NOT_READY)
        return HostedModel(self._model_id, version.version_id, Columns())
