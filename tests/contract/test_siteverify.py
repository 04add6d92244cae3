"""What a site's backend is told over HTTP, on both engines."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from playproof.clock import milliseconds
from playproof.decision import Decision
from playproof.errors import StoreUnavailable
from playproof.observe.logging import LogWriter
from playproof.settings import Settings
from playproof.store import SecretRecord, Store
from playproof.testing import FakeClock
from playproof.testing.records import RECEIVED_AT
from playproof.tokens.faults import PATHS, Dialect, Fault, codes
from playproof.tokens.keys import hint, secret_digest
from playproof.tokens.site import SitePolicy, Terms
from playproof.tokens.trial import TRIAL_TOKEN
from playproof.verification.address import address_hash
from playproof.web.services import Limits
from tests.serving import Site, is_problem
from tests.verifying import SECONDS, add_site, add_token, make_final, verdict

AGAIN = "0189f7e2-5c3a-7b61-9f4d-2a6c8e1b3d5f"
OTHER = "0189f7e2-5c3a-7b61-9f4d-000000000000"
PATH_OF = {dialect: path for path, dialect in PATHS.items() if path != "/siteverify"}
LIMITS = Limits(2 * 1024**2, 10.0, wrong_secrets=5)

Told = dict[str, Any]


class Shop:
    """A site, and its backend."""

    def __init__(self, service: Site, store: Store) -> None:
        self.service = service
        self.store = store
        policy = SitePolicy(actions={"login": Terms(review_is_success=True)})
        self.site, self.secret = add_site(store, policy=policy)

    def ask(self, token: str, dialect: Dialect = Dialect.PLAYPROOF, *, status: int = 200, **fields: str | None) -> Told:
        """The answer about `token`, sent as a form."""
        given = {"secret": self.secret, "response": token, **fields}
        answer = self.service.request("POST", PATH_OF[dialect], data={name: value for name, value in given.items() if value is not None})
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers, "no page of anybody's may ask"
        told: Told = answer.json()
        return told

    def codes(self, token: str, dialect: Dialect = Dialect.PLAYPROOF, **fields: Any) -> list[str]:
        """Why `token` is no success."""
        told = self.ask(token, dialect, **fields)
        assert told["success"] is False
        found: list[str] = told["error-codes"]
        return found

    def counted(self, outcome: str, dialect: Dialect = Dialect.PLAYPROOF, source: str = "site") -> float:
        return self.service.metric("playproof_siteverify_total", dialect=dialect.value, outcome=outcome, source=source)


@pytest.fixture
def shop(store: Store, clock: FakeClock, tmp_path: Path) -> Shop:
    service = Site(tmp_path / "unused", store=store, clock=clock, limits=LIMITS)
    return Shop(service, store)


def test_a_token_is_answered_for_once(shop: Shop) -> None:
    token = add_token(shop.store, shop.site, "ch_1")
    told = shop.ask(token)
    assert told == {
        "success": True,
        "decision": "pass",
        "status": "final",
        "human_score": 0.9804,
        "reasons": [],
        "challenge_ts": "2026-01-01T00:00:00.000Z",
        "hostname": "shop.example",
        "action": "signup",
        "cdata": "order-7",
        "event_id": "ch_1",
        "model_version": "m7",
        "policy_version": told["policy_version"],
        "metadata": {"game": "osu", "input_class": "touch", "way": "game", "test_key": False, "same_network": None},
        "error-codes": [],
    }
    assert shop.codes(token) == ["timeout-or-duplicate", "already-seen-response"]
    assert (shop.counted("pass"), shop.counted("spent")) == (1, 1)
    assert shop.service.metric("playproof_token_age_seconds_count") == 1


@pytest.mark.parametrize("dialect", Dialect)
def test_every_dialect_says_it_in_its_words(shop: Shop, clock: FakeClock, dialect: Dialect) -> None:
    """Every code that can occur, of each dialect."""
    other, other_secret = add_site(shop.store, "other")
    token = add_token(shop.store, shop.site, "ch_1")
    late = add_token(shop.store, shop.site, "ch_2")
    failed = add_token(shop.store, shop.site, "ch_3", verdict(Decision.FAIL, score=4.0))
    mismatched = add_token(shop.store, shop.site, "ch_4")
    seen = [
        (Fault.MISSING_SECRET, shop.codes(token, dialect, secret=None)),
        (Fault.MISSING_RESPONSE, shop.codes("", dialect)),
        (Fault.INVALID_SECRET, shop.codes(token, dialect, secret="sk_" + "x" * 43)),
        (Fault.MALFORMED, shop.codes("no token", dialect)),
        (Fault.UNKNOWN, shop.codes("pp1." + "x" * 43, dialect)),
        (Fault.FOREIGN, shop.codes(token, dialect, secret=other_secret)),
        (Fault.FOREIGN, shop.codes(token, dialect, sitekey=other.sitekey)),
        (Fault.TEST_TOKEN, shop.codes(TRIAL_TOKEN, dialect)),
        (Fault.TEST_SECRET, shop.codes(token, dialect, secret="sk_test_pass")),
        (Fault.HOSTNAME, shop.codes(mismatched, dialect, expected_hostname="elsewhere.example")),
        (Fault.SPENT, shop.codes(mismatched, dialect)),
        (Fault.BAD_REQUEST, shop.codes(token, dialect, idempotency_key="7", status=400)),
    ]
    for fault, found in seen:
        assert found == codes(dialect, [fault]), fault
    assert shop.codes(failed, dialect) == codes(dialect, [Fault.REFUSED])
    assert shop.ask(token, dialect, sitekey=shop.site.sitekey)["success"], "nothing of all that spent it"
    clock.advance(300.0)
    assert shop.codes(late, dialect) == codes(dialect, [Fault.EXPIRED])
    for fault in {fault for fault, _ in seen}:
        source = "test_key" if fault is Fault.TEST_SECRET else "site"
        assert shop.counted(fault.value, dialect, source) >= 1, fault


def test_scores_point_each_services_way(shop: Shop) -> None:
    names = {dialect: add_token(shop.store, shop.site, f"ch_{dialect}", verdict(Decision.FAIL, score=4.0)) for dialect in Dialect}
    told = {dialect: shop.ask(token, dialect) for dialect, token in names.items()}
    assert told[Dialect.RECAPTCHA]["score"] == 0.0099
    assert told[Dialect.HCAPTCHA]["score"] == 0.9901
    assert {one["decision"] for one in told.values()} == {"fail"}


def test_our_own_words_are_spoken_on_two_paths(shop: Shop) -> None:
    token = add_token(shop.store, shop.site, "ch_1")
    answer = shop.service.request("POST", "/siteverify", json={"secret": shop.secret, "response": token})
    assert answer.json()["human_score"] == 0.9804


def test_a_question_asked_again_is_answered_again_whatever_became_of_the_verdict(shop: Shop) -> None:
    token = add_token(shop.store, shop.site, "ch_1", verdict(final=False), awaited=True)
    first = shop.ask(token, idempotency_key=AGAIN)
    assert first["status"] == "preliminary"
    make_final(shop.store, verdict(Decision.FAIL, score=5.0))
    assert shop.ask(token, idempotency_key=AGAIN.upper()) == first
    assert shop.ask(token, Dialect.HCAPTCHA, idempotency_key=AGAIN)["score"] == pytest.approx(1 - 0.9804)
    assert shop.codes(token, idempotency_key=OTHER) == ["timeout-or-duplicate", "already-seen-response"]
    assert shop.codes(token) == ["timeout-or-duplicate", "already-seen-response"]
    assert (shop.counted("pass"), shop.counted("repeated"), shop.counted("repeated", Dialect.HCAPTCHA)) == (1, 1, 1)


def test_a_question_asked_again_that_expects_something_else_is_no_success(shop: Shop) -> None:
    token = add_token(shop.store, shop.site, "ch_1")
    first = shop.ask(token, idempotency_key=AGAIN)
    other = shop.ask(token, idempotency_key=AGAIN, expected_action="transfer", expected_hostname="bank.example")
    assert (first["success"], other["success"]) == (True, False)
    assert other["error-codes"] == ["hostname-mismatch", "action-mismatch"]
    assert shop.ask(token, idempotency_key=AGAIN) == first


def test_a_verdict_that_became_final_meanwhile_is_what_counts(shop: Shop) -> None:
    token = add_token(shop.store, shop.site, "ch_1", verdict(final=False), awaited=True)
    make_final(shop.store, verdict(Decision.FAIL, score=5.0))
    told = shop.ask(token)
    assert (told["success"], told["decision"], told["status"]) == (False, "fail", "final")


def test_two_secrets_live_while_one_takes_the_others_place(shop: Shop, clock: FakeClock) -> None:
    fresh = "sk_" + "n" * 43
    assert shop.store.sites.rotate(
        shop.site.id,
        SecretRecord(digest=secret_digest(fresh), hint=hint(fresh), created_at=RECEIVED_AT),
        milliseconds(clock.now()) + 60_000,
    )
    for number, secret in enumerate((shop.secret, fresh)):
        assert shop.ask(add_token(shop.store, shop.site, f"ch_{number}"), secret=secret)["success"]
    clock.advance(60.0)
    token = add_token(shop.store, shop.site, "ch_9", now=milliseconds(clock.now()))
    assert shop.codes(token, secret=shop.secret) == ["invalid-input-secret"]
    assert shop.ask(token, secret=fresh)["success"]


def test_a_disabled_site_is_not_answered(shop: Shop) -> None:
    token = add_token(shop.store, shop.site, "ch_1")
    record = shop.store.sites.get(shop.site.id)
    assert record is not None
    shop.store.sites.update(msgspec.structs.replace(record, disabled_at=RECEIVED_AT))
    assert shop.codes(token) == ["invalid-input-secret"]


def test_what_is_expected_of_the_token_spends_it_all_the_same(shop: Shop) -> None:
    token = add_token(shop.store, shop.site, "ch_1", action=None)
    told = shop.ask(token, expected_action="login", expected_hostname="shop.example")
    assert (told["success"], told["error-codes"], told["action"], told["decision"]) == (False, ["action-mismatch"], None, "pass")
    assert shop.codes(token) == ["timeout-or-duplicate", "already-seen-response"]


@pytest.mark.parametrize(
    ("remoteip", "same"),
    [("2001:db8:1:2:ffff::1", True), ("2001:db8:1:3::1", False), ("203.0.113.7", False), ("unknown", None), (None, None)],
)
def test_whether_the_form_came_from_where_the_challenge_was_begun_is_told(shop: Shop, remoteip: str | None, same: bool | None) -> None:
    address = address_hash(shop.service.services.desk.signing.address_key, "2001:db8:1:2::1")
    token = add_token(shop.store, shop.site, "ch_1", address=address)
    told = shop.ask(token, remoteip=remoteip)
    assert (told["success"], told["metadata"]["same_network"]) == (True, same)


def test_review_is_success_where_the_site_says_so(shop: Shop) -> None:
    review = verdict(Decision.REVIEW, score=2.2)
    assert shop.ask(add_token(shop.store, shop.site, "ch_1", review, action="login"))["success"] is True
    assert shop.ask(add_token(shop.store, shop.site, "ch_2", review, action="other"))["success"] is False


def test_an_erased_session_takes_its_token_along(shop: Shop) -> None:
    token = add_token(shop.store, shop.site, "ch_1")
    assert shop.store.erase("ch_1") == 1
    assert shop.codes(token) == ["invalid-input-response"]


def test_fifty_at_once_and_one_is_answered(shop: Shop) -> None:
    for round_ in range(3):
        token = add_token(shop.store, shop.site, f"ch_{round_}")

        async def crowd(token: str = token) -> list[httpx.Response]:
            form = {"secret": shop.secret, "response": token}
            return await asyncio.gather(*(shop.service.ask("POST", "/api/v1/siteverify", data=form) for _ in range(50)))

        answers = [answer.json() for answer in asyncio.run(crowd())]
        assert sum(one["success"] for one in answers) == 1
        assert sum(one["error-codes"] == ["timeout-or-duplicate", "already-seen-response"] for one in answers) == 49


def test_wrong_secrets_are_counted_by_address_and_right_ones_are_not(shop: Shop, clock: FakeClock) -> None:
    def wrong(client: str) -> httpx.Response:
        form = {"secret": "sk_wrong", "response": "pp1." + "x" * 43}
        return shop.service.request("POST", "/api/v1/siteverify", data=form, client=client)

    def status(client: str) -> int:
        return wrong(client).status_code

    assert [status("2001:db8:1:2::1") for _ in range(5)] == [200] * 5
    limited = wrong("2001:db8:1:2:ffff::9")
    assert (limited.status_code, limited.json()) == (429, {"success": False, "error-codes": ["rate-limited"]})
    assert limited.headers["retry-after"] == "60"
    assert status("2001:db8:1:3::1") == 200
    assert shop.ask(add_token(shop.store, shop.site, "ch_1"))["success"]
    clock.advance(60.0)
    assert status("2001:db8:1:2::1") == 200
    assert (shop.counted("invalid_secret"), shop.counted("too_many")) == (7, 1)


def test_test_keys_answer_for_the_test_token_alone(shop: Shop) -> None:
    decisions = {}
    for kind in ("pass", "review", "fail", "interactive"):
        told = shop.ask(TRIAL_TOKEN, secret=f"sk_test_{kind}", expected_action="login")
        assert (told["metadata"]["test_key"], told["action"], told["event_id"]) == (True, "login", f"test_{kind}")
        decisions[kind] = (told["success"], told["decision"])
    assert decisions == {"pass": (True, "pass"), "review": (False, "review"), "fail": (False, "fail"), "interactive": (True, "pass")}
    assert shop.ask(TRIAL_TOKEN, secret="sk_test_pass")["success"], "as often as a test likes"
    assert shop.codes(TRIAL_TOKEN, secret="sk_test_spent") == ["timeout-or-duplicate", "already-seen-response"]
    assert shop.codes(TRIAL_TOKEN) == ["invalid-input-response", "not-using-dummy-secret"]
    token = add_token(shop.store, shop.site, "ch_1")
    assert shop.codes(token, secret="sk_test_pass") == ["invalid-input-response", "not-using-dummy-passcode"]
    assert shop.ask(token)["success"]
    assert (shop.counted("pass", source="test_key"), shop.counted("pass")) == (3, 1)


def test_test_keys_can_be_turned_off(store: Store, clock: FakeClock, tmp_path: Path) -> None:
    shop = Shop(Site(tmp_path / "unused", store=store, clock=clock, settings=Settings(test_keys=False)), store)
    assert shop.codes(TRIAL_TOKEN, secret="sk_test_pass") == ["invalid-input-secret"]


@pytest.mark.parametrize("dialect", Dialect)
def test_where_the_store_is_out_nobody_is_let_in(shop: Shop, dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    token = add_token(shop.store, shop.site, "ch_1")

    def out(*_: object) -> None:
        raise StoreUnavailable("the disk is full")

    for table, method in ((type(shop.store.tokens), "spend"), (type(shop.store.sites), "by_secret")):
        with monkeypatch.context() as patch:
            patch.setattr(table, method, out)
            answer = shop.service.request("POST", PATH_OF[dialect], data={"secret": shop.secret, "response": token})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert answer.json() == {"success": False, "error-codes": codes(dialect, [Fault.DEGRADED])}
    assert shop.ask(token)["success"], "asked again, it is answered"
    assert shop.counted("degraded", dialect) == 2


def test_a_store_that_takes_too_long_is_out(store: Store, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Site(tmp_path / "unused", store=store, clock=clock, limits=Limits(2 * 1024**2, 0.05))
    shop = Shop(service, store)
    never: Future[Any] = Future()
    with monkeypatch.context() as patch:
        patch.setattr(type(store.tokens), "spend", lambda *_: never)
        told = shop.ask("pp1." + "x" * 43, status=503)
    assert told["error-codes"] == ["internal-error", "service-degraded"]
    assert never.cancelled(), "what was not written then is not written later"


@pytest.mark.parametrize(
    ("given", "status", "fault"),
    [
        ({"content": b"x" * 70_000, "headers": {"Content-Type": "application/json"}}, 413, Fault.TOO_LARGE),
        ({"content": b"secret=s&response=r", "headers": {"Content-Type": "text/plain"}}, 415, Fault.UNSUPPORTED),
        ({"content": b"secret=s&response=r"}, 415, Fault.UNSUPPORTED),
        (
            {"content": b"{}", "headers": {"Content-Type": "application/json", "Content-Encoding": "gzip"}},
            415,
            Fault.UNSUPPORTED,
        ),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, Fault.BAD_REQUEST),
        ({"data": {"secret": ["a", "b"], "response": "r"}}, 400, Fault.BAD_REQUEST),
    ],
)
def test_what_cannot_be_read_is_refused_in_the_dialects_words(shop: Shop, given: dict[str, Any], status: int, fault: Fault) -> None:
    for path, dialect in PATHS.items():
        answer = shop.service.request("POST", path, **given)
        assert (answer.status_code, answer.json()) == (status, {"success": False, "error-codes": codes(dialect, [fault])})


def test_a_form_with_parts_is_read_too(shop: Shop) -> None:
    token = add_token(shop.store, shop.site, "ch_1")
    parts = {"secret": (None, shop.secret), "response": (None, token)}
    assert shop.service.request("POST", "/turnstile/v0/siteverify", files=parts).json()["success"]


def test_only_post_is_answered(shop: Shop) -> None:
    for path in PATHS:
        refused = shop.service.request("GET", path)
        is_problem(refused, 405, "method-not-allowed")
        assert refused.headers["allow"] == "OPTIONS, POST"


def test_a_body_that_stops_coming_is_given_up(store: Store, clock: FakeClock, tmp_path: Path) -> None:
    service = Site(tmp_path / "unused", store=store, clock=clock, limits=Limits(2 * 1024**2, 0.05))

    async def stalled() -> httpx.Response:
        async def content() -> AsyncIterator[bytes]:
            yield b"secret="
            await asyncio.Event().wait()

        async with asyncio.timeout(SECONDS):
            return await service.ask(
                "POST", "/siteverify", content=content(), headers={"Content-Type": "application/x-www-form-urlencoded"}
            )

    answer = asyncio.run(stalled())
    assert (answer.status_code, answer.json()["error-codes"]) == (408, ["bad-request"])


def test_secrets_and_tokens_are_in_no_log(store: Store, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stream = io.StringIO()
    shop = Shop(Site(tmp_path / "unused", store=store, clock=clock, access=LogWriter("json", stream=stream)), store)
    token = add_token(store, shop.site, "ch_1")
    caplog.set_level("DEBUG")
    assert shop.ask(token)["success"]
    shop.codes(token)
    shop.codes(token, secret="sk_wrong-but-secret")
    log = stream.getvalue() + caplog.text + shop.service.metrics.render()[0].decode()
    assert "/api/v1/siteverify" in log
    for text in (shop.secret, token, "sk_wrong-but-secret"):
        assert text not in log
