"""What `playproof woodwide check` tries, with which rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import rich_click as click

from playproof.clock import SystemClock
from playproof.dataset import LiveDataset
from playproof.dataset.live import features_of
from playproof.features import CATALOGUE_VERSION, NAMES
from playproof.scoring.base import Floats
from playproof.store import HostedModelRecord, Store
from playproof.woodwide import Connection, connect
from playproof.woodwide.calibration import HostedCalibration
from playproof.woodwide.check import Check, Finding
from playproof.woodwide.mapping import MODEL_COLUMNS, Columns

if TYPE_CHECKING:
    from playproof.settings import Settings

MOST = 50
"""People's rows that are scored."""


async def findings(settings: Settings, connection: Connection, store: Store, model_id: str, note: Callable[[Finding], None]) -> None:
    """Try the configuration; `note` hears of each finding as soon as it is there."""
    record = store.hosted.newest_ready(model_id)
    rows = _rows(settings, store, record)
    calibration = None
    if record is not None and record.calibration is not None and record.catalogue_version == CATALOGUE_VERSION:
        calibration = msgspec.json.decode(record.calibration, type=HostedCalibration)
    columns = Columns(record.columns if record is not None else MODEL_COLUMNS)
    async with connect(connection) as woodwide:
        check = Check(woodwide, SystemClock())
        async for finding in check.run(settings.woodwide_persistent_dataset, model_id, columns, rows, calibration):
            note(finding)


def _rows(settings: Settings, store: Store, record: HostedModelRecord | None) -> Floats:
    """People's rows (n, k): of those kept out of the model's upload, else those the live dataset began with."""
    if record is not None and record.catalogue_version == CATALOGUE_VERSION:
        content = store.hosted.content(record.upload)
        assert content is not None
        rows: Floats = np.frombuffer(content.kept_rows, dtype="<f8").reshape(-1, len(NAMES))
        if len(rows) > 1:
            return rows[:MOST]
    dataset = LiveDataset(store)
    dataset.ensure_persistent_dataset(settings.woodwide_persistent_dataset)
    numbers = store.live.references(dataset.find(settings.woodwide_persistent_dataset))[:MOST]
    rows = features_of([row for row in store.live.by_number(numbers) if row.catalogue_version == CATALOGUE_VERSION])
    if len(rows) < 2:
        told = "there are no people's rows to score: `playproof woodwide upload` keeps some, `playproof dataset ensure --initial` too"
        raise click.ClickException(told)
    return rows
