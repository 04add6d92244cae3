"""From a play to the answer that the site's backend gets: the whole way of a visitor."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from playproof.client import AsyncClient, Verification
from playproof.settings import Settings
from playproof.tokens.dialects import BANDS
from playproof.tokens.faults import PATHS, Dialect
from playproof.tokens.site import SitePolicy, Terms
from playproof.tokens.trial import TRIAL_TOKEN
from tests.visiting import SECRET, SITEKEY, VisitedSite, WebVisitor, add_site

CHEAP = Settings(toll_beside=100, toll_instead=100, challenges_per_address=10_000)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[VisitedSite]:
    site = VisitedSite(tmp_path, settings=CHEAP)
    yield site
    site.close()


def ask(site: VisitedSite, token: str, secret: str = SECRET, **expected: str) -> Verification:
    """What the backend of a site is told by its client."""

    async def verify() -> Verification:
        async with AsyncClient(secret, "http://127.0.0.1:8000", transport=httpx.ASGITransport(site.app), timeout=60.0) as client:
            return await client.verify(token, **expected)

    return asyncio.run(verify())


def told(site: VisitedSite, dialect: Dialect, token: str) -> dict[str, Any]:
    """What it is told over HTTP."""
    path = next(path for path, spoken in PATHS.items() if spoken is dialect)
    answer: dict[str, Any] = site.request("POST", path, data={"secret": SECRET, "response": token}).json()
    return answer


class Copy(WebVisitor):
    """Sends what somebody else sent, each batch in its own place and time."""

    def __init__(self, site: VisitedSite, original: WebVisitor) -> None:
        super().__init__(site, original.game.name, 1)
        for sent in original.sent:
            batch = msgspec.structs.replace(sent.batch, receipt=self.receipt)
            self.receipt = self.deliver(batch, self.issued_at + sent.arrived - original.issued_at).receipt
        self.token = self.finish()["token"]


def test_a_person_is_let_in_once(site: VisitedSite) -> None:
    visitor = site.plays("bubble-pop", 1, action="signup", cdata="order-7")
    first = ask(site, visitor.token, expected_action="signup", expected_hostname="shop.example", sitekey=SITEKEY, remoteip="127.0.0.1")
    assert (first.success, first.decision, first.status, first.codes) == (True, "pass", "final", ())
    assert (first.action, first.cdata, first.hostname, first.event_id) == ("signup", "order-7", "shop.example", visitor.name)
    assert (first.metadata.game, first.metadata.input_class, first.metadata.way) == ("bubble-pop", "mouse", "game")
    assert first.metadata.same_network is True
    assert ask(site, visitor.token).spent


def test_a_copied_play_gets_a_token_and_is_not_let_in(site: VisitedSite) -> None:
    person = site.plays("bubble-pop", 9)
    copies = {dialect: Copy(site, person) for dialect in (Dialect.RECAPTCHA, Dialect.HCAPTCHA)}
    assert {len(one.token) for one in (person, *copies.values())} == {len(TRIAL_TOKEN)}
    answers = {dialect: told(site, dialect, copy.token) for dialect, copy in copies.items()}
    for answer in answers.values():
        assert (answer["success"], answer["decision"], answer["error-codes"]) == (False, "fail", ["invalid-input-response"])
        assert "replayed_movement" in answer["reasons"]
    highest = BANDS[answers[Dialect.RECAPTCHA]["decision"]][1]
    assert answers[Dialect.RECAPTCHA]["score"] <= highest, "however much like a person's the movement is"
    assert answers[Dialect.HCAPTCHA]["score"] >= 1.0 - highest
    assert ask(site, person.token).success, "the person whose play it was stays let in"


def test_review_is_for_the_site_to_judge(site: VisitedSite) -> None:
    record = site.store.sites.get("shop")
    assert record is not None
    policy = SitePolicy(actions={"newsletter": Terms(review_is_success=True)})
    site.store.sites.update(msgspec.structs.replace(record, policy=msgspec.json.encode(policy)))
    results = {action: ask(site, site.plays_by_keys("osu", 1, action=action).token) for action in ("newsletter", "cash")}
    assert {one.decision for one in results.values()} == {"review"}, "the toll was not paid"
    assert {action: one.success for action, one in results.items()} == {"newsletter": True, "cash": False}
    assert {one.human_score for one in results.values()} == {None}, "keyboards are not scored"
    assert len({one.policy_version for one in results.values()}) == 2


def test_the_way_without_a_game_is_told(site: VisitedSite) -> None:
    made = site.post("/api/v1/challenges", {"sitekey": SITEKEY, "way": "pow", "action": "login"})
    toll = made["pow"]
    number = next(
        number
        for number in range(toll["maxnumber"] + 1)
        if hashlib.sha256(f"{toll['salt']}{number}".encode()).hexdigest() == toll["challenge"]
    )
    said = {name: toll[name] for name in ("algorithm", "challenge", "salt", "signature")}
    payload = base64.b64encode(json.dumps({**said, "number": number}).encode()).decode()
    site.clock.advance(4.0)
    token = site.post(f"/api/v1/challenges/{made['id']}/finish", {"receipt": made["receipt"], "pow": payload})["token"]
    result = ask(site, token, expected_action="login")
    assert (result.success, result.metadata.way, result.human_score) == (True, "pow", None)


def test_a_token_of_one_site_is_none_of_anothers(site: VisitedSite) -> None:
    add_site(site.store, "bank")
    visitor = site.plays("bubble-pop", 2)
    foreign = ask(site, visitor.token, "sk_bank_" + "x" * 40)
    assert foreign.codes == ("sitekey-secret-mismatch",)
    assert ask(site, visitor.token).success, "another site's question does not spend it"


def test_a_token_is_good_for_as_long_as_the_site_says(site: VisitedSite) -> None:
    record = site.store.sites.get("shop")
    assert record is not None
    site.store.sites.update(msgspec.structs.replace(record, policy=msgspec.json.encode(SitePolicy(token_seconds=120))))
    visitors = [site.plays("bubble-pop", seed) for seed in (3, 4)]
    assert ask(site, visitors[1].token).success
    site.clock.advance(120.0)
    late = ask(site, visitors[0].token)
    assert (late.success, late.expired) == (False, True)


def test_a_test_key_goes_the_whole_way(site: VisitedSite) -> None:
    token = site.post("/api/v1/challenges", {"sitekey": "pk_test_pass"}, "https://anywhere.example")["token"]
    assert ask(site, token, "sk_test_pass").success
    assert ask(site, token).codes == ("invalid-input-response", "not-using-dummy-secret")
    assert site.metric("playproof_siteverify_total", dialect="playproof", outcome="pass", source="test_key") == 1
