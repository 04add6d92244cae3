"""What a token is worth, in the words of four services."""

from __future__ import annotations

import json
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playproof.clock import milliseconds
from playproof.decision import Decision, Rules
from playproof.testing import FakeClock
from playproof.tokens.dialects import answer, refusal, score
from playproof.tokens.faults import FAULTS, PATHS, Dialect, Fault, codes, status_of
from playproof.tokens.inquiry import Inquiry
from playproof.tokens.keys import secret_digest
from playproof.tokens.outcome import Outcome, decode, encode, human_score, outcome_of
from playproof.tokens.site import Site, SitePolicy, Terms
from playproof.tokens.token import digest, token_text
from playproof.tokens.trial import TRIAL_TOKEN
from playproof.tokens.verifier import Verifier
from tests.verifying import TOKEN_KEY, verdict

SECRET = "sk_secret"
TOKEN = token_text(TOKEN_KEY, "ch_1")
ASKED = Inquiry(secret=SECRET, response=TOKEN)
SHOP = Site("s1", "shop", "pk_shop", ("https://shop.example",), SitePolicy(actions={"login": Terms(review_is_success=True)}))


@dataclass(frozen=True)
class Issued:
    session_id: str = "ch_1"
    action: str | None = "signup"
    cdata: str | None = "order-7"
    hostname: str = "shop.example"
    way: str = "game"
    game: str = "osu"
    device: str = "touch"
    issued_at: int = 1_767_225_600_000


def worth(found: bytes, token: Issued | None = None, site: Site = SHOP, asked: Inquiry = ASKED) -> Outcome:
    return outcome_of(token or Issued(), found, site, asked, Rules())


def told(dialect: Dialect, outcome: Outcome) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(answer(dialect, outcome))
    return document


def test_a_pass_in_our_own_words() -> None:
    assert told(Dialect.PLAYPROOF, worth(verdict(score=2.0))) == {
        "success": True,
        "decision": "pass",
        "status": "final",
        "human_score": 0.5,
        "reasons": [],
        "challenge_ts": "2026-01-01T00:00:00.000Z",
        "hostname": "shop.example",
        "action": "signup",
        "cdata": "order-7",
        "event_id": "ch_1",
        "model_version": "m7",
        "policy_version": worth(verdict()).policy_version,
        "metadata": {"game": "osu", "input_class": "touch", "way": "game", "test_key": False, "same_network": None},
        "error-codes": [],
    }


def test_what_counts_as_success_is_the_sites_to_say() -> None:
    assert [worth(verdict(decision)).success for decision in Decision] == [True, False, False]
    login = Issued(action="login")
    assert [worth(verdict(decision), login).success for decision in Decision] == [True, True, False]
    assert worth(verdict(Decision.REVIEW), login).decision is Decision.REVIEW


@given(st.floats(0.0, 12.0), st.floats(0.0, 12.0))
def test_the_human_score_falls_as_the_anomaly_score_rises(first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert 0.0 <= human_score(high) <= human_score(low) <= 1.0


def test_the_human_score_is_a_half_at_one_person_in_a_hundred() -> None:
    assert human_score(2.0) == 0.5
    assert human_score(0.0) == pytest.approx(1.0, abs=0.01)
    assert human_score(1.046) == pytest.approx(0.9, abs=0.001), "what 91 of 100 people are above of"


def test_where_nothing_calibrated_scored_there_is_no_human_score() -> None:
    assert worth(verdict(score=None)).human_score is None
    assert worth(verdict(score=1.0, calibrated=False)).human_score is None
    assert worth(verdict(score=1.0)).human_score is not None


def test_the_reasons_that_decide_come_first_and_there_are_five_at_most() -> None:
    found = ("feature_low", "feature_low", "uncorroborated", "duration_mismatch", "time_reversed", "untrusted_events", "feature_high", "x")
    reasons = worth(verdict(Decision.FAIL, reasons=found)).reasons
    assert reasons == ("untrusted_events", "time_reversed", "feature_low", "uncorroborated", "duration_mismatch")


@pytest.mark.parametrize(
    ("asked", "faults", "own"),
    [
        ({"expected_hostname": "other.example"}, (Fault.HOSTNAME,), ["hostname-mismatch"]),
        ({"expected_action": "login"}, (Fault.ACTION,), ["action-mismatch"]),
        ({"expected_action": "x", "expected_hostname": "x"}, (Fault.HOSTNAME, Fault.ACTION), ["hostname-mismatch", "action-mismatch"]),
        ({"expected_action": "signup", "expected_hostname": "Shop.Example"}, (), []),
    ],
)
def test_what_is_expected_is_compared(asked: dict[str, str], faults: tuple[Fault, ...], own: list[str]) -> None:
    outcome = worth(verdict(), asked=msgspec.structs.replace(ASKED, **asked))
    assert (outcome.success, outcome.faults) == (not faults, faults)
    assert outcome.decision is Decision.PASS
    for dialect in Dialect:
        document = told(dialect, outcome)
        assert (document["success"], document["error-codes"]) == (not faults, own)
        assert (document["hostname"], document["action"]) == ("shop.example", "signup")


def test_an_action_that_was_not_named_is_not_the_one_expected() -> None:
    assert worth(verdict(), Issued(action=None), asked=msgspec.structs.replace(ASKED, expected_action="login")).faults == (Fault.ACTION,)


def test_scores_point_where_each_service_has_them_point() -> None:
    likely, doubtful, unlikely = (worth(verdict(decision, score=value)) for decision, value in zip(Decision, (0.3, 2.2, 4.0), strict=True))
    for outcome, human in ((likely, 0.9804), (doubtful, 0.3869), (unlikely, 0.0099)):
        assert outcome.human_score == human
        assert told(Dialect.RECAPTCHA, outcome)["score"] == human
        assert told(Dialect.HCAPTCHA, outcome)["score"] == pytest.approx(1 - human)
        assert "score" not in told(Dialect.PLAYPROOF, outcome)
        assert "score" not in told(Dialect.TURNSTILE, outcome)


@given(st.sampled_from(Decision), st.none() | st.floats(0.0, 12.0))
def test_the_score_of_others_never_contradicts_the_decision(decision: Decision, value: float | None) -> None:
    human = score(worth(verdict(decision, score=value)))
    assert {Decision.PASS: human >= 0.5, Decision.REVIEW: 0.25 <= human < 0.5, Decision.FAIL: human < 0.25}[decision]


def test_a_token_that_is_not_what_was_expected_has_no_good_score() -> None:
    outcome = worth(verdict(), asked=msgspec.structs.replace(ASKED, expected_action="login"))
    assert told(Dialect.RECAPTCHA, outcome)["score"] == 0.0
    assert told(Dialect.HCAPTCHA, outcome)["score"] == 1.0


@pytest.mark.parametrize(
    ("dialect", "unnamed", "when"),
    [
        (Dialect.PLAYPROOF, None, "2026-01-01T00:00:00.250Z"),
        (Dialect.TURNSTILE, "", "2026-01-01T00:00:00.250Z"),
        (Dialect.RECAPTCHA, "", "2026-01-01T00:00:00Z"),
        (Dialect.HCAPTCHA, "", "2026-01-01T00:00:00Z"),
    ],
)
def test_what_was_not_named_and_when_it_was_are_told_as_clients_know_it(dialect: Dialect, unnamed: str | None, when: str) -> None:
    document = told(dialect, worth(verdict(), Issued(action=None, cdata=None, issued_at=1_767_225_600_250)))
    assert (document["action"], document["cdata"], document["challenge_ts"]) == (unnamed, unnamed, when)


def test_hcaptcha_has_its_reasons() -> None:
    outcome = worth(verdict(Decision.FAIL, reasons=("untrusted_events",)))
    assert told(Dialect.HCAPTCHA, outcome)["score_reason"] == ["untrusted_events"]


def test_a_decision_that_is_no_success_has_a_code_where_others_speak() -> None:
    outcome = worth(verdict(Decision.REVIEW))
    assert told(Dialect.PLAYPROOF, outcome)["error-codes"] == []
    for dialect in (Dialect.TURNSTILE, Dialect.RECAPTCHA, Dialect.HCAPTCHA):
        assert told(dialect, outcome)["error-codes"] == ["invalid-input-response"]


CODES = {
    Dialect.TURNSTILE: {
        "missing-input-secret", "invalid-input-secret", "missing-input-response", "invalid-input-response", "bad-request",
        "timeout-or-duplicate", "internal-error", "hostname-mismatch", "action-mismatch",
    },
    Dialect.RECAPTCHA: {
        "missing-input-secret", "invalid-input-secret", "missing-input-response", "invalid-input-response", "bad-request",
        "timeout-or-duplicate", "internal-error", "hostname-mismatch", "action-mismatch",
    },
    Dialect.HCAPTCHA: {
        "missing-input-secret", "invalid-input-secret", "missing-input-response", "invalid-input-response", "bad-request",
        "invalid-or-already-seen-response", "not-using-dummy-passcode", "not-using-dummy-secret", "sitekey-secret-mismatch",
        "expired-input-response", "already-seen-response", "internal-error", "rate-limited", "hostname-mismatch", "action-mismatch",
    },
    Dialect.PLAYPROOF: {
        "missing-input-secret", "invalid-input-secret", "missing-input-response", "invalid-input-response", "bad-request",
        "timeout-or-duplicate", "internal-error", "already-seen-response", "expired-input-response", "hostname-mismatch", "action-mismatch",
        "sitekey-secret-mismatch", "service-degraded", "rate-limited", "not-using-dummy-passcode", "not-using-dummy-secret",
    },
}  # fmt: skip


@pytest.mark.parametrize("dialect", Dialect)
def test_each_dialect_has_its_codes_and_no_others(dialect: Dialect) -> None:
    assert set(codes(dialect, Fault)) == CODES[dialect]
    assert set(FAULTS) == set(Fault)


def test_faults_of_tokens_are_answered_200_and_faults_of_requests_not() -> None:
    other = {fault: status_of([fault]) for fault in Fault if status_of([fault]) != 200}
    assert other == {
        Fault.BAD_REQUEST: 400,
        Fault.TOO_SLOW: 408,
        Fault.TOO_LARGE: 413,
        Fault.UNSUPPORTED: 415,
        Fault.TOO_MANY: 429,
        Fault.DEGRADED: 503,
    }
    assert status_of([]) == 200


def test_a_refusal_says_no_more_than_why() -> None:
    document = json.loads(refusal(Dialect.PLAYPROOF, [Fault.SPENT]))
    assert document == {"success": False, "error-codes": ["timeout-or-duplicate", "already-seen-response"]}
    assert json.loads(refusal(Dialect.RECAPTCHA, [Fault.MISSING_SECRET, Fault.MISSING_RESPONSE]))["error-codes"] == [
        "missing-input-secret",
        "missing-input-response",
    ]


def test_five_paths_speak_four_dialects() -> None:
    assert len(PATHS) == 5
    assert set(PATHS.values()) == set(Dialect)


@given(st.sampled_from(Decision), st.none() | st.floats(0.0, 12.0), st.booleans())
def test_what_is_kept_is_read_again_as_it_was(decision: Decision, value: float | None, final: bool) -> None:
    outcome = worth(verdict(decision, score=value, final=final))
    assert decode(encode(outcome)) == outcome
    assert outcome.status == ("final" if final else "preliminary")


@dataclass
class Row:
    id: str = "s1"
    name: str = "shop"
    sitekey: str = "pk_shop"
    origins: tuple[str, ...] = ("https://shop.example",)
    policy: bytes = b"{}"
    disabled_at: int | None = None


@dataclass
class Shown:
    outcome: str
    token: Issued | None = None
    answer: bytes | None = None


class Tables:
    """A site and its tokens, as a store would have them."""

    def __init__(self, row: Row | None = None) -> None:
        self.row = row or Row()
        self.asked: list[tuple[bytes, str, int, bytes | None]] = []

    def by_secret(self, digest: bytes, now: int) -> Row | None:
        return self.row if digest == secret_digest(SECRET) else None

    def spend(self, digest: bytes, site: str, now: int, idempotency: bytes | None, make: Any) -> Future[Any]:
        self.asked.append((digest, site, now, idempotency))
        future: Future[Any] = Future()
        future.set_result(Shown("spent", Issued(), make(Issued(), verdict())))
        return future


def verifier(tables: Tables | None = None, *, trials: bool = True) -> Verifier:
    tables = tables or Tables()
    return Verifier(tables, tables, Rules(), FakeClock(), trials=trials)


def unknown(digest: bytes, address: str) -> None:
    """Nobody knows where a challenge was begun."""


def asking(**given: Any) -> Inquiry:
    return msgspec.structs.replace(ASKED, **given)


def test_a_token_is_spent_for_the_site_that_asks() -> None:
    tables = Tables()
    ask = verifier(tables)
    inquiry = asking(idempotency=b"k" * 16)
    asker = ask.asker(inquiry, unknown)
    assert asker is not None
    future = ask.spend(inquiry, asker)
    assert isinstance(future, Future)
    outcome = ask.told(future.result(), inquiry)
    assert isinstance(outcome, Outcome)
    assert outcome.success
    assert tables.asked == [(digest(TOKEN), "s1", milliseconds(FakeClock().now()), b"k" * 16)]


def test_the_network_is_looked_up_where_an_address_is_given_and_decides_nothing() -> None:
    looked: list[tuple[bytes, str]] = []

    def elsewhere(digest: bytes, address: str) -> bool:
        looked.append((digest, address))
        return False

    ask = verifier()
    for asked, same in (
        (ASKED, None),
        (asking(remoteip="203.0.113.7"), False),
        (asking(remoteip="203.0.113.7", response="no token"), None),
    ):
        asker = ask.asker(asked, elsewhere)
        assert asker is not None
        assert asker.same_network is same
    assert looked == [(digest(TOKEN), "203.0.113.7")]
    outcome = outcome_of(Issued(), verdict(), SHOP, ASKED, Rules(), same_network=False)
    assert (outcome.success, outcome.metadata.same_network) == (True, False)


def test_a_secret_that_nobody_has_or_whose_site_is_disabled_is_wrong() -> None:
    assert verifier().asker(asking(secret="sk_other"), unknown) is None
    assert verifier(Tables(Row(disabled_at=1))).asker(ASKED, unknown) is None


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"sitekey": "pk_other"}, Fault.FOREIGN),
        ({"response": TRIAL_TOKEN}, Fault.TEST_TOKEN),
        ({"response": "pp1.short"}, Fault.MALFORMED),
    ],
)
def test_some_tokens_are_not_even_looked_up(given: dict[str, str], fault: Fault) -> None:
    tables = Tables()
    ask = verifier(tables)
    asker = ask.asker(ASKED, unknown)
    assert asker is not None
    assert ask.spend(asking(**given), asker) is fault
    assert tables.asked == []


@pytest.mark.parametrize(
    ("outcome", "fault"),
    [("already", Fault.SPENT), ("expired", Fault.EXPIRED), ("unknown", Fault.UNKNOWN), ("foreign", Fault.FOREIGN)],
)
def test_what_the_store_refuses_is_told(outcome: str, fault: Fault) -> None:
    assert verifier().told(Shown(outcome), ASKED) is fault


def test_test_keys_answer_for_the_test_token_alone() -> None:
    ask = verifier()
    decisions = {}
    for kind in ("pass", "review", "fail", "interactive"):
        outcome = ask.trial(asking(secret=f"sk_test_{kind}", response=TRIAL_TOKEN, expected_action="login", expected_hostname="h"))
        assert isinstance(outcome, Outcome)
        assert outcome.metadata.test_key
        assert (outcome.action, outcome.hostname, outcome.faults) == ("login", "h", ())
        decisions[kind] = (outcome.decision, outcome.success)
    assert decisions == {"pass": ("pass", True), "review": ("review", False), "fail": ("fail", False), "interactive": ("pass", True)}
    assert ask.trial(asking(secret="sk_test_spent", response=TRIAL_TOKEN)) is Fault.SPENT
    assert ask.trial(asking(secret="sk_test_pass")) is Fault.TEST_SECRET
    assert ask.trial(asking(secret="sk_test_pass", response=TRIAL_TOKEN, sitekey="pk_test_fail")) is Fault.FOREIGN
    assert ask.trial(ASKED) is None


def test_test_keys_that_are_turned_off_are_no_keys() -> None:
    ask = verifier(trials=False)
    inquiry = asking(secret="sk_test_pass", response=TRIAL_TOKEN)
    assert ask.trial(inquiry) is None
    assert ask.asker(inquiry, unknown) is None
