"""What runs beside the requests: retention."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime, timedelta
from typing import cast

from playproof.errors import StoreUnavailable
from playproof.observe.metrics import Metrics
from playproof.store import Live, Purged, Store
from playproof.testing import FakeClock
from playproof.web.retention import Retention, purge_for_ever
from tests.serving import sample

WEEK, MONTH, QUARTER = timedelta(days=7), timedelta(days=30), timedelta(days=90)


class Tables:
    """Has windows that are too long."""

    def __init__(self) -> None:
        self.cut: list[tuple[str, int]] = []

    def too_long(self, name: str, max_rows: int) -> bool:
        return True

    def cleanup(self, name: str, max_rows: int) -> int:
        self.cut.append((name, max_rows))
        return 1


class PurgedStore:
    """Is busy at first, and lets go of something afterwards."""

    def __init__(self) -> None:
        self.live = Tables()
        self.asked: list[tuple[datetime, timedelta, timedelta, timedelta]] = []
        self.asked_often = threading.Event()

    def purge(self, now: datetime, keep_telemetry: timedelta, keep_verdicts: timedelta, keep_signatures: timedelta) -> Purged:
        self.asked.append((now, keep_telemetry, keep_verdicts, keep_signatures))
        if len(self.asked) == 4:
            self.asked_often.set()
        if len(self.asked) == 1:
            raise StoreUnavailable("the database is locked")
        return Purged(telemetry=2, sessions=3, letters=5, publications=7, tombstones=11, challenges=13, signatures=17)


def test_what_is_over_its_time_goes_again_and_again() -> None:
    store, metrics, clock = PurgedStore(), Metrics(), FakeClock()

    async def run() -> None:
        task = asyncio.create_task(
            purge_for_ever(cast("Store", store), Retention(WEEK, QUARTER, Live("live", 7), MONTH), clock, metrics, every=0)
        )
        assert await asyncio.to_thread(store.asked_often.wait, 30)
        task.cancel()
        outcome = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(outcome[0], asyncio.CancelledError)

    asyncio.run(run())
    assert store.asked[0] == (clock.now(), WEEK, QUARTER, MONTH)
    assert set(store.live.cut) == {("live", 7)}
    page = metrics.render()[0].decode()
    kinds = ("telemetry", "sessions", "letters", "publications", "tombstones", "challenges", "signatures")
    counted = {what: float(page.split(f'playproof_purged_total{{what="{what}"}} ')[1].split()[0]) for what in kinds}
    assert counted["telemetry"] >= 4, "two rounds at least were counted"
    rounds = counted["telemetry"] / 2
    assert sample(metrics, "playproof_retention_runs_total", outcome="done") == rounds
    assert sample(metrics, "playproof_retention_runs_total", outcome="postponed") == 1
    each = {"telemetry": 2, "sessions": 3, "letters": 5, "publications": 7, "tombstones": 11, "challenges": 13, "signatures": 17}
    assert counted == {what: many * rounds for what, many in each.items()}
