"""Tokens, keys, origins and the policy of a site."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playproof.decision import Decision, Rules
from playproof.tokens.keys import hint, new_secret, new_sitekey, secret_digest
from playproof.tokens.origins import hostname_of, origin_of
from playproof.tokens.site import Site, SitePolicy, Terms, encoded, policy_of, policy_version, rules_for, site_of
from playproof.tokens.token import digest, token_text, well_formed
from playproof.tokens.trial import BY_SECRET, BY_SITEKEY, TRIAL_TOKEN, TRIALS

KEY = bytes(range(32))
OTHER = bytes(32)


def test_a_token_can_be_made_again_and_is_anothers_for_nobody_else() -> None:
    token = token_text(KEY, "ch_1")
    assert token == token_text(KEY, "ch_1") == "pp1.xD24fVwgUqltZhR6VIpnwUtPPOnrc_yuUXwDIIQsReA"
    assert len({token, token_text(KEY, "ch_2"), token_text(OTHER, "ch_1")}) == 3
    assert well_formed(token)
    assert len(digest(token)) == 32


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pp1.",
        "pp1." + "A" * 42,
        "pp1." + "A" * 44,
        "pp2." + "A" * 43,
        "pp1." + "A" * 42 + "=",
        "pp1." + "A" * 43 + "\n",
        "pp1." + "٣" * 43,
    ],
)
def test_what_is_no_token_is_seen_by_its_form(text: str) -> None:
    assert not well_formed(text)


def test_keys_are_drawn_and_told_apart_by_their_beginning() -> None:
    assert re.fullmatch(r"pk_[A-Za-z0-9_-]{22}", new_sitekey(lambda count: bytes(range(count))))
    secret = new_secret(lambda count: bytes(range(count)))
    assert re.fullmatch(r"sk_[A-Za-z0-9_-]{43}", secret)
    assert secret not in hint(secret)
    assert hint(secret) == f"sk_…{secret[-4:]}"
    assert secret_digest(secret) != secret_digest(secret + "x")
    assert len(secret_digest("half of a pair: \ud800")) == 32


def test_test_keys_are_public_and_look_like_no_others() -> None:
    assert [key.kind for key in TRIALS] == ["pass", "review", "fail", "interactive", "spent"]
    assert set(BY_SITEKEY) == {f"pk_test_{key.kind}" for key in TRIALS}
    assert set(BY_SECRET) == {f"sk_test_{key.kind}" for key in TRIALS}
    assert well_formed(TRIAL_TOKEN), "what stores it or checks it by its form has to take it"
    assert not any(len(key.secret) >= len(new_secret(bytes)) for key in TRIALS)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        (" https://Shop.Example/ ", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://app.localhost", "http://app.localhost"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_an_origin_is_written_as_browsers_send_it(text: str, origin: str) -> None:
    assert origin_of(text) == origin
    assert origin_of(origin) == origin


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("shop.example", "https://"),
        ("null", "https://"),
        ("*", "https://"),
        ("", "https://"),
        ("ftp://shop.example", "https://"),
        ("https://", "https://"),
        ("https://shop.example/cart", "more than"),
        ("https://shop.example?x", "more than"),
        ("https://shop.example?", "more than"),
        ("https://shop.example#", "more than"),
        ("https://me@shop.example", "more than"),
        ("https://shop.example:", "port"),
        ("https://shop.example:0", "port"),
        ("https://shop.example:99999", "is no origin"),
        ("https://shop.example:http", "is no origin"),
        ("https://*.shop.example", "no host"),
        ("https://shop..example", "no host"),
        ("https://shop.example.", "no host"),
        ("https://shop example", "no host"),
        ("https://1.2.3.999", "no host"),
        ("https://" + "a." * 130 + "example", "no host"),
        ("https://[::g]", "is no origin"),
        ("http://shop.example", "not encrypted"),
        ("http://10.0.0.1", "not encrypted"),
    ],
)
def test_what_is_no_origin_is_refused_with_its_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        origin_of(text)


def test_plain_http_can_be_asked_for() -> None:
    assert origin_of("http://intranet", insecure=True) == "http://intranet"


@given(st.text(max_size=40))
def test_any_text_is_an_origin_or_refused(text: str) -> None:
    try:
        origin = origin_of("https://" + text)
    except ValueError:
        return
    assert origin_of(origin) == origin
    assert origin.isascii()
    assert hostname_of(origin)


def test_what_a_site_leaves_open_is_the_operators() -> None:
    base = Rules(pass_threshold=1.5, review_threshold=3.0, corroborate=False)
    rules = rules_for(SitePolicy(), None, base)
    assert (rules.policy, rules.pass_threshold, rules.review_threshold, rules.corroborate) == ("verify", 1.5, 3.0, False)
    assert rules.unscored is Decision.REVIEW
    assert not rules.strict


def test_an_action_goes_before_its_site_and_a_site_before_the_operator() -> None:
    policy = SitePolicy(pass_threshold=1.0, strict=True, actions={"login": Terms(pass_threshold=0.5, review_is_success=True, strict=False)})
    login, other = rules_for(policy, "login"), rules_for(policy, "other")
    assert (login.pass_threshold, login.strict) == (0.5, False)
    assert (other.pass_threshold, other.strict) == (1.0, True)
    assert policy.terms("login").review_is_success is True
    assert policy.terms("other").review_is_success is False
    assert policy.terms(None) == policy.terms("other")


def test_the_review_threshold_is_never_below_the_pass_threshold() -> None:
    assert rules_for(SitePolicy(pass_threshold=4.0), None, Rules()).review_threshold == 4.0
    with pytest.raises(ValueError, match="below the pass threshold"):
        encoded(SitePolicy(pass_threshold=3.0, review_threshold=2.0))
    with pytest.raises(ValueError, match="for action login"):
        encoded(SitePolicy(pass_threshold=3.0, actions={"login": Terms(review_threshold=2.0)}))


@pytest.mark.parametrize(
    "policy",
    [
        SitePolicy(pass_threshold=-1.0),
        SitePolicy(review_threshold=12.5),
        SitePolicy(token_seconds=60),
        SitePolicy(token_seconds=301),
        SitePolicy(actions={"no such name!": Terms()}),
        SitePolicy(actions={"a" * 33: Terms()}),
        SitePolicy(accessible="fail"),  # type: ignore[arg-type]
    ],
)
def test_a_policy_out_of_range_is_not_stored(policy: SitePolicy) -> None:
    with pytest.raises(ValueError, match="no policy"):
        encoded(policy)


def test_a_policy_is_stored_and_read_again_and_may_have_been_a_later_versions() -> None:
    policy = SitePolicy(games=("osu",), token_seconds=120, accessible="review", actions={"login": Terms(corroborate=False)})
    assert policy_of(encoded(policy)) == policy
    assert policy_of(b"{}") == SitePolicy()
    assert policy_of(b'{"fromTheFuture": 1, "strict": true}') == SitePolicy(strict=True)
    with pytest.raises(ValueError, match="no policy"):
        policy_of(b"\xff")


def test_a_change_of_policy_is_seen_in_its_version() -> None:
    policy = SitePolicy(actions={"login": Terms(strict=True)})
    version = policy_version(policy, None)
    assert re.fullmatch(r"verify-[0-9a-f]{12}", version)
    assert version == policy_version(policy, "other") == policy_version(policy_of(encoded(policy)), None)
    assert version != policy_version(policy, "login")
    assert version != policy_version(SitePolicy(review_is_success=True), None)
    assert version != policy_version(policy, None, Rules(pass_threshold=1.0))


def test_a_site_is_read_from_its_row() -> None:
    @dataclass
    class Row:
        id: str = "s1"
        name: str = "shop"
        sitekey: str = "pk_x"
        origins: tuple[str, ...] = ("https://shop.example",)
        policy: bytes = b'{"strict":true}'
        disabled_at: int | None = None

    assert site_of(Row()) == Site("s1", "shop", "pk_x", ("https://shop.example",), SitePolicy(strict=True))
    with pytest.raises(ValueError, match="no policy"):
        site_of(Row(policy=msgspec.json.encode([])))
