"""Challenges over HTTP: issued, played, finished; what a page of a site gets and what is kept."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from playproof.challenges import GAMES, Batch, Event
from playproof.challenges.events import Device, Kind
from playproof.errors import StoreUnavailable
from playproof.scoring.local import load_artefact, reference_path
from playproof.settings import Settings
from playproof.store.challenge_tables import ChallengeTables
from playproof.testing.players import play_by_keys, play_by_mouse
from playproof.tokens.site import SitePolicy
from playproof.tokens.trial import TRIAL_TOKEN
from tests.serving import is_problem
from tests.visiting import SITEKEY, Refused, VisitedSite, WebVisitor, add_site

CHEAP = Settings(toll_beside=100, toll_instead=100, challenges_per_address=10_000, accessible_per_address=4)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[VisitedSite]:
    site = VisitedSite(tmp_path, settings=CHEAP)
    yield site
    site.close()


def codes(verdict: Any) -> list[str]:
    return [reason["code"] for reason in verdict["reasons"]]


def solved(toll: Any, **changed: Any) -> str:
    """What a browser works out of a toll."""
    numbers = range(toll["maxnumber"] + 1)
    number = next(number for number in numbers if hashlib.sha256(f"{toll['salt']}{number}".encode()).hexdigest() == toll["challenge"])
    said = {name: toll[name] for name in ("algorithm", "challenge", "salt", "signature")}
    return base64.b64encode(json.dumps({**said, "number": number, **changed}).encode()).decode()


@pytest.mark.parametrize("game", GAMES)
def test_a_person_plays_and_has_a_token(site: VisitedSite, game: str) -> None:
    visitor = site.plays(game, 1)
    assert visitor.token.startswith("pp1.")
    verdict = site.verdict(visitor)
    assert (verdict["decision"], verdict["policy"]) == ("pass", "verify"), verdict["reasons"]
    assert site.metric("playproof_challenges_total", outcome="issued", game=game) == 1
    assert site.metric("playproof_challenges_total", outcome="started", game=game) == 1
    assert site.metric("playproof_challenge_decisions_total", game=game, device="mouse", decision="pass") == 1


def test_the_shipped_model_judges_how_it_was_played(tmp_path: Path) -> None:
    site = VisitedSite(tmp_path, settings=CHEAP, model=load_artefact(reference_path()))
    verdict = site.verdict(site.plays("bubble-pop", 1))
    assert verdict["calibration"]["reference"] == "targets/mouse", "bubble-pop borrows the people of another game"
    assert verdict["decision"] in ("pass", "review"), "movement alone fails nobody"
    site.close()


def test_what_a_page_is_told_is_for_any_origin_and_no_cache(site: VisitedSite) -> None:
    answer = site.send("/api/v1/challenges", {"sitekey": SITEKEY, "game": "osu"})
    assert answer.status_code == 201
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"way", "id", "game", "width", "height", "expiresIn", "parameters", "reveal", "receipt"}
    before = site.request("OPTIONS", "/api/v1/challenges", headers={"Origin": "https://shop.example"})
    assert before.status_code == 204
    assert before.headers["access-control-allow-headers"] == "content-type"


@pytest.mark.parametrize("origin", [None, "https://evil.example", "http://shop.example", "https://shop.example:444", "null"])
def test_a_page_of_another_origin_gets_no_challenge(site: VisitedSite, origin: str | None) -> None:
    refused = site.send("/api/v1/challenges", {"sitekey": SITEKEY}, origin)
    is_problem(refused, 403, "origin-not-allowed")
    assert refused.headers["access-control-allow-origin"] == "*", "or the page could not read why"


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"sitekey": "pk_nobody"}, 404, "site-not-found"),
        ({"sitekey": SITEKEY, "game": "chess"}, 422, "invalid-request"),
        ({"sitekey": SITEKEY, "way": "magic"}, 422, "invalid-request"),
        ({"sitekey": SITEKEY, "action": "log in"}, 422, "invalid-request"),
        ({"sitekey": SITEKEY, "action": "login\n"}, 422, "invalid-request"),
        ({"sitekey": SITEKEY, "cdata": "x" * 256}, 422, "invalid-request"),
        ({"sitekey": SITEKEY, "cdata": "order\u00007"}, 422, "invalid-request"),
        ({"sitekey": SITEKEY, "cdata": "order-7\n"}, 422, "invalid-request"),
        ({"sitekey": SITEKEY, "score": 1}, 422, "invalid-request"),
        ({}, 422, "invalid-request"),
    ],
)
def test_what_is_no_wish_is_told_so(site: VisitedSite, asked: Any, status: int, code: str) -> None:
    is_problem(site.send("/api/v1/challenges", asked), status, code)


def test_a_site_offers_the_games_it_names(site: VisitedSite) -> None:
    add_site(site.store, "picky", SitePolicy(games=("osu",)))
    offered = site.post("/api/v1/challenges", {"sitekey": "pk_picky"}, "https://picky.example")
    assert offered["game"] == "osu"
    is_problem(site.send("/api/v1/challenges", {"sitekey": "pk_picky", "game": "snake"}, "https://picky.example"), 422, "invalid-request")


def test_without_a_wish_every_game_comes_up(site: VisitedSite) -> None:
    assert {site.post("/api/v1/challenges", {"sitekey": SITEKEY})["game"] for _ in range(60)} == set(GAMES)


class TestReceipts:
    """Every batch has its place; each way of not fitting has its reason, and changes nothing."""

    @pytest.fixture
    def begun(self, site: VisitedSite) -> WebVisitor:
        visitor = WebVisitor(site, "bubble-pop", 2)
        visitor.send()
        return visitor

    def batch(self, visitor: WebVisitor, sequence: int, receipt: str | None = None) -> Batch:
        now = Event(visitor.t + 20.0, 500.0, 300.0, Kind.MOVE, 0)
        return Batch(sequence=sequence, receipt=visitor.receipt if receipt is None else receipt, events=(now,))

    def refusal(self, visitor: WebVisitor, batch: Batch) -> tuple[int, str]:
        with pytest.raises(Refused) as refused:
            visitor.site.post(f"/api/v1/challenges/{visitor.name}/events", batch)
        return refused.value.status, refused.value.reason

    def test_dropped(self, begun: WebVisitor) -> None:
        assert self.refusal(begun, self.batch(begun, 3)) == (409, "missing")

    def test_reordered(self, begun: WebVisitor) -> None:
        assert self.refusal(begun, self.batch(begun, 1)) == (409, "reordered")

    def test_forged(self, begun: WebVisitor) -> None:
        key, _, mac = begun.receipt.partition(".")
        assert self.refusal(begun, self.batch(begun, 2, f"{key}.{mac[::-1]}")) == (409, "bad_receipt")

    def test_of_a_foreign_key(self, begun: WebVisitor) -> None:
        _, _, mac = begun.receipt.partition(".")
        assert self.refusal(begun, self.batch(begun, 2, f"other.{mac}")) == (409, "foreign_key")

    def test_of_another_challenge(self, begun: WebVisitor, site: VisitedSite) -> None:
        other = WebVisitor(site, "bubble-pop", 3)
        other.send()
        assert self.refusal(begun, self.batch(begun, 2, other.receipt)) == (409, "bad_receipt")

    def test_late(self, begun: WebVisitor, site: VisitedSite) -> None:
        site.clock.advance(121.0)
        assert self.refusal(begun, self.batch(begun, 2)) == (410, "expired")

    def test_said_again_is_answered_again(self, begun: WebVisitor, site: VisitedSite) -> None:
        site.clock.advance(1.0)
        path, batch = f"/api/v1/challenges/{begun.name}/events", self.batch(begun, 2)
        first = site.post(path, batch)
        assert site.post(path, batch) == first
        assert site.metric("playproof_challenge_batches_total", outcome="repeated") == 1

    def test_of_nobody(self, site: VisitedSite) -> None:
        batch = Batch(sequence=1, receipt="a.b", events=(Event(1.0, 1.0, 1.0, Kind.MOVE, 0),))
        is_problem(site.send("/api/v1/challenges/ch_none/events", batch), 404, "challenge-not-found")

    @pytest.mark.parametrize(
        "content",
        [
            {"sequence": 1, "receipt": "a", "events": []},
            {"sequence": 1, "receipt": "a", "events": [[1, 1, 1, 0, 0]] * 33},
            {"sequence": 0, "receipt": "a", "events": [[1, 1, 1, 0, 0]]},
            {"sequence": 1, "receipt": "a", "events": [[1, 1, 1, 9, 0]]},
        ],
    )
    def test_what_is_no_batch(self, begun: WebVisitor, site: VisitedSite, content: Any) -> None:
        is_problem(site.send(f"/api/v1/challenges/{begun.name}/events", content), 422, "invalid-request")

    def test_too_large(self, begun: WebVisitor, site: VisitedSite) -> None:
        content = {"sequence": 2, "receipt": "a" * 70_000, "events": [[1, 1, 1, 0, 0]]}
        is_problem(site.send(f"/api/v1/challenges/{begun.name}/events", content), 413, "too-large")


class TestFinish:
    def test_said_again_answers_the_same_token(self, site: VisitedSite) -> None:
        visitor = site.plays("bubble-pop", 4)
        site.clock.advance(1.0)
        again = visitor.finish()
        assert again["token"] == visitor.token
        assert again["expiresIn"] == 299_000
        site.clock.advance(300.0)
        with pytest.raises(Refused) as refused:
            visitor.finish()
        assert (refused.value.status, refused.value.reason) == (410, "expired")

    def test_with_another_receipt_is_refused(self, site: VisitedSite) -> None:
        visitor = site.plays("bubble-pop", 4)
        visitor.receipt = visitor.sent[0].answer.receipt
        with pytest.raises(Refused) as refused:
            visitor.finish()
        assert (refused.value.status, refused.value.reason) == (410, "closed")

    def test_an_attempt_is_one_attempt(self, site: VisitedSite) -> None:
        visitor = WebVisitor(site, "bubble-pop", 5)
        visitor.send()
        visitor.finish()
        verdict = site.verdict(visitor)
        assert verdict["decision"] == "fail"
        assert "challenge_incomplete" in codes(verdict)
        batch = Batch(sequence=2, receipt=visitor.receipt, events=(Event(9.0, 1.0, 1.0, Kind.MOVE, 0),))
        is_problem(site.send(f"/api/v1/challenges/{visitor.name}/events", batch), 410, "challenge-over")

    def test_pass_and_fail_look_alike(self, site: VisitedSite) -> None:
        passes = site.plays("bubble-pop", 6)
        fails = WebVisitor(site, "bubble-pop", 7)
        fails.send()
        answers = [site.send(f"/api/v1/challenges/{one.name}/finish", {"receipt": one.receipt}) for one in (passes, fails)]
        assert len(answers[0].content) == len(answers[1].content)
        assert dict(answers[0].headers) == dict(answers[1].headers)

    def test_what_a_crash_left_is_taken_up(self, site: VisitedSite, monkeypatch: pytest.MonkeyPatch) -> None:
        def fails(*_: object) -> Future[Any]:
            raise StoreUnavailable("the machine died here")

        with monkeypatch.context() as broken:
            broken.setattr(ChallengeTables, "conclude", fails)
            visitor = WebVisitor(site, "bubble-pop", 8)
            with pytest.raises(Refused) as refused:
                play_by_mouse(visitor)
            assert refused.value.status == 503
        assert visitor.finish()["token"].startswith("pp1.")
        assert "replayed_movement" not in codes(site.verdict(visitor)), "it is not taken for a copy of itself"

    def test_a_play_that_was_seen_before_fails(self, site: VisitedSite) -> None:
        first = site.plays("bubble-pop", 9)
        copy = Copy(site, first)
        verdict = site.verdict(copy)
        assert "replayed_movement" in codes(verdict)
        assert verdict["decision"] == "fail"


class Copy(WebVisitor):
    """Sends what somebody else sent, each batch in its own place and time."""

    def __init__(self, site: VisitedSite, original: WebVisitor) -> None:
        super().__init__(site, original.game.name, 1)
        for sent in original.sent:
            batch = msgspec.structs.replace(sent.batch, receipt=self.receipt)
            self.receipt = self.deliver(batch, self.issued_at + sent.arrived - original.issued_at).receipt
        self.finish()


class TestAccessible:
    def test_a_play_by_keyboard_passes_once_its_toll_is_paid(self, site: VisitedSite) -> None:
        visitor = Pays(site, "osu", 1)
        verdict = site.verdict(visitor)
        assert (verdict["decision"], codes(verdict)) == ("pass", ["accessible_way", "keyboard_not_scored"]), verdict

    def test_and_is_reviewed_without(self, site: VisitedSite) -> None:
        verdict = site.verdict(site.plays_by_keys("osu", 1))
        assert verdict["decision"] == "review"

    def test_a_site_may_have_it_reviewed(self, site: VisitedSite) -> None:
        add_site(site.store, "picky", SitePolicy(accessible="review"))
        made = site.post("/api/v1/challenges", {"sitekey": "pk_picky", "way": "pow"}, "https://picky.example")
        site.clock.advance(4.0)
        ended = {"receipt": made["receipt"], "pow": solved(made["pow"])}
        site.post(f"/api/v1/challenges/{made['id']}/finish", ended)
        stored = site.store.get("site:picky", made["id"])
        assert stored is not None
        assert stored.decision == "review"

    @pytest.mark.parametrize(("changed", "decision"), [({}, "pass"), ({"number": -1}, "fail")])
    def test_proof_of_work_instead_of_a_game(self, site: VisitedSite, changed: dict[str, Any], decision: str) -> None:
        made = site.post("/api/v1/challenges", {"sitekey": SITEKEY, "way": "pow"})
        site.clock.advance(4.0)
        ended = {"receipt": made["receipt"], "pow": solved(made["pow"], **changed)}
        answer = site.post(f"/api/v1/challenges/{made['id']}/finish", ended)
        token = answer["token"]
        assert answer["expiresIn"] == 120_000, "shorter than that of a game"
        assert site.post(f"/api/v1/challenges/{made['id']}/finish", ended)["token"] == token
        stored = site.store.get("site:shop", made["id"])
        assert stored is not None
        assert stored.decision == decision

    @pytest.mark.parametrize(("passed", "waits"), [(1.0, [2.0]), (4.0, []), (-3600.0, [3.0])], ids=["soon", "late", "clock set back"])
    def test_it_takes_its_time_and_no_more(self, site: VisitedSite, passed: float, waits: list[float]) -> None:
        made = site.post("/api/v1/challenges", {"sitekey": SITEKEY, "way": "pow"})
        site.clock.advance(passed)
        waited: list[float] = []

        async def sleep(seconds: float) -> None:
            waited.append(seconds)

        async def landed(stored: Future[Any]) -> Any:
            return await asyncio.wrap_future(stored)

        asyncio.run(site.services.desk.finishing.finish(made["id"], made["receipt"], None, landed, sleep))
        assert waited == waits

    def test_nobody_pays_for_another_challenge(self, site: VisitedSite) -> None:
        one, other = (site.post("/api/v1/challenges", {"sitekey": SITEKEY, "way": "pow"}) for _ in range(2))
        site.clock.advance(4.0)
        site.post(f"/api/v1/challenges/{one['id']}/finish", {"receipt": one["receipt"], "pow": solved(other["pow"])})
        stored = site.store.get("site:shop", one["id"])
        assert stored is not None
        assert stored.decision == "fail"

    def test_it_has_a_rate_of_its_own(self, site: VisitedSite) -> None:
        for _ in range(4):
            site.post("/api/v1/challenges", {"sitekey": SITEKEY, "way": "pow"})
        limited = site.send("/api/v1/challenges", {"sitekey": SITEKEY, "way": "pow"})
        is_problem(limited, 429, "rate-limited")
        assert 0 < int(limited.headers["retry-after"]) <= 600
        site.post("/api/v1/challenges", {"sitekey": SITEKEY})
        played = WebVisitor(site, "osu", 2)
        is_problem(site.send(f"/api/v1/challenges/{played.name}/pow", {}), 429, "rate-limited")


class Taps(WebVisitor):
    """Hits every target with a finger, and moves nothing."""

    def __init__(self, site: VisitedSite, seed: int, toll_of: str | None) -> None:
        super().__init__(site, "bubble-pop", seed)
        if toll_of is not None:
            self.payload = solved(site.post(f"/api/v1/challenges/{self.name}/pow", {"device": toll_of}))
        while self.target is not None:
            self.wait(350.0)
            self.at = np.array([self.target.x, self.target.y], np.float64)
            for kind in (Kind.DOWN, Kind.UP):
                self._log(kind, self.t, self.at, value=Device.TOUCH)
                self.wait(60.0)
            self.send()
            self.settle()
        self.finished()


@pytest.mark.parametrize(("toll_of", "decision"), [(None, "review"), ("keyboard", "review"), ("stylus", "review"), ("touch", "pass")])
def test_who_taps_without_moving_pays_for_it(site: VisitedSite, toll_of: str | None, decision: str) -> None:
    verdict = site.verdict(Taps(site, 1, toll_of))
    assert verdict["decision"] == decision, verdict["reasons"]
    assert ("toll_missing" in codes(verdict)) is (decision == "review")


def test_tolls_of_fingers_have_no_rate_but_that_of_challenges(site: VisitedSite) -> None:
    name = WebVisitor(site, "osu", 1).name
    for _ in range(6):
        site.post(f"/api/v1/challenges/{name}/pow", {"device": "touch"})
    is_problem(site.send(f"/api/v1/challenges/{name}/pow", {"device": "mouse"}), 422, "invalid-request")


class Pays(WebVisitor):
    """Plays by keyboard, and works its toll out."""

    def __init__(self, site: VisitedSite, game: str, seed: int) -> None:
        super().__init__(site, game, seed)
        self.payload = solved(site.post(f"/api/v1/challenges/{self.name}/pow", {}))

        play_by_keys(self)


def test_challenges_of_an_address_have_a_rate(tmp_path: Path) -> None:
    site = VisitedSite(tmp_path, settings=Settings(challenges_per_address=3))
    for _ in range(3):
        site.post("/api/v1/challenges", {"sitekey": SITEKEY})
    refused = [site.send("/api/v1/challenges", {"sitekey": SITEKEY}) for _ in range(2)]
    for limited in refused:
        is_problem(limited, 429, "rate-limited")
    site.clock.advance(float(refused[0].headers["retry-after"]))
    site.post("/api/v1/challenges", {"sitekey": SITEKEY})
    assert site.metric("playproof_challenges_limited_total", way="game") == 2
    site.close()


@pytest.mark.parametrize("kind", ["pass", "review", "fail", "spent"])
def test_a_test_key_has_its_token_at_once(site: VisitedSite, kind: str) -> None:
    answer = site.post("/api/v1/challenges", {"sitekey": f"pk_test_{kind}"}, "https://anywhere.example")
    assert answer == {"way": "test", "token": TRIAL_TOKEN, "expiresIn": 300_000}


def test_the_interactive_test_key_has_a_game_played(site: VisitedSite) -> None:
    visitor = site.plays("osu", 3, sitekey="pk_test_interactive")
    assert visitor.token == TRIAL_TOKEN


def test_a_visitor_is_no_row_of_another_visitors_company(site: VisitedSite) -> None:
    """Every address is an origin of its own; who plays by keyboard keeps nobody company."""
    dataset = site.store.live.find("movement_live_inference")
    assert dataset is None
    site.plays("bubble-pop", 1)
    site.plays_by_keys("osu", 1)
    dataset = site.store.live.find("movement_live_inference")
    assert dataset is not None
    rows = site.store.live.window(dataset)
    assert [(row.stratum, row.eligible) for row in rows] == [("bubble-pop/mouse", True), ("osu/keyboard", False)]
    assert len(rows[0].origin) == 32
