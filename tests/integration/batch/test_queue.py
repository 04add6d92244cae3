"""What the queue says of a session, from the time it is queued until its result is there."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

from playproof.service import decode_verdict
from playproof.store import open_store
from playproof.testing import FakeClock
from tests.batching import Worker, some


def test_a_result_says_where_the_session_stands_until_it_is_final(tmp_path: Path) -> None:
    clock = FakeClock()
    with closing(open_store(tmp_path, clock=clock)) as store:
        worker = Worker(store, clock)
        assert worker.queue.result("open", "s0001") is None
        worker.enqueue(*some(3))
        clock.advance(7)
        waiting = worker.queue.result("open", "s0001")
        assert waiting is not None
        assert waiting.queued is not None
        assert (waiting.queued.state, waiting.queued.position, waiting.queued.age_seconds) == ("queued", 2, 7.0)
        assert decode_verdict(waiting.verdict).status == "preliminary"
        assert worker.queue.result("other", "s0001") is None
        asyncio.run(worker.scheduler.process())
        final = worker.queue.result("open", "s0001")
        assert final is not None
        assert final.queued is None
        assert decode_verdict(final.verdict).status == "final"
        settled = worker.queue.place("open", "s0001")
        assert settled is not None
        assert (settled.state, settled.position) == ("settled", 0)
