"""Batches over HTTP, in this process, on both engines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from playproof.clock import SystemClock
from playproof.decision import Verdict
from playproof.service import decode_verdict, encode_verdict
from playproof.settings import Settings
from playproof.store import Done, Final, Forming, Store
from playproof.testing import columns_body, human_session
from playproof.web.services import Limits
from tests.serving import Site, body, is_problem

ADMIN = "the-admin-key"
BATCH = "/api/v1/batch/"
RESULT = BATCH + "result/"
PATIENCE = 60


LIMITS = Limits(2 * 1024**2, float(PATIENCE))


@pytest.fixture
def site(reopen: Callable[[], Store], tmp_path: Path) -> Iterator[Site]:
    with closing(reopen()) as store:
        yield Site(tmp_path / "data", store=store, admin_key=ADMIN, limits=LIMITS)


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Site]:
    """For what is the same whatever the engine is."""
    site = Site(tmp_path / "plain", admin_key=ADMIN, limits=LIMITS)
    yield site
    site.close()


def queue(site: Site, *names: str, **extra: object) -> None:
    for seed, name in enumerate(names):
        assert site.score(body(seed + 1, sessionId=name, options={"useBatch": True}, **extra)).status_code == 202


def as_admin(site: Site, method: str, path: str, **given: Any) -> httpx.Response:
    return site.request(method, BATCH + path, headers={"Authorization": f"Bearer {ADMIN}"}, **given)


def done(site: Site, method: str, path: str, **given: Any) -> Any:
    """What an admin's request is answered with."""
    response = as_admin(site, method, path, **given)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    return response.json()


def bury(site: Site, *names: str) -> None:
    """Give these sessions up, which are all that is queued."""
    entries = site.store.batch.claim("somebody", PATIENCE, Forming(1, 0, 500))
    assert [entry.session.session_id for entry in entries] == list(names)
    site.store.batch.settle([_buried(decode_verdict(entry.session.verdict), entry.session.number, entry.epoch) for entry in entries])


def _buried(verdict: Verdict, number: int, epoch: int) -> Done:
    final = msgspec.structs.replace(verdict, status="final", revision=verdict.revision + 1, fallback_reason="buried")
    end = Final(
        number=number, verdict=encode_verdict(final), decision=verdict.decision, anomaly_score=1.0, raw_score=1.0, source="local",
        model_version="m", eligible=False, notice=None,
    )  # fmt: skip
    return Done(epoch=epoch, final=end, buried=True, reason="refused", error="422: will not do")


def test_a_queued_session_is_answered_at_once_and_final_after_a_batch(site: Site) -> None:
    first = site.score(body(1, sessionId="a/b c", options={"useBatch": True}))
    assert (first.status_code, first.headers["location"]) == (202, RESULT + "a%2Fb%20c")
    assert "Playproof-Replayed" not in first.headers
    preliminary = decode_verdict(first.content)
    assert (preliminary.session_id, preliminary.status, preliminary.revision) == ("a/b c", "preliminary", 1)
    assert site.metric("playproof_verdicts_total", decision="pass", source="local", stratum="targets/mouse") == 1

    waiting = site.request("GET", first.headers["location"])
    assert waiting.status_code == 202
    told = waiting.json()
    assert told.keys() == {"sessionId", "status", "position", "ageSeconds", "verdict"}
    assert (told["sessionId"], told["status"], told["position"]) == ("a/b c", "queued", 1)
    assert told["ageSeconds"] >= 0
    assert msgspec.convert(told["verdict"], Verdict) == preliminary

    assert done(site, "POST", "process") == {
        "batches": 1, "sessions": 1, "final": 1, "buried": 0, "retried": 0, "postponed": 0, "stopped": "empty",
    }  # fmt: skip
    last = site.request("GET", first.headers["location"])
    assert last.status_code == 200
    final = decode_verdict(last.content)
    assert (final.status, final.revision, final.earlier_decision) == ("final", 2, preliminary.decision)
    assert site.request("GET", "/api/v1/sessions/a%2Fb%20c").content == last.content


def test_results_are_each_sessions_own(site: Site) -> None:
    names = [f"s{number}" for number in range(12)]
    queue(site, *names)
    positions = {site.request("GET", RESULT + name).json()["position"] for name in names}
    assert positions == set(range(1, 13))
    assert done(site, "POST", "process", json={"most": 1})["sessions"] == 12
    for seed, name in enumerate(names):
        alone = decode_verdict(site.score(body(seed + 1, sessionId=name + "-alone")).content)
        assert decode_verdict(site.request("GET", RESULT + name).content).anomaly == alone.anomaly


@pytest.mark.parametrize(
    ("query", "options", "status"),
    [
        ("useBatch=true", None, 202),
        ("useBatch=true", {}, 202),
        ("useBatch=true", {"useBatch": None}, 202),
        ("useBatch=true", {"useBatch": True}, 202),
        ("useBatch=false", {"useBatch": False}, 200),
        ("useBatch=false", None, 200),
        ("", {"useBatch": False}, 200),
    ],
)
def test_query_and_body_may_ask_alike(plain: Site, query: str, options: object, status: int) -> None:
    content = body(1, **({} if options is None else {"options": options}))
    response = plain.request("POST", "/api/v1/score?" + query, content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == status, response.text
    assert decode_verdict(response.content).status == ("preliminary" if status == 202 else "final")


@pytest.mark.parametrize(
    ("query", "options", "path"),
    [
        ("useBatch=true", {"useBatch": False}, "$.options.useBatch"),
        ("useBatch=false", {"useBatch": True}, "$.options.useBatch"),
        ("useBatch=1", {}, "?useBatch"),
        ("useBatch=", {"useBatch": True}, "?useBatch"),
        ("useBatch=True", {}, "?useBatch"),
        ("useBatch=true&useBatch=true", {}, "?useBatch"),
        ("usebatch=true", {}, "?usebatch"),
        ("", {"useBatch": "true"}, "$.options.useBatch"),
        ("", {"useBatch": 1}, "$.options.useBatch"),
        ("", {"usebatch": True}, "$.options.usebatch"),
    ],
)
def test_what_is_not_clear_is_refused_and_nothing_is_stored(plain: Site, query: str, options: object, path: str) -> None:
    content = body(1, sessionId="s", options=options)
    response = plain.request("POST", "/api/v1/score?" + query, content=content, headers={"Content-Type": "application/json"})
    code = "invalid-request" if query else "invalid-session"
    assert is_problem(response, 422, code)["path"] == path
    assert plain.request("GET", "/api/v1/sessions/s").status_code == 404


def test_a_queued_session_handed_in_again_is_not_queued_again(site: Site) -> None:
    content = body(1, sessionId="s", options={"useBatch": True})
    first = site.score(content)
    again = site.score(content)
    assert (again.status_code, again.content, again.headers["location"]) == (202, first.content, RESULT + "s")
    assert again.headers["playproof-replayed"] == "true"
    without = site.score(body(1, sessionId="s"))
    assert (without.status_code, without.content, without.headers["playproof-replayed"]) == (200, first.content, "true")
    assert done(site, "GET", "stats")["queued"] == 1
    assert done(site, "POST", "process")["final"] == 1
    for last in (site.score(content), site.score(body(1, sessionId="s"))):
        assert (last.status_code, decode_verdict(last.content).status, last.headers["playproof-replayed"]) == (200, "final", "true")
        assert "location" not in last.headers
    is_problem(site.score(body(2, sessionId="s", options={"useBatch": True})), 409, "session-conflict")


def test_a_session_scored_before_is_not_queued(site: Site) -> None:
    first = site.score(body(1, sessionId="s"))
    again = site.score(body(1, sessionId="s", options={"useBatch": True}))
    assert (again.status_code, again.content, again.headers["playproof-replayed"]) == (200, first.content, "true")
    assert done(site, "GET", "stats")["queued"] == 0
    assert site.request("GET", RESULT + "s").content == first.content


def test_the_same_session_eight_times_at_once_is_queued_once(site: Site) -> None:
    content = body(1, sessionId="s", options={"useBatch": True})
    headers = {"Content-Type": "application/json"}

    async def together() -> list[httpx.Response]:
        return list(await asyncio.gather(*(site.ask("POST", "/api/v1/score", content=content, headers=headers) for _ in range(8))))

    answers = asyncio.run(together())
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, answers[0].content)}
    assert sum("playproof-replayed" in answer.headers for answer in answers) == 7
    assert done(site, "GET", "stats")["queued"] == 1
    assert done(site, "POST", "process")["sessions"] == 1


def test_past_its_bound_the_queue_takes_no_more_and_the_verdict_is_final(reopen: Callable[[], Store], tmp_path: Path) -> None:
    with closing(reopen()) as store:
        site = Site(tmp_path / "data", store=store, admin_key=ADMIN, limits=LIMITS, settings=Settings(batch_queue_max=1))
        queue(site, "first")
        content = body(2, sessionId="second", options={"useBatch": True})
        refused = site.score(content)
        problem = is_problem(refused, 503, "queue-full")
        assert int(refused.headers["retry-after"]) > 0
        verdict = msgspec.convert(problem["verdict"], Verdict)
        assert (verdict.session_id, verdict.status, verdict.fallback_reason) == ("second", "final", "queue_full")
        stored = site.request("GET", RESULT + "second")
        assert stored.status_code == 200
        assert decode_verdict(stored.content) == verdict
        assert site.metric("playproof_batch_full_total") == 1
        # The verdict is final: nothing is left to refuse.
        again = site.score(content)
        assert (again.status_code, again.content) == (200, stored.content)
        assert site.score(body(1, sessionId="first", options={"useBatch": True})).status_code == 202
        assert site.metric("playproof_batch_full_total") == 1
        assert done(site, "GET", "stats")["queued"] == 1


def test_what_no_model_can_judge_goes_through_the_queue_as_well(site: Site) -> None:
    short = human_session(np.random.default_rng(1))
    sessions = {
        "keys": body(1, sessionId="keys", deviceType="keyboard", options={"useBatch": True}),
        "still": columns_body(short, sessionId="still", movements={"t": [0, 8], "x": [1, 2], "y": [1, 2]}, options={"useBatch": True}),
    }
    for content in sessions.values():
        assert site.score(content).status_code == 202
    assert done(site, "POST", "process")["final"] == 2
    for name, content in sessions.items():
        final = decode_verdict(site.request("GET", RESULT + name).content)
        alone = json.loads(content) | {"sessionId": name + "-alone", "options": None}
        at_once = decode_verdict(site.score(json.dumps(alone).encode()).content)
        assert (final.status, final.decision, final.reasons) == ("final", at_once.decision, at_once.reasons)
        assert final.decision != "pass"


def test_an_erased_session_leaves_the_queue(site: Site) -> None:
    queue(site, "stays", "goes")
    erased = site.request("DELETE", "/api/v1/sessions/goes", headers={"Authorization": f"Bearer {ADMIN}"})
    assert erased.json() == {"sessionId": "goes", "erased": 1}
    is_problem(site.request("GET", RESULT + "goes"), 404, "session-not-found")
    assert done(site, "POST", "process")["sessions"] == 1
    assert site.request("GET", RESULT + "goes").status_code == 404


def test_a_result_that_nobody_keeps_any_more_is_gone(site: Site) -> None:
    queue(site, "s")
    site.score(body(2, sessionId="never-queued"))
    done(site, "POST", "process")
    is_problem(site.request("GET", RESULT + "unknown"), 404, "session-not-found")
    site.store.purge(SystemClock().now() + timedelta(days=91), timedelta(days=7), timedelta(days=90))
    is_problem(site.request("GET", RESULT + "s"), 410, "result-gone")
    is_problem(site.request("GET", RESULT + "never-queued"), 404, "session-not-found")


def test_what_was_given_up_is_final_and_can_be_had_back(site: Site) -> None:
    names = ["one", "two", "three"]
    queue(site, *names)
    bury(site, *names)
    for name in names:
        verdict = decode_verdict(site.request("GET", RESULT + name).content)
        assert (verdict.status, verdict.fallback_reason) == ("final", "buried")

    page = done(site, "GET", "buried", params={"limit": 2})
    assert [grave["sessionId"] for grave in page["sessions"]] == ["one", "two"]
    rest = done(site, "GET", "buried", params={"limit": 2, "after": page["next"]})
    assert ([grave["sessionId"] for grave in rest["sessions"]], rest["next"]) == (["three"], None)
    grave = rest["sessions"][0]
    assert (grave["scope"], grave["attempts"], grave["reason"], grave["error"]) == ("open", 1, "refused", "422: will not do")
    assert grave["verdict"]["fallbackReason"] == "buried"
    assert grave["buriedAt"].endswith("Z")

    assert done(site, "POST", "exhume", json={"sessionIds": ["one", "nobody"]}) == {"exhumed": 1, "notBuried": ["nobody"]}
    assert done(site, "POST", "exhume", json={"sessionIds": ["two"], "scope": "another"}) == {"exhumed": 0, "notBuried": ["two"]}
    waiting = site.request("GET", RESULT + "one")
    assert (waiting.status_code, waiting.json()["verdict"]["status"]) == (202, "preliminary")
    assert done(site, "POST", "exhume", json={"all": True}) == {"exhumed": 2, "notBuried": []}
    assert done(site, "GET", "buried") == {"sessions": [], "next": None}
    assert done(site, "POST", "process")["final"] == 3
    assert {decode_verdict(site.request("GET", RESULT + name).content).fallback_reason for name in names} == {None}


@pytest.mark.parametrize(
    "order",
    [{}, {"all": False}, {"all": True, "sessionIds": ["s"]}, {"all": True, "scope": "open"}, {"sessionIds": []}, {"sessionIds": [""]}],
)
def test_what_is_to_be_exhumed_has_to_be_clear(plain: Site, order: object) -> None:
    is_problem(as_admin(plain, "POST", "exhume", json=order), 422, "invalid-request")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "limit=", "limit=1&limit=2", "after=-1", "after=9999999999999999999999"]
)
def test_a_page_that_cannot_be_is_refused(plain: Site, query: str) -> None:
    problem = is_problem(as_admin(plain, "GET", "buried?" + query), 422, "invalid-request")
    assert problem["path"] == "?" + query.partition("=")[0]


def test_clearing_ends_the_wait_and_has_to_be_confirmed(site: Site) -> None:
    queue(site, "lost")
    bury(site, "lost")
    queue(site, "one", "two")
    for order in ({}, {"confirm": False}):
        assert is_problem(as_admin(site, "POST", "clear", json=order), 422, "invalid-request")["path"] == "$.confirm"
    is_problem(as_admin(site, "POST", "clear"), 422, "invalid-request")
    assert done(site, "GET", "stats")["queued"] == 2
    assert done(site, "POST", "clear", json={"confirm": True}) == {
        "cleared": 2, "verdicts": {"status": "final", "fallbackReason": "cleared"}, "forgotten": 1, "left": 0,
    }  # fmt: skip
    for name in ("one", "two"):
        verdict = decode_verdict(site.request("GET", RESULT + name).content)
        assert (verdict.status, verdict.fallback_reason) == ("final", "cleared")
    stats = done(site, "GET", "stats")
    assert (stats["queued"], stats["settled"], stats["buried"], stats["oldestAgeSeconds"]) == (0, 2, 0, None)


def test_what_somebody_works_at_is_left_to_whoever_does(site: Site) -> None:
    queue(site, "s")
    assert len(site.store.batch.claim("somebody", PATIENCE, Forming(1, 0, 50))) == 1
    nothing = {"batches": 0, "sessions": 0, "final": 0, "buried": 0, "retried": 0, "postponed": 0, "stopped": "empty"}
    assert done(site, "POST", "process") == nothing
    cleared = done(site, "POST", "clear", json={"confirm": True})
    assert (cleared["cleared"], cleared["left"]) == (0, 1)
    claimed = site.request("GET", RESULT + "s")
    assert (claimed.status_code, claimed.json()["status"], claimed.json()["position"]) == (202, "queued", 0)
    stats = done(site, "GET", "stats")
    assert (stats["queued"], stats["claimed"]) == (0, 1)
    assert stats["oldestAgeSeconds"] >= 0


def test_two_who_process_at_once_share_what_there_is(site: Site) -> None:
    names = [f"s{number}" for number in range(20)]
    queue(site, *names)
    headers = {"Authorization": f"Bearer {ADMIN}"}

    async def together() -> list[httpx.Response]:
        return list(await asyncio.gather(*(site.ask("POST", BATCH + "process", headers=headers) for _ in range(4))))

    answers = asyncio.run(together())
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["final"] for answer in answers) == 20
    assert {decode_verdict(site.request("GET", RESULT + name).content).revision for name in names} == {2}


def test_the_switch_of_the_scheduler_is_the_stores(site: Site, reopen: Callable[[], Store], tmp_path: Path) -> None:
    assert done(site, "GET", "scheduler/status") == {
        "running": True, "changedAt": None, "intervalSeconds": 30.0, "least": 10, "most": 50, "waitSeconds": 300.0, "lastTickAt": None,
        "batches": 0, "pausedUntil": None, "failures": 0, "reason": None,
    }  # fmt: skip
    assert done(site, "POST", "scheduler/start") == {"running": True, "changed": False}
    assert done(site, "POST", "scheduler/stop") == {"running": False, "changed": True}
    assert done(site, "POST", "scheduler/stop", json={}) == {"running": False, "changed": False}
    with closing(reopen()) as store:
        other = Site(tmp_path / "other", store=store, admin_key=ADMIN)
        status = done(other, "GET", "scheduler/status")
        assert status["running"] is False
        assert status["changedAt"].endswith("Z")
        assert done(other, "GET", "stats")["scheduler"] == status
        assert asyncio.run(other.services.batch.scheduler.check()) is None
        assert done(other, "POST", "scheduler/start") == {"running": True, "changed": True}
    assert done(site, "GET", "stats")["scheduler"]["running"] is True


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "stats"),
        ("POST", "process"),
        ("GET", "scheduler/status"),
        ("POST", "scheduler/start"),
        ("POST", "scheduler/stop"),
        ("POST", "clear"),
        ("GET", "buried"),
        ("POST", "exhume"),
    ],
)
def test_only_the_operator_works_the_queue(tmp_path: Path, method: str, path: str) -> None:
    site = Site(tmp_path / "data", api_keys={"shop": "shop-key"}, admin_key=ADMIN)
    try:
        is_problem(site.request(method, BATCH + path), 401, "unauthorized")
        is_problem(site.request(method, BATCH + path, headers={"Authorization": "Bearer shop-key"}), 401, "unauthorized")
    finally:
        site.close()


def test_a_result_belongs_to_the_key_that_sent_the_session(tmp_path: Path) -> None:
    site = Site(tmp_path / "data", api_keys={"shop": "shop-key", "club": "club-key"}, admin_key=ADMIN)
    try:
        content = body(1, sessionId="s", options={"useBatch": True})
        assert site.score(content, Authorization="Bearer shop-key").status_code == 202
        is_problem(site.request("GET", RESULT + "s"), 401, "unauthorized")
        is_problem(site.request("GET", RESULT + "s", headers={"Authorization": "Bearer club-key"}), 404, "session-not-found")
        assert site.request("GET", RESULT + "s", headers={"Authorization": "Bearer shop-key"}).status_code == 202
    finally:
        site.close()


@pytest.mark.parametrize("path", ["process", "scheduler/start", "scheduler/stop", "clear", "exhume"])
def test_an_order_is_read_strictly(plain: Site, path: str) -> None:
    problem = is_problem(as_admin(plain, "POST", path, json={"surprise": 1}), 422, "invalid-request")
    assert "surprise" in problem["detail"]
    assert is_problem(as_admin(plain, "POST", path + "?most=1&confirm=true"), 422, "invalid-request")["path"] == "?most"
    is_problem(as_admin(plain, "POST", path, content=b"{"), 415, "unsupported-media-type")
    headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/json"}
    is_problem(plain.request("POST", BATCH + path, headers=headers, content=b"{"), 400, "malformed-json")
    is_problem(plain.request("POST", BATCH + path, headers=headers, content=b" " * (256 * 1024 + 1)), 413, "too-large")
    assert done(plain, "GET", "scheduler/status")["changedAt"] is None


def test_a_session_over_the_limit_is_not_queued(plain: Site) -> None:
    big = body(1, sessionId="s", note="x" * (2 * 1024**2), options={"useBatch": True})
    is_problem(plain.score(big), 413, "too-large")
    assert done(plain, "GET", "stats")["queued"] == 0
