"""Webhooks of the service: only for verdicts that became final after they were answered as preliminary, and then surely."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from playproof.clock import SystemClock
from playproof.settings import Secret
from playproof.store import Posts
from tests.emulating import running_emulator
from tests.realtime import hosted_environment, hosted_site, taught
from tests.receiving import SECRET, Answer, Arrival, receiving
from tests.serving import body, serving

ENDLESS_SECONDS = 3600.0
"""Until the emulator is healed."""


def verdict_in(arrival: Arrival) -> Mapping[str, Any]:
    """The verdict that a webhook tells of, once its signature is found right."""
    arrival.verified(SystemClock().now())
    told = json.loads(arrival.body)
    assert told["type"] == "session.final"
    assert told["data"]["scope"] == "open"
    verdict: Mapping[str, Any] = told["data"]["verdict"]
    return verdict


def test_a_late_verdict_is_told_and_one_in_time_is_not(tmp_path: Path) -> None:
    async def work() -> None:
        given: dict[str, Any] = {"webhook_url": receiver.url(), "webhook_secret": (Secret(SECRET),), "webhook_private": True}
        async with hosted_site(tmp_path / "data", emulator, **given) as site:
            webhooks, hosted = site.services.webhooks, site.services.hosted
            assert webhooks is not None
            assert hosted is not None
            async with webhooks:
                assert (await site.score(body(1, sessionId="in time"))).status == "final"
                assert site.services.store.outbox.counts() == Posts(waiting=0, delivered=0, given_up=0)
                hosted.deadline = 0.05
                emulator.fault("latency", "models.infer", seconds=ENDLESS_SECONDS)
                assert (await site.score(body(2, sessionId="late"))).status == "preliminary"
                emulator.heal()
                arrival = await asyncio.to_thread(receiver.next)
                stored = await site.http.get("/api/v1/sessions/late")
                assert verdict_in(arrival) == stored.json()
                assert (stored.json()["status"], stored.json()["revision"]) == ("final", 2)
            assert site.services.store.outbox.counts() == Posts(waiting=0, delivered=1, given_up=0)
        assert receiver.arrivals.empty()

    with receiving() as receiver, running_emulator() as emulator:
        asyncio.run(work())


def test_a_site_that_was_away_is_told_after_a_restart_and_no_secret_is_logged(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with receiving(Answer(503, {"Retry-After": "1"}), Answer(204)) as receiver, running_emulator() as emulator:
        model_id = asyncio.run(taught(folder, emulator))
        emulator.fault("latency", "models.infer", seconds=ENDLESS_SECONDS)
        environment: dict[str, Any] = hosted_environment(
            emulator,
            model_id,
            WOODWIDE_DEADLINE_MS="10",
            PLAYPROOF_WEBHOOK_URL=receiver.url(),
            PLAYPROOF_WEBHOOK_SECRET=SECRET,
            PLAYPROOF_WEBHOOK_PRIVATE="true",
            PLAYPROOF_LOG_LEVEL="debug",
        )
        with serving(folder, **environment) as service:
            assert service.post(body(1, sessionId="late")).json()["status"] == "preliminary"
            emulator.heal()
            first = receiver.next()
            assert service.stop(signal.SIGTERM) == 0
        with serving(folder, log=service.log, **environment) as service:
            second = receiver.next()
            stored = httpx.get(f"{service.url}/api/v1/sessions/late", timeout=60).json()
            assert service.stop(signal.SIGTERM) == 0
    assert (first.id, first.body) == (second.id, second.body)
    assert verdict_in(second) == stored
    assert SECRET not in service.log.read_text()
    assert second.headers["webhook-signature"] not in service.log.read_text()
