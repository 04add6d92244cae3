"""The HTTP routes, in this process: verdicts, ids, keys, operation."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from playproof.decision import Verdict
from playproof.errors import StoreUnavailable
from playproof.observe.logging import LogWriter
from playproof.service import decode_verdict
from playproof.testing import ScriptedScorer
from tests.serving import Site, body, is_problem

Make = Callable[..., Site]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes sites that are closed at the end."""
    made: list[Site] = []

    def build(**given: Any) -> Site:
        site = Site(tmp_path / "data", **given)
        made.append(site)
        return site

    yield build
    for site in made:
        site.close()


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_session_gets_a_verdict_that_is_stored(make: Make) -> None:
    site = make()
    response = site.score(body(sessionId="s-1"))
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    verdict: Verdict = decode_verdict(response.content)
    assert (verdict.session_id, verdict.decision, verdict.status) == ("s-1", "pass", "final")
    assert "Playproof-Replayed" not in response.headers
    assert site.request("GET", "/api/v1/sessions/s-1").content == response.content
    assert site.metric("playproof_verdicts_total", decision="pass", source="local", stratum="targets/mouse") == 1
    assert site.metric("playproof_sessions_total", outcome="stored") == 1
    assert site.metric("playproof_store_waiting") == 0


def test_fields_that_are_not_known_are_ignored_and_counted(make: Make) -> None:
    site = make()
    assert site.score(body(deviceTyp="mouse", movement=[])).status_code == 200
    assert site.metric("playproof_ignored_fields_total") == 2


def test_a_missing_id_is_made(make: Make) -> None:
    site = make()
    first, second = site.score(body()).json(), site.score(body()).json()
    assert first["sessionId"].startswith("pp_")
    assert first["sessionId"] != second["sessionId"]


def test_the_same_again_is_replayed_and_something_else_a_conflict(make: Make) -> None:
    site = make()
    first = site.score(body(1, sessionId="same"))
    again = site.score(body(1, sessionId="same"))
    assert again.content == first.content
    assert again.headers["Playproof-Replayed"] == "true"
    is_problem(site.score(body(2, sessionId="same")), 409, "session-conflict")
    assert site.metric("playproof_sessions_total", outcome="replayed") == 1
    assert site.metric("playproof_sessions_total", outcome="conflict") == 1
    assert site.metric("playproof_verdicts_total", decision="pass") == 1


def test_duplicates_at_the_same_instant_are_stored_once(make: Make) -> None:
    site = make()
    content = body(sessionId="burst")

    async def burst() -> list[httpx.Response]:
        headers = {"Content-Type": "application/json"}
        return await asyncio.gather(*(site.ask("POST", "/api/v1/score", content=content, headers=headers) for _ in range(50)))

    answers = asyncio.run(burst())
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Playproof-Replayed" not in answer.headers for answer in answers) == 1
    assert site.metric("playproof_sessions_total", outcome="stored") == 1


def test_an_id_may_hold_anything_printable(make: Make) -> None:
    site = make()
    for name in ("a/b", "a//b/", "..", "%2F", "käse 🧀", "?x=1#y"):
        assert site.score(body(sessionId=name)).json()["sessionId"] == name
        path = "/api/v1/sessions/" + "".join(f"%{byte:02X}" for byte in name.encode())
        assert site.request("GET", path).json()["sessionId"] == name, name


def test_nothing_stored_is_not_found(make: Make) -> None:
    site = make()
    is_problem(site.request("GET", "/api/v1/sessions/none"), 404, "session-not-found")


def test_keys_open_the_api_and_part_the_ids(make: Make) -> None:
    site = make(api_keys={"shop": "key-of-the-shop", "bank": "key-of-the-bank"})
    refused = site.score(body(sessionId="s"))
    is_problem(refused, 401, "unauthorized")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    is_problem(site.score(body(sessionId="s"), Authorization="Bearer wrong"), 401, "unauthorized")
    is_problem(site.score(body(sessionId="s"), Authorization="Basic key-of-the-shop"), 401, "unauthorized")
    assert site.score(body(1, sessionId="s"), Authorization="Bearer key-of-the-shop").status_code == 200
    assert site.score(body(2, sessionId="s"), Authorization="bearer key-of-the-bank").status_code == 200
    is_problem(site.request("GET", "/api/v1/sessions/s"), 401, "unauthorized")
    shop = site.request("GET", "/api/v1/sessions/s", headers=bearer("key-of-the-shop"))
    bank = site.request("GET", "/api/v1/sessions/s", headers=bearer("key-of-the-bank"))
    assert shop.content != bank.content


def test_the_demo_keeps_to_itself(make: Make) -> None:
    site = make()
    assert site.score(body(1, sessionId="d"), Playproof_Demo="true").status_code == 200
    is_problem(site.request("GET", "/api/v1/sessions/d"), 404, "session-not-found")
    assert site.request("GET", "/api/v1/sessions/d", headers={"Playproof-Demo": "true"}).status_code == 200
    assert site.store.get("demo", "d") is not None


def test_erasure_needs_the_admin_key_and_reaches_every_scope(make: Make) -> None:
    site = make(api_keys={"shop": "key-of-the-shop"}, admin_key="the-admin-key")
    site.score(body(1, sessionId="s"), Authorization="Bearer key-of-the-shop")
    site.score(body(1, sessionId="s"), Authorization="Bearer key-of-the-shop", Playproof_Demo="true")
    is_problem(site.request("DELETE", "/api/v1/sessions/s"), 401, "unauthorized")
    is_problem(site.request("DELETE", "/api/v1/sessions/s", headers=bearer("key-of-the-shop")), 401, "unauthorized")
    gone = site.request("DELETE", "/api/v1/sessions/s", headers=bearer("the-admin-key"))
    assert gone.json() == {"sessionId": "s", "erased": 2}
    is_problem(site.request("DELETE", "/api/v1/sessions/s", headers=bearer("the-admin-key")), 404, "session-not-found")
    assert site.metric("playproof_erased_total") == 2


def test_without_an_admin_key_nothing_is_erased(make: Make) -> None:
    is_problem(make().request("DELETE", "/api/v1/sessions/s", headers=bearer("x")), 403, "forbidden")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:8000"},
        {"Host": "evil.example:8000", "Origin": "http://evil.example:8000"},
    ],
)
def test_a_name_that_resolves_here_is_refused(make: Make, headers: dict[str, str]) -> None:
    is_problem(make().request("GET", "/health", headers=headers), 403, "host-not-allowed")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:3000", "https://localhost:8000"])
def test_a_page_of_another_origin_is_refused(make: Make, origin: str) -> None:
    is_problem(make().score(body(), Origin=origin), 403, "origin-not-allowed")


def test_our_own_page_and_names_are_let_in(make: Make) -> None:
    site = make()
    assert site.score(body(), Origin="http://127.0.0.1:8000").status_code == 200
    assert site.request("GET", "/health", headers={"Host": "localhost:8000", "Origin": "http://localhost:8000"}).status_code == 200
    assert site.request("GET", "/health", headers={"Host": "[::1]:8000"}).status_code == 200


def test_metrics_are_for_this_machine_or_the_token(make: Make) -> None:
    site = make(host="0.0.0.0", api_keys={"shop": "key-of-the-shop"}, metrics_token="the-metrics-token")
    assert site.request("GET", "/metrics").status_code == 200
    is_problem(site.request("GET", "/metrics", client="10.0.0.9"), 401, "unauthorized")
    is_problem(site.request("GET", "/metrics", headers={"X-Forwarded-For": "10.0.0.9"}), 401, "unauthorized")
    is_problem(site.request("GET", "/metrics", headers={"Host": "public.example"}), 401, "unauthorized")
    answer = site.request("GET", "/metrics", client="10.0.0.9", headers=bearer("the-metrics-token"))
    assert answer.headers["content-type"].startswith("text/plain")
    assert "playproof_requests_total" in answer.text
    is_problem(make(host="0.0.0.0").request("GET", "/metrics", client="10.0.0.9"), 403, "forbidden")


def test_health_and_readiness(make: Make) -> None:
    site = make()
    assert site.request("GET", "/health").json()["status"] == "ok"
    assert site.request("GET", "/ready").json() == {"ready": True, "checks": {"store": "ok"}}
    site.close()
    unready = site.request("GET", "/ready")
    assert unready.status_code == 503
    assert unready.json()["checks"]["store"] != "ok"


def test_a_store_that_takes_nothing_acknowledges_nothing(make: Make) -> None:
    site = make()
    site.close()
    refused = site.score(body(sessionId="lost"))
    problem = is_problem(refused, 503, "store-unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert "sessionId" not in problem
    assert site.metric("playproof_errors_total", code="store-unavailable") == 1
    assert site.metric("playproof_store_waiting") == 0


def test_a_model_that_breaks_is_stepped_over_and_counted(make: Make) -> None:
    site = make(model=ScriptedScorer(error=RuntimeError("broken")))
    verdict = site.score(body()).json()
    assert (verdict["anomaly"]["source"], verdict["fallbackReason"], verdict["decision"]) == ("heuristic", "model_error", "review")
    assert site.metric("playproof_fallbacks_total", reason="model_error") == 1


def test_what_nobody_foresaw_is_told_by_id_alone(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    site = make()

    def broken(*_: object) -> None:
        raise RuntimeError("a secret of the inside")

    site.store.get = broken  # type: ignore[method-assign, assignment]
    problem = is_problem(site.request("GET", "/api/v1/sessions/s"), 500, "internal-error")
    assert "secret" not in json.dumps(problem)
    (record,) = [record for record in caplog.records if record.message == "internal error"]
    assert record.__dict__["incident"] in problem["detail"]
    assert record.exc_info is not None


def test_unavailable_while_reading_is_503(make: Make) -> None:
    site = make()

    def away(*_: object) -> None:
        raise StoreUnavailable("locked")

    site.store.get = away  # type: ignore[method-assign, assignment]
    is_problem(site.request("GET", "/api/v1/sessions/s"), 503, "store-unavailable")


def test_methods_and_paths_that_are_not_served(make: Make) -> None:
    site = make()
    is_problem(site.request("GET", "/nowhere"), 404, "not-found")
    is_problem(site.request("GET", "/assets/demo.html"), 404, "not-found")
    refused = site.request("GET", "/api/v1/score")
    is_problem(refused, 405, "method-not-allowed")
    assert refused.headers["Allow"] == "OPTIONS, POST"
    refused = site.request("POST", "/api/v1/sessions/s")
    is_problem(refused, 405, "method-not-allowed")
    assert refused.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS"
    is_problem(site.request("TRACE", "/health"), 405, "method-not-allowed")
    told = site.request("OPTIONS", "/api/v1/sessions/s")
    assert (told.status_code, told.headers["Allow"]) == (204, "DELETE, GET, HEAD, OPTIONS")
    is_problem(site.request("OPTIONS", "/nowhere"), 404, "not-found")
    assert site.request("HEAD", "/health").status_code == 200


def test_pages_come_from_here_alone(make: Make) -> None:
    site = make()
    for path in ("/", "/free", "/operator", "/api/v1/docs"):
        page = site.request("GET", path)
        assert page.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for link in [part.split('"')[0] for part in page.text.replace('src="', 'href="').split('href="')[1:]]:
            assert link.startswith("/"), link
            assert site.request("GET", link, follow_redirects=True).status_code == 200, link


def test_telemetry_is_kept_only_where_asked(make: Make) -> None:
    kept = make()
    kept.score(body(sessionId="kept"))
    stored = kept.store.get("open", "kept")
    assert stored is not None
    assert stored.telemetry
    kept.close()
    site = make(keep_telemetry=False)
    site.score(body(sessionId="bare"))
    stored = site.store.get("open", "bare")
    assert stored is not None
    assert stored.telemetry is None
    assert stored.features


def test_a_line_for_each_request_without_what_it_carried(make: Make) -> None:
    stream = io.StringIO()
    site = make(access=LogWriter("json", stream=stream), api_keys={"shop": "key-of-the-shop"}, admin_key="the-admin-key")
    site.score(body(sessionId="s"), Authorization="Bearer key-of-the-shop")
    site.request("DELETE", "/api/v1/sessions/s?key=in-the-query", headers=bearer("the-admin-key"))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("POST", "/api/v1/score", 200),
        ("DELETE", "/api/v1/sessions/s", 200),
    ]
    for hidden in ("key-of-the-shop", "the-admin-key", "in-the-query", "movements"):
        assert hidden not in stream.getvalue()
