"""What an operator, and whoever tries the demo, is shown of sessions and of how far visitors came."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import numpy as np
import pytest

from playproof.features import CATALOGUE
from playproof.settings import Settings
from playproof.store import Store
from playproof.testing import FakeClock
from playproof.testing.players import play_by_mouse
from playproof.verification.demo import DEMO, DEMO_SITEKEY, ensure_demo, origins_at
from tests.serving import body, is_problem
from tests.visiting import VisitedSite, WebVisitor, add_site

ADMIN = {"Authorization": "Bearer the-admin-key"}
CHEAP = Settings(toll_beside=100, toll_instead=100)
HERE = "http://localhost:8000"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[VisitedSite]:
    site = VisitedSite(tmp_path, settings=CHEAP, admin_key="the-admin-key")
    ensure_demo(site.store, 8000, site.clock, bytes)
    yield site
    site.close()


def looked(site: VisitedSite, path: str) -> Any:
    response = site.request("GET", f"/api/v1/operator/{path}", headers=ADMIN)
    assert response.status_code == 200, response.text
    return response.json()


def viewed(site: VisitedSite, visitor: WebVisitor, scope: str = "site:shop") -> Any:
    return looked(site, f"sessions/{quote(scope, safe='')}/{visitor.name}")


def demo_play(site: VisitedSite, seed: int) -> WebVisitor:
    """Somebody who has played at the demo page."""
    visitor = WebVisitor(at_the_demo(site), "bubble-pop", seed, sitekey=DEMO_SITEKEY)
    play_by_mouse(visitor)
    return visitor


def at_the_demo(site: VisitedSite) -> VisitedSite:
    """The same site, to a browser that is on the demo page."""
    here = copy(site)
    here.post = partial(site.post, origin=HERE)  # type: ignore[method-assign]
    return here


@pytest.mark.parametrize("game", ["bubble-pop", "snake"])
def test_a_session_is_shown_with_all_that_is_known_of_it(site: VisitedSite, game: str) -> None:
    visitor = site.plays(game, 1, action="signup", cdata="order-7")
    shown = viewed(site, visitor)
    assert shown["verdict"] == site.verdict(visitor)
    assert (shown["gameType"], shown["deviceType"], shown["label"]) == (game, "mouse", None)
    challenge = shown["challenge"]
    assert (challenge["site"], challenge["siteName"], challenge["action"], challenge["cdata"]) == ("shop", "shop", "signup", "order-7")
    assert (challenge["way"], challenge["completed"], challenge["prompt"], challenge["violations"]) == ("game", True, True, {})
    assert shown["policy"]["name"] == "verify"
    assert shown["policy"]["version"].startswith("verify-")
    assert (shown["field"], len(shown["targets"])) == ({"width": 1000, "height": 600}, challenge["hits"])
    path = {axis: np.array(values) for axis, values in shown["path"].items()}
    assert len(path["t"]) == len(path["x"]) == len(path["y"]) > 30
    for target in shown["targets"]:
        near = np.interp(target["hitAt"], path["t"], path["x"]), np.interp(target["hitAt"], path["t"], path["y"])
        assert np.hypot(near[0] - target["x"], near[1] - target["y"]) < target["radius"] + 60, "the pointer was there when it was hit"
        assert target["shownAt"] < target["hitAt"]


def test_features_stand_beside_people_by_the_catalogue(site: VisitedSite) -> None:
    visitor = site.plays("bubble-pop", 2)
    shown = viewed(site, visitor)
    portrait = shown["portrait"]
    assert portrait["levels"] == [0.01, 0.25, 0.5, 0.75, 0.99]
    known = {feature.name: feature for feature in CATALOGUE}
    assert {one["name"]: one["value"] for one in portrait["features"]} == shown["verdict"]["featureSummary"]
    for one in portrait["features"]:
        feature = known[one["name"]]
        assert (one["unit"], one["meaning"], one["role"]) == (feature.unit, feature.meaning, feature.role)
        assert one["people"] == sorted(one["people"])
    ranges = site.services.service.judge.chain.model.ranges
    first = portrait["features"][0]
    place = [feature.name for feature in CATALOGUE].index(first["name"])
    assert first["people"][2] == pytest.approx(ranges.quantiles[place, list(ranges.levels).index(0.5)], rel=1e-5)


def test_a_visitor_without_a_play_has_no_path(site: VisitedSite) -> None:
    visitor = site.plays_by_keys("bubble-pop", 3)
    shown = viewed(site, visitor)
    assert (shown["path"]["t"], shown["deviceType"]) == ([], "keyboard")
    assert len(shown["targets"]) == 7


def test_sessions_of_callers_are_shown_too(site: VisitedSite) -> None:
    assert site.score(body(sessionId="a/b")).status_code == 200
    shown = looked(site, f"sessions/open/{quote('a/b', safe='')}")
    assert (shown["sessionId"], shown["challenge"], shown["field"], shown["targets"]) == ("a/b", None, None, [])
    assert (shown["policy"]["name"], shown["policy"]["version"]) == ("score", None)
    assert len(shown["path"]["t"]) > 30


@pytest.mark.parametrize("path", ["sessions/site%3Ashop/nobody", "sessions/%00/nobody", "sessions/open/%00", "sessions/open"])
def test_what_is_not_there_is_not_shown(site: VisitedSite, path: str) -> None:
    response = site.request("GET", f"/api/v1/operator/{path}", headers=ADMIN)
    is_problem(response, 404, "session-not-found")


@pytest.mark.parametrize("path", ["sites", "funnel", "challenges", "sessions/site%3Ashop/x"])
def test_the_operators_view_asks_for_the_key(site: VisitedSite, path: str) -> None:
    is_problem(site.request("GET", f"/api/v1/operator/{path}"), 401, "unauthorized")
    is_problem(site.request("GET", f"/api/v1/operator/{path}", headers={"Authorization": "Bearer other"}), 401, "unauthorized")


def test_the_funnel_counts_what_happened(site: VisitedSite) -> None:
    assert looked(site, "funnel")["rows"] == []
    site.plays("bubble-pop", 4)
    WebVisitor(site, "bubble-pop", 5)
    begun = WebVisitor(site, "bubble-pop", 6)
    begun.send()
    counts: dict[str, int] = {}
    for row in looked(site, "funnel")["rows"]:
        for name in ("issued", "started", "finished", "verified"):
            counts[name] = counts.get(name, 0) + row[name]
    assert (counts["issued"], counts["finished"], counts["verified"]) == (3, 1, 0)
    told = looked(site, "funnel?site=shop")
    assert [row["decisions"] for row in told["rows"] if row["device"] == "mouse"] == [{"pass": 1}]
    assert looked(site, "funnel?site=nobody")["rows"] == []
    assert looked(site, "funnel?since=0&until=1") == {
        "since": "1970-01-01T00:00:00.000Z",
        "until": "1970-01-01T00:00:00.001Z",
        "site": None,
        "rows": [],
    }


def test_challenges_are_listed_page_by_page(site: VisitedSite) -> None:
    add_site(site.store, "blog")
    played = site.plays("bubble-pop", 7)
    site.clock.advance(1.0)
    begun = WebVisitor(site, "osu", 8)
    first = looked(site, "challenges?limit=1")
    assert [(one["id"], one["stage"], one["decision"]) for one in first["challenges"]] == [(begun.name, "issued", None)]
    second = looked(site, f"challenges?limit=1&after={first['after']}")
    assert [(one["id"], one["stage"], one["decision"]) for one in second["challenges"]] == [(played.name, "finished", "pass")]
    assert second["after"] is None
    assert second["challenges"][0]["scope"] == "site:shop"
    assert looked(site, "challenges?site=blog") == {"challenges": [], "after": None}
    assert [one["id"] for one in looked(site, "sites")["sites"]] == [DEMO, "blog", "shop"]


@pytest.mark.parametrize("query", ["challenges?after=x", "challenges?limit=0", "challenges?site=%00", "funnel?since=-1", "funnel?step=1"])
def test_what_is_no_question_is_told_so(site: VisitedSite, query: str) -> None:
    is_problem(site.request("GET", f"/api/v1/operator/{query}", headers=ADMIN), 422, "invalid-request")


class TestDemo:
    """The demo is for whoever sits at the machine, and shows its own sessions alone."""

    @pytest.fixture
    def visitor(self, site: VisitedSite) -> WebVisitor:
        return demo_play(site, 9)

    def verify(self, site: VisitedSite, token: str) -> Any:
        content = msgspec.json.encode({"response": token})
        return site.request("POST", "/api/v1/demo/siteverify", content=content, headers={"Content-Type": "application/json"}).json()

    def test_a_play_is_verified_and_shown_without_a_key(self, site: VisitedSite, visitor: WebVisitor) -> None:
        assert site.request("GET", "/api/v1/demo").json() == {"sitekey": DEMO_SITEKEY}
        told = self.verify(site, visitor.token)
        assert (told["success"], told["decision"], told["event_id"]) == (True, "pass", visitor.name)
        shown = site.request("GET", f"/api/v1/demo/sessions/{told['event_id']}").json()
        assert shown == viewed(site, visitor, f"site:{DEMO}")
        assert shown["challenge"]["hostname"] == "localhost"
        assert not shown["eligible"], "what is played here serves nothing"

    def test_a_token_is_worth_something_once(self, site: VisitedSite, visitor: WebVisitor) -> None:
        self.verify(site, visitor.token)
        assert self.verify(site, visitor.token) == {"success": False, "error-codes": ["timeout-or-duplicate", "already-seen-response"]}
        assert not self.verify(site, "nonsense")["success"]
        foreign = site.plays("bubble-pop", 10)
        assert not self.verify(site, foreign.token)["success"]

    def test_sessions_of_others_are_not_shown(self, site: VisitedSite) -> None:
        foreign = site.plays("bubble-pop", 11)
        is_problem(site.request("GET", f"/api/v1/demo/sessions/{foreign.name}"), 404, "session-not-found")
        site.score(body(sessionId="mine"))
        is_problem(site.request("GET", "/api/v1/demo/sessions/mine"), 404, "session-not-found")
        site.score(body(sessionId="free"), playproof_demo="true")
        assert site.request("GET", "/api/v1/demo/sessions/free").json()["scope"] == "demo"

    def test_it_is_for_this_machine_alone(self, site: VisitedSite, visitor: WebVisitor) -> None:
        for path in ("/api/v1/demo", f"/api/v1/demo/sessions/{visitor.name}"):
            is_problem(site.request("GET", path, client="192.0.2.7"), 403, "forbidden")
            is_problem(site.request("GET", path, headers={"X-Forwarded-For": "192.0.2.7"}), 403, "forbidden")
            is_problem(site.request("GET", path, headers={"Origin": "https://evil.example"}), 403, "origin-not-allowed")

    def test_a_service_for_others_has_none(self, tmp_path: Path) -> None:
        site = VisitedSite(tmp_path / "public", host="192.0.2.1", api_keys={"shop": "k"})
        ensure_demo(site.store, 8000, site.clock, bytes)
        is_problem(site.request("GET", "/api/v1/demo"), 403, "forbidden")
        site.close()

    def test_a_service_without_it_says_so(self, tmp_path: Path) -> None:
        site = VisitedSite(tmp_path / "bare")
        is_problem(site.request("GET", "/api/v1/demo"), 403, "forbidden")
        site.close()


class TestEnsured:
    """The demo's site is there once, with the origins of all ports it was served at lately."""

    def origins(self, store: Store) -> tuple[str, ...]:
        found = store.sites.get(DEMO)
        assert found is not None
        return found.origins

    def test_said_twice_it_is_there_once(self, site: VisitedSite) -> None:
        before = site.store.sites.get(DEMO)
        ensure_demo(site.store, 8000, FakeClock(), bytes)
        assert site.store.sites.get(DEMO) == before
        assert self.origins(site.store) == ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000")

    def test_another_port_joins_and_old_ones_go(self, site: VisitedSite) -> None:
        for port in range(8001, 8010):
            ensure_demo(site.store, port, site.clock, bytes)
        assert self.origins(site.store)[:3] == origins_at(8009)
        assert set(origins_at(8002)) <= set(self.origins(site.store))
        assert not set(origins_at(8000)) & set(self.origins(site.store))
