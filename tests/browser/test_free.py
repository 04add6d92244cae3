"""Free play and the API page in a real Chromium, played with the mouse."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.emulating import running_emulator
from tests.realtime import hosted_environment, taught
from tests.serving import PATIENCE_SECONDS, Serving, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A service with an open API."""
    with serving(tmp_path_factory.mktemp("browser") / "data") as running:
        yield running


def play(page: Page, targets: int = 10) -> None:
    """Reach for each target with a bent, uneven path, and click it."""
    rng = np.random.default_rng(7)
    page.click("#start")
    at = np.array([550.0, 400.0])
    for _ in range(targets):
        box = page.locator("#target").bounding_box()
        assert box is not None
        goal = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]) + rng.normal(0, 5, 2)
        way = goal - at
        aside = np.array([-way[1], way[0]]) * rng.normal(0, 0.06)
        for share in np.linspace(0, 1, 18)[1:] ** 1.3:
            place = np.round(at + way * share + aside * np.sin(np.pi * share))
            page.mouse.move(*place.tolist())
        page.mouse.down()
        page.mouse.up()
        at = goal


def test_a_play_gets_a_verdict(served: Serving, window: BrowserContext) -> None:
    page = window.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served.url}/free")
    play(page)
    page.wait_for_selector("#result:not([hidden])")
    verdict = json.loads(page.locator("#result details code").text_content() or "")
    sent = json.loads(page.locator("#sent").text_content() or "")
    assert verdict["decision"] in page.locator("#headline").inner_text().lower()
    assert page.locator("#result .reasons li").count() == len(verdict["reasons"])
    assert page.locator("#result .drawing .target").count() == 10
    assert page.locator("#result .drawing .press").count() == 10
    assert page.locator("#result .ranges li").count() == len(verdict["featureSummary"])
    page.locator("#result input[type=range]").press("End")
    assert page.locator("#result .drawing .target.hit").count() == 10
    assert all(line.get_attribute("points") for line in page.locator("#result .drawing polyline").all())
    assert page.locator("#status").inner_text() == f"Verdict: {verdict['decision']}."

    assert (sent["gameType"], sent["deviceType"], sent["hits"]) == ("targets", "mouse", 10)
    assert len(sent["movements"]["t"]) > 100
    assert set(sent["movements"]["trusted"]) == {1}
    assert all(float(x).is_integer() for x in sent["movements"]["x"]), "the page adds no fractions to whole pixels"

    stored = httpx.get(f"{served.url}/api/v1/sessions/{verdict['sessionId']}", headers={"Playproof-Demo": "true"}, timeout=PATIENCE_SECONDS)
    assert stored.json() == verdict
    assert httpx.get(f"{served.url}/api/v1/sessions/{verdict['sessionId']}", timeout=PATIENCE_SECONDS).status_code == 404, (
        "demo plays are kept apart"
    )
    assert all(url.startswith(served.url) for url in asked), "nothing comes from elsewhere"
    assert window.cookies() == []


def test_a_second_tab_is_another_play(served: Serving, window: BrowserContext) -> None:
    first, second = window.new_page(), window.new_page()
    names = []
    for page in (first, second):
        page.goto(f"{served.url}/free")
    for page in (first, second):
        page.bring_to_front()
        play(page)
        page.wait_for_selector("#result:not([hidden])")
        names.append(json.loads(page.locator("#result details code").text_content() or "")["sessionId"])
    assert names[0] != names[1]


def test_a_play_that_was_left_is_not_judged(served: Serving, window: BrowserContext) -> None:
    page = window.new_page()
    page.goto(f"{served.url}/free")
    play(page, targets=3)
    page.set_viewport_size({"width": 700, "height": 700})
    expect(page.locator("#status")).to_contain_text("stopped")
    expect(page.locator("#start")).to_have_text("Start again")
    assert page.locator("#result").is_hidden()


def test_the_page_asks_for_a_key_where_one_is_needed(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("keys") / "data"
    with serving(folder, PLAYPROOF_API_KEYS="shop:key-of-the-shop") as keyed:
        page = browser.new_page()
        page.goto(f"{keyed.url}/free")
        play(page)
        page.wait_for_selector("#keyform:not([hidden])")
        page.fill("#key", "key-of-the-shop")
        page.click("#keyform button")
        page.wait_for_selector("#result:not([hidden])")
        assert page.locator("#keyform").is_hidden()
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_api_page_shows_every_operation(served: Serving, browser: Browser, scheme: str) -> None:
    page = browser.new_page(color_scheme=scheme, viewport={"width": 390, "height": 800})  # type: ignore[arg-type]
    page.goto(f"{served.url}/api/v1/docs")
    page.wait_for_selector(".operation")
    document = httpx.get(f"{served.url}/api/v1/openapi.json", timeout=PATIENCE_SECONDS).json()
    assert page.locator(".operation").count() == sum(len(item) for item in document["paths"].values())
    assert page.locator(".schema").count() == len(document["components"]["schemas"])
    page.locator(".operation[open] a", has_text="Session").first.click()
    assert page.locator("#schema-Session").get_attribute("open") is not None
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing reaches beyond a narrow screen"
    page.close()


def test_a_hosted_verdict_comes_later_and_is_marked_synthetic(window: BrowserContext, tmp_path: Path) -> None:
    with running_emulator() as emulator:
        folder = tmp_path / "data"
        with ThreadPoolExecutor() as pool:  # this thread's event loop is the browser's
            model = pool.submit(asyncio.run, taught(folder, emulator)).result()
        emulator.fault("latency", "models.infer", seconds=3600.0)
        with serving(folder, log=None, **hosted_environment(emulator, model, WOODWIDE_DEADLINE_MS="200")) as running:
            page = window.new_page()
            page.goto(f"{running.url}/free")
            play(page)
            page.wait_for_selector("#result:not([hidden])")
            expect(page.locator("#status")).to_contain_text("so far")
            expect(page.locator("#result .facts").last).to_contain_text("still to come")
            emulator.heal()
            expect(page.locator("#result .facts").last).to_contain_text("the hosted model, mdl_")
            expect(page.locator("#result .facts").last).to_contain_text("final; the embedded model had said")
            expect(page.locator("#result .mark")).to_be_visible()
            expect(page.locator("#result .summary")).to_contain_text("made-up people")
            verdict = json.loads(page.locator("#result details code").text_content() or "")
            assert (verdict["status"], verdict["revision"], verdict["anomaly"]["source"]) == ("final", 2, "woodwide")
