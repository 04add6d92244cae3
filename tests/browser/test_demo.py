"""The page that a newcomer opens: each game in the real widget, and what comes of it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, expect

from playproof.challenges import GAMES
from playproof.verification.demo import DEMO
from tests.browser.playing import BY_KEYS, BY_MOUSE, play
from tests.browser.real import House, Seat, house
from tests.browser.test_widget_access import faults
from tests.browser.visiting import SCRIPT, Visit
from tests.emulating import running_emulator
from tests.realtime import hosted_environment, taught
from tests.serving import PATIENCE_SECONDS, serving

NARROW, WIDE = ViewportSize(width=360, height=800), ViewportSize(width=1280, height=900)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("demo") / "data") as running:
        yield running


def sit_down(home: House, window: BrowserContext, game: str = "bubble-pop") -> Seat:
    """Open the page and choose a game."""
    window.add_init_script(SCRIPT)
    page = window.new_page()
    page.goto(home.url)
    page.locator("play-proof").wait_for()
    page.check(f"#games input[value={game}]")
    return Seat(home.store, page)


def at_peace(seat: Seat) -> bool:
    """Nothing was reported by the policy, and nothing reaches beyond the window."""
    told: list[object] = seat.page.evaluate("() => [policy, document.documentElement.scrollWidth <= innerWidth]")
    return told == [[], True]


@pytest.mark.parametrize(
    ("game", "size", "scheme"), [(game, size, scheme) for game in GAMES for size, scheme in ((NARROW, "dark"), (WIDE, "light"))]
)
def test_a_play_comes_back_as_the_operator_sees_it(home: House, browser: Browser, game: str, size: ViewportSize, scheme: str) -> None:
    window = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    said: list[str] = []
    window.on("console", lambda message: said.append(message.text))
    seat = sit_down(home, window, game)
    page = seat.page
    seat.begin()
    play(seat, BY_MOUSE[game])
    expect(page.locator("#after")).to_be_visible()
    name = seat.state.id
    answer = json.loads(page.locator("#json").text_content() or "")
    verdict = json.loads(page.locator("#result details code").text_content() or "")
    assert (answer["event_id"], answer["decision"], answer["action"]) == (name, verdict["decision"], "demo")
    assert answer["metadata"]["game"] == game
    stored = home.store.get(f"site:{DEMO}", name)
    assert stored is not None
    assert json.loads(stored.verdict) == verdict
    assert not stored.eligible

    assert page.locator("#result .drawing .target.hit").count() == GAMES[game].parameters.steps
    drawn = [line.get_attribute("points") for line in page.locator("#result .drawing polyline").all()]
    assert drawn
    assert all(drawn), "where motion is unwelcome it is drawn at once"
    expect(page.locator("#result .controls .play")).to_have_text("Play")
    bars = page.locator("#result .ranges li")
    assert bars.count() == len(verdict["featureSummary"])
    assert set(bars.locator(".meaning code").all_text_contents()) == set(verdict["featureSummary"])
    assert page.locator("#result .reasons li").count() == len(verdict["reasons"])
    assert verdict["decision"] in page.locator("#headline").inner_text().lower()
    expect(page.locator("#headline")).to_be_focused()
    assert at_peace(seat)
    assert said == []
    assert faults(Visit(None, page)) == []  # type: ignore[arg-type]
    window.close()


def test_keys_alone_play_and_look_at_it(home: House, window: BrowserContext) -> None:
    seat = sit_down(home, window)
    page, keys = seat.page, seat.page.keyboard
    page.locator("#games input:checked").focus()
    keys.press("Tab")
    keys.press("Enter")
    seat.until("playing")
    play(seat, BY_KEYS["bubble-pop"])
    expect(page.locator("#after")).to_be_visible()
    expect(page.locator("#result .empty")).to_contain_text("keys and proof of work leave no path")
    expect(page.locator("#result .facts").first).to_contain_text("keyboard")
    expect(page.locator("#answer")).to_contain_text("keyboard")


def test_another_way_is_shown_as_what_it_is(home: House, window: BrowserContext) -> None:
    seat = sit_down(home, window)
    page = seat.page
    page.get_by_role("button", name="Try another way").click()
    page.locator("#ways button").last.click()
    seat.until("verified")
    expect(page.locator("#after")).to_be_visible()
    expect(page.locator("#result .empty").first).to_contain_text("leave no path")
    expect(page.locator("#result .facts").first).to_contain_text("worked out")


def test_the_replay_is_played_paused_and_led_by_keys(home: House, window: BrowserContext) -> None:
    seat = sit_down(home, window)
    page = seat.page
    seat.begin()
    play(seat, BY_MOUSE["bubble-pop"])
    replay = page.locator("#result .replay")
    button, slider = replay.locator(".play"), replay.locator("input[type=range]")
    expect(button).to_have_text(re.compile("Pause|Play again"))  # it has begun by itself
    slider.focus()
    page.keyboard.press("Home")
    expect(replay.locator(".clock")).to_contain_text("0.00 s of")
    assert replay.locator(".target.hit").count() == 0
    assert replay.locator(".press:not(.away)").count() == 0
    assert not any(line.get_attribute("points") for line in replay.locator(".drawing polyline").all())
    page.keyboard.press("ArrowRight")
    expect(replay.locator(".clock")).to_contain_text("0.05 s of")
    pressed = "button => [0, 1].map(() => { button.click(); return button.textContent; })"
    assert button.evaluate(pressed) == ["Pause", "Play"]
    button.press("Enter")
    expect(button).to_have_text(re.compile("Pause|Play again"))
    slider.focus()
    page.keyboard.press("End")
    expect(replay.locator(".target.hit")).to_have_count(7)


def test_it_is_played_again_with_another_game(home: House, window: BrowserContext) -> None:
    seat = sit_down(home, window)
    page = seat.page
    seat.begin()
    play(seat, BY_MOUSE["bubble-pop"])
    expect(page.locator("#after")).to_be_visible()
    first = seat.state.id
    page.click("#again")
    seat.until("playing")
    expect(page.locator("#after")).to_be_hidden()
    assert seat.state.id != first
    page.check("#games input[value=snake]")
    seat.until("idle")
    seat.begin()
    assert seat.state.game == "snake"


@pytest.mark.parametrize("path", ["/", "/free", "/operator", "/api/v1/docs"])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_pages_hold_together_both_ways(home: House, window: BrowserContext, path: str, direction: str) -> None:
    window.add_init_script(SCRIPT)
    page = window.new_page()
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        page.goto(home.url + path)
        page.wait_for_load_state("networkidle")
        page.evaluate("direction => { document.documentElement.dir = direction }", direction)
        assert at_peace(Seat(home.store, page))
        assert faults(Visit(None, page)) == []  # type: ignore[arg-type]


def test_a_service_for_others_says_that_there_is_no_demo(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path / "data", PLAYPROOF_HOST="0.0.0.0", PLAYPROOF_API_KEYS="shop:key-of-the-shop") as running:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{running.port}")
        expect(page.locator("#trouble")).to_contain_text("loopback")
        assert page.locator("#stand").is_hidden()
        page.close()


def test_a_hosted_verdict_comes_later_and_is_marked_synthetic(window: BrowserContext, tmp_path: Path) -> None:
    with running_emulator() as emulator:
        folder = tmp_path / "data"
        with ThreadPoolExecutor() as pool:  # this thread's event loop is the browser's
            model = pool.submit(asyncio.run, taught(folder, emulator)).result(PATIENCE_SECONDS)
        emulator.fault("latency", "models.infer", seconds=3600.0)
        with house(folder, **hosted_environment(emulator, model, WOODWIDE_DEADLINE_MS="200")) as home:
            seat = sit_down(home, window)
            page = seat.page
            seat.begin()
            play(seat, BY_MOUSE["bubble-pop"])
            expect(page.locator("#status")).to_contain_text("so far")
            expect(page.locator("#result .facts").last).to_contain_text("still to come")
            emulator.heal()
            expect(page.locator("#result .facts").last).to_contain_text("the embedded model had said")
            expect(page.locator("#result .mark")).to_contain_text("made-up people")
