"""`playproof sites`, as a person calls it."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from playproof.cli import run
from playproof.clock import SystemClock, milliseconds
from playproof.store import open_store
from playproof.tokens.keys import secret_digest
from playproof.tokens.site import SitePolicy, Terms, policy_of
from playproof.web import widget_files

SHOP = "https://shop.example"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Line:
    """The command line, and what it says."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str, code: int = 0) -> str:
        assert run(["sites", *arguments, "--data-dir", "data"]) == code
        said = self._capsys.readouterr()
        return said.out if code == 0 else said.err

    def json(self, *arguments: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self(*arguments, "--format", "json"))
        return told

    def made(self) -> dict[str, Any]:
        """A site called shop."""
        return self.json("create", "shop", "--origin", SHOP)


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str]) -> Line:
    return Line(capsys)


def site_of_secret(secret: str) -> str | None:
    """The name of the site that has this secret now."""
    with closing(open_store(Path("data"))) as store:
        found = store.sites.by_secret(secret_digest(secret), milliseconds(SystemClock().now()))
    return None if found is None else found.name


def stored_policy() -> SitePolicy:
    with closing(open_store(Path("data"))) as store:
        (record,) = store.sites.list()
    return policy_of(record.policy)


def test_a_site_is_made_with_keys_of_which_the_secret_is_shown_once(line: Line) -> None:
    made = line.json("create", "shop", "--origin", "https://Shop.example/", "--origin", "http://localhost:3000", "--origin", SHOP)
    assert made["origins"] == [SHOP, "http://localhost:3000"]
    assert re.fullmatch(r"site_[0-9a-z]{26}", made["id"])
    assert re.fullmatch(r"pk_[\w-]{22}", made["sitekey"])
    assert re.fullmatch(r"sk_[\w-]{43}", made["secret"])
    assert site_of_secret(made["secret"]) == "shop"
    for shown in (line("show", "shop"), line("show", made["sitekey"]), line("list"), line("list", "--format", "table")):
        assert made["secret"] not in shown
    kept = b"".join(file.read_bytes() for file in Path("data").iterdir())
    assert made["sitekey"].encode() in kept
    assert made["secret"].encode() not in kept


def test_a_person_is_told_to_keep_the_secret(line: Line) -> None:
    said = line("create", "shop", "--origin", SHOP, "--format", "table")
    assert re.search(r"^secret +sk_", said, re.MULTILINE)
    assert "not shown again" in said


def test_names_are_taken_once(line: Line) -> None:
    line.made()
    assert "already" in line("create", "shop", "--origin", SHOP, code=1)


@pytest.mark.parametrize("name", ["", "a b", "-x", "x" * 65, "a/b", "käse"])
def test_names_are_plain(line: Line, name: str) -> None:
    assert "NAME" in line("create", "--origin", SHOP, "--", name, code=2)


@pytest.mark.parametrize(
    ("origin", "why"), [("http://shop.example", "not encrypted"), ("https://shop.example/cart", "more than"), ("*", "https://")]
)
def test_origins_are_checked(line: Line, origin: str, why: str) -> None:
    assert why in line("create", "shop", "--origin", origin, code=2).replace("\n", " ")
    assert not Path("data").exists()


def test_plain_http_is_taken_when_asked_for(line: Line) -> None:
    made = line.json("create", "shop", "--origin", "http://intranet", "--insecure-origin")
    assert made["origins"] == ["http://intranet"]
    assert line("origins", "shop", "--origin", SHOP) == f"shop: {SHOP}\n"
    assert line.json("show", "shop")["origins"] == [SHOP]


def test_sites_are_listed(line: Line) -> None:
    assert line("list", "--format", "table", code=1).startswith("Error"), "there is no database yet"
    line.made()
    line("create", "bank", "--origin", "https://bank.example")
    listed = [json.loads(one) for one in line("list").splitlines()]
    assert [one["name"] for one in listed] == ["bank", "shop"]
    table = line("list", "--format", "table").splitlines()
    assert [row.split()[0] for row in table] == ["name", "----", "bank", "shop"]


def test_a_new_secret_takes_the_place_of_the_old_one(line: Line) -> None:
    first = line.made()["secret"]
    second = line.json("rotate", "shop")["secret"]
    assert (site_of_secret(first), site_of_secret(second)) == ("shop", "shop")
    assert [one["hint"][-4:] for one in line.json("show", "shop")["secrets"]] == [second[-4:], first[-4:]]
    third = line.json("rotate", "shop", "--keep", "1h")["secret"]
    assert [site_of_secret(one) for one in (first, second, third)] == [None, "shop", "shop"]
    fourth = line.json("rotate", "shop", "--keep", "0")["secret"]
    assert [site_of_secret(one) for one in (third, fourth)] == [None, "shop"]
    assert "duration" in line("rotate", "shop", "--keep", "soon", code=2).replace("\n", " ")


def test_a_policy_is_set_for_a_site_and_for_an_action(line: Line) -> None:
    line.made()
    line("policy", "shop", "--strict", "--game", "osu", "--game", "snake", "--token-seconds", "120", "--accessible", "review")
    line("policy", "shop", "--action", "login", "--pass-threshold", "1.5", "--review-is-success", "--no-strict", "--no-corroborate")
    assert stored_policy() == SitePolicy(
        strict=True,
        games=("osu", "snake"),
        token_seconds=120,
        accessible="review",
        actions={"login": Terms(pass_threshold=1.5, review_is_success=True, strict=False, corroborate=False)},
    )
    shown = line.json("policy", "shop")["policy"]
    assert shown["actions"]["login"]["passThreshold"] == 1.5
    line("policy", "shop", "--unset", "games", "--unset", "token-seconds", "--unset", "strict", "--unset", "accessible")
    line(
        "policy",
        "shop",
        "--action",
        "login",
        *(f"--unset={name}" for name in ("pass-threshold", "strict", "corroborate", "review-is-success")),
    )
    assert stored_policy() == SitePolicy()


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["--pass-threshold", "3", "--review-threshold", "2"], 1, "below the pass threshold"),
        (["--pass-threshold", "13"], 1, "no policy"),
        (["--token-seconds", "60"], 2, "120"),
        (["--game", "chess"], 2, "no game"),
        (["--action", "login", "--game", "osu"], 2, "for all actions"),
        (["--action", "log in", "--strict"], 1, "no policy"),
    ],
)
def test_what_will_not_do_changes_nothing(line: Line, arguments: list[str], code: int, why: str) -> None:
    line.made()
    assert why in line("policy", "shop", *arguments, code=code).replace("\n", " ")
    assert stored_policy() == SitePolicy()


def test_a_site_is_disabled_and_enabled(line: Line) -> None:
    line.made()
    assert line("disable", "shop") == "shop: disabled\n"
    since = line.json("show", "shop")["disabledAt"]
    assert since is not None
    line("disable", "shop")
    assert line.json("show", "shop")["disabledAt"] == since
    assert line("enable", "shop") == "shop: enabled\n"
    assert line.json("show", "shop")["disabledAt"] is None


@pytest.mark.parametrize(
    "command", [["show"], ["snippet", "--url", SHOP], ["rotate"], ["policy"], ["disable"], ["enable"], ["origins", "--origin", SHOP]]
)
def test_sites_that_are_not_there_are_named(line: Line, command: list[str]) -> None:
    line.made()
    assert "no site other" in line(command[0], "other", *command[1:], code=1)


def test_the_page_of_a_site_is_told_what_it_needs(line: Line) -> None:
    made = line.made()
    page = line("snippet", "shop", "--url", "https://verify.example/")
    assert widget_files.snippet("https://verify.example").html in page
    assert page.endswith(f'<play-proof sitekey="{made["sitekey"]}"></play-proof>\n')
    assert "expected an http or https address" in line("snippet", "shop", "--url", "verify.example", code=2).replace("\n", " ")
