"""The widget on a site's page and the real service behind it: from the press that begins to what the site's backend is told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from playproof.testing import people
from playproof.testing.events import Track
from tests.browser.offering import Service, service
from tests.browser.playing import ARROWS, NAMES
from tests.browser.visiting import Visit, do_a_sum, silent, visit
from tests.serving import Serving, serving

BUBBLES = 7


@dataclass
class Shop:
    """A site of the service, and its pages."""

    pages: Service
    serving: Serving
    sitekey: str
    secret: str

    def visit(self, window: BrowserContext) -> Visit:
        """A visitor at its form."""
        entry = f'<script type="module" src="{self.serving.url}/widget/playproof.js"></script>'
        body = f"""<form action="/submit" method="post"><play-proof sitekey="{self.sitekey}" action="sign-up" cdata="cart 7"
            game="bubble-pop"></play-proof><button>Send</button></form>"""
        rules = f"default-src 'none'; script-src 'self' {self.serving.url}; style-src 'self'; connect-src {self.serving.url}"
        rules += "; form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
        return visit(self.pages, window, body, head=entry, policy=rules)

    def asks(self, token: str) -> dict[str, Any]:
        """What the backend is told."""
        answer = httpx.post(f"{self.serving.url}/siteverify", json={"secret": self.secret, "response": token}, timeout=60)
        told: dict[str, Any] = answer.json()
        return told


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop") / "data"
    with (
        service() as pages,
        serving(folder, PLAYPROOF_TOLL_INSTEAD="2000", PLAYPROOF_TOLL_BESIDE="2000", PLAYPROOF_TOLL_WAIT="0s") as running,
    ):
        command = [sys.executable, "-m", "playproof", "sites", "create", "shop", "--origin", pages.site, "--format", "json"]
        made = subprocess.run([*command, "--data-dir", str(folder)], check=True, capture_output=True, text=True)
        keys = json.loads(made.stdout)
        yield Shop(pages, running, keys["sitekey"], keys["secret"])


def shown(page: Page, step: int) -> None:
    """Wait for a bubble, and as long as it takes to notice it."""
    page.wait_for_function("step => game.surface.dataset.shown === String(step) || document.documentElement.dataset.done", arg=step)
    page.wait_for_timeout(200)


def pop(page: Page, at: Any, rng: np.random.Generator) -> Any:
    """Reach for the bubble as a made-up person does, and press; where the hand is then."""
    box = page.locator(".disc").bounding_box()
    assert box is not None
    track = Track()
    end = people.reach(track, rng, at, np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]), slope=95.0)
    _, way = track.sampled(12.0)
    for place in [*way, end]:
        page.mouse.move(*place.round().tolist())
    page.mouse.down()
    page.mouse.up()
    return end


def waits(at: Visit, step: int) -> bool:
    """Whether the bubble of `step` is still there."""
    return bool(at.page.evaluate("step => game.surface.dataset.shown === String(step)", step))


def fill(shop: Shop, at: Visit) -> dict[str, Any]:
    """Send the form; what its backend is told of the token."""
    at.page.get_by_role("button", name="Send").click()
    expect(at.page.get_by_role("heading", name="Sent")).to_be_visible()
    return shop.asks(shop.pages.posted[-1]["playproof-response"][0])


def test_who_plays_with_the_mouse_is_told_of_to_the_site(shop: Shop, window: BrowserContext) -> None:
    said, rng, hand = silent(window), np.random.default_rng(4), np.array([500.0, 400.0])
    at = shop.visit(window)
    at.begin()
    for step in range(BUBBLES):
        shown(at.page, step)
        while waits(at, step):
            hand = pop(at.page, hand, rng)
            at.past(step)
    at.until("verified")
    assert at.page.evaluate("policy") == said == []
    told = fill(shop, at)
    assert (told["hostname"], told["action"], told["cdata"]) == ("127.0.0.1", "sign-up", "cart 7")
    assert told["decision"] in ("pass", "review")
    assert "timeout-or-duplicate" in shop.asks(shop.pages.posted[-1]["playproof-response"][0])["error-codes"]


def test_who_plays_with_keys_pays_and_passes(shop: Shop, window: BrowserContext) -> None:
    at = shop.visit(window)
    at.widget.locator("button.row").press("Enter")
    at.until("playing")
    for step in range(BUBBLES):
        shown(at.page, step)
        said = at.page.get_by_role("status").last.inner_text()
        while waits(at, step):
            at.page.keyboard.press(ARROWS[next(key for key, name in enumerate(NAMES) if name in said)])
            at.past(step)
    at.until("verified")
    told = fill(shop, at)
    assert (told["success"], told["decision"]) == (True, "pass")


def test_who_has_the_device_do_a_sum_passes(shop: Shop, window: BrowserContext) -> None:
    at = shop.visit(window)
    do_a_sum(at)
    told = fill(shop, at)
    assert (told["success"], told["decision"]) == (True, "pass")


def test_another_sites_page_gets_no_challenge(shop: Shop, browser: Browser) -> None:
    entry = f'<script type="module" src="{shop.serving.url}/widget/playproof.js"></script>'
    window = browser.new_context()
    at = visit(shop.pages, window, f'<play-proof sitekey="{shop.sitekey}"></play-proof>', head=entry, origin=shop.pages.url)
    at.widget.locator("button.row").click()
    at.until("error")
    assert at.told("error") == [{"code": "origin-not-allowed"}]
    window.close()


def test_a_test_key_gives_its_token_at_once(shop: Shop, window: BrowserContext) -> None:
    entry = f'<script type="module" src="{shop.serving.url}/widget/playproof.js"></script>'
    at = visit(shop.pages, window, '<form><play-proof sitekey="pk_test_pass"></play-proof></form>', head=entry)
    at.widget.locator("button.row").click()
    at.until("verified")
    assert at.token.startswith("pp1.PLAYPROOF-TEST")


def test_modules_are_kept_for_good_under_their_version_and_only_there(shop: Shop) -> None:
    latest = httpx.get(f"{shop.serving.url}/widget/playproof.js?render=explicit")
    assert (latest.status_code, latest.headers["cache-control"]) == (302, "public, max-age=300")
    address = latest.headers["location"]
    assert address.endswith("/playproof.js?render=explicit")
    kept = httpx.get(shop.serving.url + address, headers={"Origin": "https://shop.example"})
    assert kept.headers["content-type"] == "text/javascript; charset=utf-8"
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (kept.headers["access-control-allow-origin"], kept.headers["x-content-type-options"]) == ("*", "nosniff")
    old = httpx.get(f"{shop.serving.url}/widget/0123456789abcdef/games/osu.js")
    assert old.status_code == 302, "pages that name an earlier version go on working"
    assert httpx.get(shop.serving.url + old.headers["location"]).status_code == 200
    assert httpx.get(f"{shop.serving.url}/widget/0123456789abcdef/nothing.js").status_code == 404
    assert httpx.get(f"{shop.serving.url}/widget/0123456789abcdef/../../app.py").status_code == 404
