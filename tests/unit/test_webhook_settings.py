"""Settings of webhooks: where they go, and what they are signed with."""

from __future__ import annotations

import pytest

from playproof.errors import SettingsError
from playproof.settings import SETTINGS, Settings, read_settings, secrets_of
from playproof.settings.webhooks import signing_key

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PLAIN = "correct horse battery staple"
URL = "PLAYPROOF_WEBHOOK_URL"
NAME = "PLAYPROOF_WEBHOOK_SECRET"


def read(**environ: str) -> Settings:
    return read_settings(environ=environ).settings


def complaint(**environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read(**environ)
    return str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/",
        "https://example.com:8443/hooks/",
        "https://example.com/hooks?site=1",
        "https://[2606:2800:220:1::1]/hooks",
    ],
)
def test_an_address_is_taken_as_it_is_written(url: str) -> None:
    assert read(**{URL: f" {url} ", NAME: SECRET}).webhook_url == url


@pytest.mark.parametrize(
    "url",
    [
        "example.com/hooks",
        "ftp://example.com",
        "https://",
        "https://user:password@example.com",
        "https://user@example.com",
        "https://example.com/#part",
        "https://example.com/#",
        "https://example.com:0/",
        "https://example.com:port/",
        "https://exam ple.com/",
        "https://exam%20ple.com/",
        "https://[::1%25lo]/",
        "https://exam|ple.com/",
        "https://example.com\\@internal/",
        "https://bücher.example/",
    ],
)
def test_what_is_no_address_to_post_to_is_refused(url: str) -> None:
    assert f"{URL} is {url!r}: expected an https address" in complaint(**{URL: url, NAME: SECRET})


def test_an_address_needs_a_secret() -> None:
    assert f"{URL} needs {NAME}" in complaint(**{URL: "https://example.com"})


def test_plain_http_is_for_private_addresses_alone() -> None:
    given = {URL: "http://10.0.0.1/", NAME: SECRET}
    assert "plain http" in complaint(**given)
    assert read(**given, PLAYPROOF_WEBHOOK_PRIVATE="true").webhook_url == "http://10.0.0.1/"


@pytest.mark.parametrize(("text", "meant"), [("true", True), ("Yes", True), ("1", True), ("on", True), ("false", False), ("0", False)])
def test_a_switch_is_read_in_the_usual_words(text: str, meant: bool) -> None:
    assert read(PLAYPROOF_WEBHOOK_PRIVATE=text).webhook_private is meant


def test_any_other_word_for_a_switch_is_an_error() -> None:
    assert complaint(PLAYPROOF_WEBHOOK_PRIVATE="maybe").endswith("expected true or false")


def test_several_secrets_are_each_known_and_none_is_shown() -> None:
    settings = read(**{NAME: f"{SECRET}, {PLAIN}"})
    assert secrets_of(settings) == (SECRET, PLAIN)
    (row,) = (row for row in SETTINGS if row.env == NAME)
    assert row.show(settings.webhook_secret) == "***, ***"
    assert SECRET not in repr(settings)


def test_a_secret_in_base64_signs_with_its_bytes_and_another_with_its_text() -> None:
    assert signing_key(SECRET).hex() == "31f290f6bf06298aab4f08d43c3f082cf648a362da2da4b0"
    assert signing_key(PLAIN) == PLAIN.encode()


@pytest.mark.parametrize(
    "secret",
    ["short", "x" * 23, "whsec_c2hvcnQ=", "whsec_not base64 at all, though it is long", "whsec_", f"{SECRET},{SECRET}", "ü" * 24, ","],
)
def test_a_secret_that_will_not_do_is_refused_unseen(secret: str) -> None:
    told = complaint(**{NAME: secret})
    assert told.startswith(f"{NAME}: expected secrets separated by commas")
    assert len(secret) < 7 or secret not in told
