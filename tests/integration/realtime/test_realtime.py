"""Real time over HTTP: each session its own hosted score, in time or later, once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from playproof.decision import Decision, Verdict
from playproof.emulator.faults import Fault
from playproof.settings import Secret
from tests.emulating import Running, running_emulator
from tests.realtime import HostedSite, hosted_settings, hosted_site, serving_hosted
from tests.serving import PATIENCE_SECONDS, body, is_problem


def run(folder: Path, work: Callable[[HostedSite, Running], Awaitable[None]], **given: Any) -> None:
    """Do `work` at a site whose hosted model is trained and calibrated."""

    async def all_of_it(emulator: Running) -> None:
        async with hosted_site(folder, emulator, **given) as site:
            await work(site, emulator)

    with running_emulator() as emulator:
        asyncio.run(all_of_it(emulator))


STRATEGIES = ("inline", "dataset")
ENDS_IN = {"inline": "models.infer", "dataset": "models.infer_batch"}
"""The call that scores."""
SHORT_MS = 50
LONG_SECONDS = 1.5
"""So long a call takes that is slow."""
ENDLESS_SECONDS = 3600.0
"""So long a call would take if nobody healed the emulator."""


def codes(verdict: Verdict) -> set[str]:
    return {reason.code for reason in verdict.reasons}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_in_time_the_hosted_model_decides(tmp_path: Path, strategy: str) -> None:
    async def work(site: HostedSite, _: Running) -> None:
        verdict = await site.score(body(1, sessionId="one"))
        assert (verdict.status, verdict.revision, verdict.anomaly.source) == ("final", 2, "woodwide")
        assert verdict.hosted is not None
        assert verdict.hosted.standing == "decides"
        assert verdict.hosted.anomaly_score == verdict.anomaly.anomaly_score
        assert verdict.fallback_reason is None
        assert verdict.earlier_decision is not None
        assert "synthetic_model" in codes(verdict)
        assert await site.stored("one") == verdict
        assert await site.score(body(1, sessionId="one")) == verdict
        assert site.metric("playproof_settled_total", outcome="hosted") == 1
        assert site.metric("playproof_verdicts_total", source="woodwide") == 1

    run(tmp_path, work, woodwide_strategy=strategy)


def test_past_the_deadline_the_verdict_is_preliminary_and_becomes_final_later(tmp_path: Path) -> None:
    async def work(site: HostedSite, emulator: Running) -> None:
        slow = emulator.fault("latency", "models.infer", seconds=ENDLESS_SECONDS)
        first = await site.score(body(1, sessionId="one"))
        assert (first.status, first.revision, first.anomaly.source, first.fallback_reason) == ("preliminary", 1, "local", "timeout")
        assert site.metric("playproof_fallbacks_total", reason="timeout") == 1
        await struck(emulator, slow)
        assert await site.stored("one") == first
        emulator.heal()
        last = await site.final("one")
        assert (last.revision, last.anomaly.source, last.earlier_decision) == (2, "woodwide", first.decision)
        assert last.latency_ms >= SHORT_MS
        assert slow.seen == 1
        again = await site.score(body(1, sessionId="one"))
        assert again == last

    run(tmp_path, work, woodwide_deadline_ms=SHORT_MS)


def test_who_is_sure_to_wait_too_long_does_not_wait(tmp_path: Path) -> None:
    async def work(site: HostedSite, emulator: Running) -> None:
        emulator.fault("latency", "models.infer", seconds=LONG_SECONDS)
        await site.score(body(1, sessionId="one"))
        await site.final("one")
        emulator.heal()
        hosted = site.services.hosted
        assert hosted is not None
        # Longer than a call takes now, shorter than one took: whoever waited would have the hosted score.
        hosted.deadline = 0.9 * LONG_SECONDS
        assert (await site.score(body(2, sessionId="two"))).fallback_reason == "timeout"
        assert (await site.final("two")).anomaly.source == "woodwide"

    run(tmp_path, work, woodwide_deadline_ms=SHORT_MS)


def test_sessions_at_once_share_flights_and_have_each_their_own_score(tmp_path: Path) -> None:
    async def work(site: HostedSite, emulator: Running) -> None:
        before = emulator.count("models.infer").calls
        crowd = await site.crowd(60)
        assert {verdict.anomaly.source for verdict in crowd} == {"woodwide"}
        assert emulator.count("models.infer").calls - before < 20
        alone = [await site.score(body(100 + number, sessionId=f"alone-{number}")) for number in range(0, 60, 12)]
        raw = [verdict.hosted.raw_score for verdict in crowd if verdict.hosted is not None]
        assert [verdict.hosted.raw_score for verdict in alone if verdict.hosted] == pytest.approx(raw[::12])
        assert len(set(raw)) > 50

    run(tmp_path, work)


def test_a_window_that_is_published_gives_everybody_their_own_score(tmp_path: Path) -> None:
    async def work(site: HostedSite, emulator: Running) -> None:
        crowd = await site.crowd(60)
        assert {verdict.anomaly.source for verdict in crowd} == {"woodwide"}
        raw = [verdict.hosted.raw_score for verdict in crowd if verdict.hosted is not None]
        assert len(set(raw)) > 50
        assert emulator.count("models.infer_batch").calls < 10
        alone = [await site.score(body(100 + number, sessionId=f"alone-{number}")) for number in range(0, 60, 12)]
        assert [verdict.hosted.raw_score for verdict in alone if verdict.hosted] == pytest.approx(raw[::12])
        assert emulator.datasets("movement_live_inference") == ["movement_live_inference"]

    run(tmp_path, work, woodwide_strategy="dataset")


def test_the_hosted_model_fails_what_moves_like_nobody(tmp_path: Path) -> None:
    async def work(site: HostedSite, _: Running) -> None:
        verdict = await site.score(body(0, sessionId="bot", movements=straight()))
        assert verdict.anomaly.source == "woodwide"
        assert verdict.decision is not Decision.PASS

    run(tmp_path, work)


def straight() -> dict[str, list[float]]:
    """A pointer that goes to and fro at one speed."""
    times = [float(16 * step) for step in range(600)]
    places = [float(100 + 7 * (step % 60 if step // 60 % 2 == 0 else 60 - step % 60)) for step in range(600)]
    return {"t": times, "x": places, "y": [300.0] * 600}


def test_few_calibration_rows_show_the_score_and_leave_the_decision(tmp_path: Path) -> None:
    async def work(site: HostedSite, _: Running) -> None:
        verdict = await site.score(body(1, sessionId="one"))
        assert (verdict.status, verdict.anomaly.source, verdict.fallback_reason) == ("final", "local", "hosted_uncalibrated")
        assert verdict.hosted is not None
        assert (verdict.hosted.standing, verdict.hosted.anomaly_score) == ("shown", None)
        assert "hosted_uncalibrated" in codes(verdict)
        assert site.metric("playproof_settled_total", outcome="hosted_uncalibrated") == 1

    run(tmp_path, work, calibrated=60)


def test_what_no_model_can_be_asked_about_is_final_at_once(tmp_path: Path) -> None:
    async def work(site: HostedSite, emulator: Running) -> None:
        calls = emulator.count("models.infer").calls
        unasked: tuple[dict[str, Any], ...] = ({"movements": []}, {"deviceType": "keyboard"})
        for given in unasked:
            verdict = await site.score(body(1, **given))
            assert (verdict.status, verdict.revision, verdict.fallback_reason) == ("final", 1, None)
        assert emulator.count("models.infer").calls == calls

    run(tmp_path, work)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_same_session_twice_at_once_is_asked_about_once(tmp_path: Path, strategy: str) -> None:
    async def work(site: HostedSite, emulator: Running) -> None:
        slow = emulator.fault("latency", ENDS_IN[strategy], seconds=ENDLESS_SECONDS)
        same = body(1, sessionId="one")
        both = asyncio.gather(site.score(same), site.score(same))
        await struck(emulator, slow)
        emulator.heal()
        first, second = await both
        assert first == second
        assert first.status == "final"
        assert site.metric("playproof_settled_total", outcome="hosted") == 1

    run(tmp_path, work, woodwide_strategy=strategy)


def test_who_asks_another_process_hears_of_the_end_as_well(tmp_path: Path) -> None:
    async def work(site: HostedSite, emulator: Running) -> None:
        slow = emulator.fault("latency", "models.infer", seconds=ENDLESS_SECONDS)
        same = body(1, sessionId="one")
        async with serving_hosted(site.settings) as other:
            waits = asyncio.create_task(site.score(same))
            await struck(emulator, slow)
            assert (await other.score(same)).status == "preliminary"
            emulator.heal()
            assert (await waits).status == "final"
            assert await other.score(same) == await waits
        assert site.services.store.outbox.counts().waiting == 1

    run(
        tmp_path,
        work,
        webhook_url="https://hooks.example/",
        webhook_secret=(Secret("a secret that is long enough"),),
    )


async def struck(emulator: Running, fault: Fault) -> None:
    """Return when a call has met `fault`."""
    await asyncio.to_thread(emulator.struck, fault)


def test_other_content_under_an_awaited_id_is_a_conflict(tmp_path: Path) -> None:
    async def work(site: HostedSite, emulator: Running) -> None:
        emulator.fault("latency", "models.infer", seconds=ENDLESS_SECONDS)
        assert (await site.score(body(1, sessionId="one"))).status == "preliminary"
        other = await site.http.post("/api/v1/score", content=body(2, sessionId="one"), headers={"Content-Type": "application/json"})
        is_problem(other, 409, "session-conflict")
        emulator.heal()
        assert (await site.final("one")).anomaly.source == "woodwide"

    run(tmp_path, work, woodwide_deadline_ms=SHORT_MS)


def test_an_outage_postpones_and_what_was_put_off_is_final_soon_after(tmp_path: Path) -> None:
    async def work(site: HostedSite, emulator: Running) -> None:
        emulator.fault("server_error", "models.infer")
        during = await site.crowd(20)
        assert {verdict.status for verdict in during} == {"preliminary"}
        assert {verdict.fallback_reason for verdict in during} <= {"server_error", "circuit_open", "timeout"}
        reasons = ("server_error", "circuit_open", "timeout")
        assert sum(site.metric("playproof_fallbacks_total", reason=reason) for reason in reasons) == 20
        emulator.heal()
        for verdict in during:
            last = await site.final(verdict.session_id)
            assert (last.revision, last.anomaly.source, last.fallback_reason) == (2, "woodwide", None)

    run(tmp_path, work)


def test_a_breaker_that_is_open_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playproof.woodwide.runtime.WATCH_SECONDS", 0.01)

    async def shown(site: HostedSite, value: float) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while site.metric("playproof_woodwide_breaker_open") != value:  # noqa: ASYNC110 - polled, as Prometheus would
                await asyncio.sleep(0.01)

    async def work(site: HostedSite, emulator: Running) -> None:
        await shown(site, 0)
        emulator.fault("server_error", "models.infer")
        await site.score(body(1, sessionId="one"))
        await shown(site, 1)
        emulator.heal()
        await site.final("one")
        await shown(site, 0)

    run(tmp_path, work, woodwide_breaker_failures=1)


def test_a_session_that_cannot_be_scored_is_given_up_and_takes_none_with_it(tmp_path: Path) -> None:
    async def work(site: HostedSite, emulator: Running) -> None:
        emulator.fault("nan_scores", "models.infer")
        during = await site.score(body(1, sessionId="one"))
        assert (during.status, during.fallback_reason) == ("preliminary", "invalid_score")
        last = await site.final("one")
        assert (last.revision, last.anomaly.source, last.fallback_reason) == (2, "local", "invalid_score")
        assert last.decision == during.decision

    run(tmp_path, work)


def test_after_the_longest_wait_the_embedded_verdict_is_final(tmp_path: Path) -> None:
    async def work(site: HostedSite, emulator: Running) -> None:
        emulator.fault("no_credits", "models.infer")
        assert (await site.score(body(1, sessionId="one"))).fallback_reason == "credits_exhausted"
        last = await site.final("one")
        assert (last.anomaly.source, last.fallback_reason) == ("local", "credits_exhausted")

    run(tmp_path, work, result_wait_max=1.5, woodwide_key_rest=0.1)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_stopped_service_takes_up_what_it_left(tmp_path: Path, strategy: str) -> None:
    async def all_of_it(emulator: Running) -> None:
        async with hosted_site(tmp_path, emulator, woodwide_strategy=strategy) as site:
            emulator.fault("server_error", "models.*")
            assert (await site.score(body(1, sessionId="one"))).status == "preliminary"
            settings = site.settings
        emulator.heal()
        async with serving_hosted(settings) as again:
            last = await again.final("one")
            assert (last.revision, last.anomaly.source) == (2, "woodwide")

    with running_emulator() as emulator:
        asyncio.run(all_of_it(emulator))


def test_a_start_does_not_wait_for_what_the_last_one_was_refused(tmp_path: Path) -> None:
    async def all_of_it(emulator: Running) -> None:
        async with hosted_site(tmp_path, emulator, woodwide_key_rest=3600.0) as site:
            emulator.fault("unauthorized", "models.*")
            assert (await site.score(body(1, sessionId="one"))).fallback_reason == "unauthorized"
            settings = site.settings
        emulator.heal()
        async with serving_hosted(settings) as again:
            assert (await again.final("one")).anomaly.source == "woodwide"

    with running_emulator() as emulator:
        asyncio.run(all_of_it(emulator))


def test_without_a_key_the_embedded_model_answers_and_says_so(tmp_path: Path) -> None:
    async def work() -> None:
        with running_emulator() as emulator:
            settings = hosted_settings(tmp_path, emulator, "mdl_1")
        site = HostedSite(msgspec.structs.replace(settings, woodwide_api_key=None))
        verdict = await site.score(body(1))
        assert (verdict.status, verdict.fallback_reason, verdict.anomaly.source) == ("final", "not_configured", "local")
        site.services.store.close()

    asyncio.run(work())
