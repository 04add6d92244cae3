"""The sample shop, as a visitor finds it: a real service, a real play, and what the shop makes of the answer."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.playing import BY_MOUSE, play
from tests.browser.real import House, Seat, house
from tests.browser.test_widget_access import faults
from tests.browser.visiting import SCRIPT, Visit
from tests.serving import PATIENCE_SECONDS, read_until

EXAMPLE = Path(__file__).parents[2] / "examples" / "shop.py"
ORDER = "form > p > button"
TAKEN = "Your tea is on its way."
POLICIES = {
    TAKEN: ["--pass-threshold", "12", "--review-threshold", "12"],
    "Somebody looks at it": ["--pass-threshold", "0", "--review-threshold", "12"],
    "We could not take this order": ["--pass-threshold", "0", "--review-threshold", "0", "--no-corroborate"],
}


@dataclass
class Shop:
    """The shop and the service that it asks."""

    home: House
    url: str
    pages: list[Page] = field(default_factory=list)

    def visit(self, window: BrowserContext) -> Seat:
        """A visitor at the order form."""
        window.add_init_script(SCRIPT)
        page = window.new_page()
        self.pages.append(page)
        page.goto(self.url)
        page.wait_for_function("() => told.some(([name]) => name === 'ready')")
        page.fill("input[name=name]", "Ada")
        return Seat(self.home.store, page)


def sites(folder: Path, *arguments: str) -> str:
    """What `playproof sites` prints."""
    command = [sys.executable, "-m", "playproof", "sites", *arguments, "--data-dir", str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def opened(home: House, folder: Path, *policy: str) -> Iterator[Shop]:
    """A shop with a site and a port of its own; nobody has been there before all is set."""
    name = f"shop-{len(home.store.sites.list())}"
    keys = json.loads(sites(folder, "create", name, "--origin", "http://127.0.0.1:1", "--format", "json"))
    sites(folder, "policy", name, "--game", "bubble-pop", *policy)
    command = [
        sys.executable,
        str(EXAMPLE),
        "--playproof",
        home.url,
        "--port",
        "0",
        "--sitekey",
        keys["sitekey"],
        "--secret",
        keys["secret"],
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        try:
            banner = read_until(process, "The shop is open")
            found = re.search(r"http://\S+:\d+", banner)
            assert found is not None, banner
            sites(folder, "origins", name, "--origin", found[0])
            shop = Shop(home, found[0])
            yield shop
            for page in shop.pages:  # which may still be loading, and complain about a shop that is gone
                page.close()
        finally:
            process.kill()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop") / "data"


@pytest.fixture(scope="module")
def home(folder: Path) -> Iterator[House]:
    with house(folder) as running:
        yield running


@pytest.mark.parametrize("sentence", POLICIES)
def test_an_order_is_taken_as_the_play_was_decided(home: House, folder: Path, window: BrowserContext, sentence: str) -> None:
    with opened(home, folder, *POLICIES[sentence]) as shop:
        seat = shop.visit(window)
        page = seat.page
        assert faults(Visit(None, page)) == []  # type: ignore[arg-type]
        seat.begin()
        play(seat, BY_MOUSE["bubble-pop"])
        seat.until("verified")
        assert page.evaluate("() => policy") == []
        name = seat.state.id
        page.click(ORDER)
        expect(page.locator("main")).to_contain_text(sentence)
    (spent,) = [one for one in home.store.challenges.recent(9) if one.id == name]
    assert (spent.action, spent.hostname, spent.spent_at is None) == ("order", "127.0.0.1", False)


def test_a_form_that_is_sent_twice_is_played_again(home: House, folder: Path, window: BrowserContext) -> None:
    with opened(home, folder, *POLICIES[TAKEN]) as shop:
        seat = shop.visit(window)
        page = seat.page
        seat.begin()
        play(seat, BY_MOUSE["bubble-pop"])
        seat.until("verified")
        page.click(ORDER)
        expect(page.locator("h1")).to_have_text("Thank you")
        page.reload()  # sends the form with the same token again
        expect(page.locator("[role=alert]")).to_contain_text("Please play once more")
        expect(page.locator("input[name=name]")).to_have_value("Ada")
        page.wait_for_function("() => told.some(([name]) => name === 'ready')")
        seat.begin()
        play(seat, BY_MOUSE["bubble-pop"])
        seat.until("verified")
        page.click(ORDER)
        expect(page.locator("main")).to_contain_text(TAKEN)


def test_an_order_without_a_play_is_none(home: House, folder: Path, window: BrowserContext) -> None:
    with opened(home, folder) as shop:
        page = shop.visit(window).page
        page.click(ORDER)
        expect(page.locator("[role=alert]")).to_contain_text("Please play first")


def test_a_shop_without_keys_says_how_to_get_them() -> None:
    done = subprocess.run([sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert (done.returncode, done.stdout) == (2, "")
    assert "playproof sites create shop --origin http://127.0.0.1:8800" in done.stderr
