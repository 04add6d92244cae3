"""The demo's site is made once, however many processes start at a time, on both engines."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from playproof.store import Store
from playproof.testing import FakeClock
from playproof.verification.demo import DEMO, DEMO_SITEKEY, ensure_demo, origins_at


def test_processes_that_start_at_once_make_one(store: Store, other: Store, clock: FakeClock) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: ensure_demo(each, 8000, clock, os.urandom), [store, other] * 4))
    (site,) = store.sites.list()
    assert (site.id, site.sitekey, site.origins) == (DEMO, DEMO_SITEKEY, origins_at(8000))
    assert len(store.sites.secrets(DEMO)) == 1
