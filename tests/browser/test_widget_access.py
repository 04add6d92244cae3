"""The widget for everybody: what axe finds in each state, where the focus goes, how large things are, and what contrast themes leave."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, expect

from playproof.challenges import GAMES
from tests.browser.offering import Fault, Service, puzzled
from tests.browser.playing import BY_MOUSE, play
from tests.browser.visiting import Visit, do_a_sum, strict, visit

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
HELP = 'help-url="https://help.example/check"'


def faults(at: Visit) -> list[tuple[str, str]]:
    """What axe objects to on the page, by every rule it has."""
    at.page.evaluate(AXE)
    found = at.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [(violation["id"], node["html"]) for violation in found["violations"] for node in violation["nodes"]]


def lasting(name: str) -> dict[str, Any]:
    """A sum that takes a while and has no solution."""
    return puzzled(name) | {"challenge": "0" * 64, "maxnumber": 10**9}


@pytest.mark.parametrize(
    ("theme", "lang", "width"), [("light", "en", 360), ("dark", "de", 1280), ("light", "he", 1280), ("dark", "ar", 360)]
)
def test_axe_finds_nothing_in_any_state(
    offering: Service, browser: Browser, monkeypatch: pytest.MonkeyPatch, theme: str, lang: str, width: int
) -> None:
    window = browser.new_context(viewport=ViewportSize(width=width, height=900))
    direction = "rtl" if lang in ("ar", "he") else "ltr"
    more = f'theme="{theme}" retry="never" {HELP}'
    at = visit(offering, window, more=more, policy=strict(offering), theme=theme, lang=lang, dir=direction)
    seen = {"idle": faults(at)}
    about, ways = at.widget.locator(".foot button").all()
    about.click()
    seen["about"] = faults(at)
    ways.click()
    seen["ways"] = faults(at)
    ways.click()
    at.begin()
    at.wait_for(0)
    seen["playing"] = faults(at)
    play(at, BY_MOUSE["bubble-pop"])
    at.until("verified")
    seen["verified"] = faults(at)
    monkeypatch.setattr("tests.browser.offering.puzzled", lasting)
    ways.click()
    at.widget.locator("#ways button").last.click()
    at.until("working")
    seen["working"] = faults(at)
    at.page.evaluate("playproof.reset()")
    offering.faults["issue"] = Fault(1, 429)
    at.widget.locator("button.row").click()
    at.until("error")
    seen["error"] = faults(at)
    assert {state: found for state, found in seen.items() if found} == {}
    window.close()


@pytest.mark.parametrize("game", GAMES)
def test_axe_finds_nothing_in_any_game(offering: Service, window: BrowserContext, game: str) -> None:
    offering.game = game
    at = visit(offering, window)
    at.begin()
    at.wait_for(0)
    assert faults(at) == []


@pytest.mark.parametrize("colours", ["none", "active"])
def test_words_can_be_read_on_every_ground(offering: Service, browser: Browser, colours: Literal["active", "none"]) -> None:
    window = browser.new_context(forced_colors=colours, color_scheme="dark")
    at = visit(offering, window, more='theme="auto"', theme="dark")
    assert faults(at) == []
    assert at.widget.locator(".box").evaluate("box => getComputedStyle(box).borderTopStyle") == "solid"
    ground = at.widget.locator(".box").evaluate("box => getComputedStyle(box).backgroundColor")
    assert ground == ("rgb(27, 35, 33)" if colours == "none" else "rgb(0, 0, 0)"), "auto follows the system"
    window.close()


def test_axe_sees_into_the_widget(offering: Service, window: BrowserContext) -> None:
    at = visit(offering, window)
    at.page.evaluate("document.documentElement.style.setProperty('--playproof-ink', '#eeeeee')")
    assert "color-contrast" in {rule for rule, _ in faults(at)}


def test_a_site_chooses_its_colours(offering: Service, window: BrowserContext) -> None:
    at = visit(offering, window)
    at.page.evaluate("document.documentElement.style.setProperty('--playproof-surface', 'rgb(1, 2, 3)')")
    assert at.widget.locator(".box").evaluate("box => getComputedStyle(box).backgroundColor") == "rgb(1, 2, 3)"


@pytest.mark.parametrize("size", ["normal", "compact", "flexible"])
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_is_too_small_or_too_wide(offering: Service, browser: Browser, size: str, width: int) -> None:
    window = browser.new_context(viewport=ViewportSize(width=width, height=800))
    offering.game = "snake"
    at = visit(offering, window, more=f'size="{size}" {HELP}')

    def fits() -> bool:
        small = at.page.evaluate(
            """() => [...document.querySelector('play-proof').shadowRoot.querySelectorAll('button, a')]
                .filter((each) => each.checkVisibility())
                .map((each) => [each.textContent, each.getBoundingClientRect()])
                .filter(([, box]) => box.width < 24 || box.height < 24)"""
        )
        assert small == []
        return bool(at.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    assert fits()
    for opener in at.widget.locator(".foot button").all():
        opener.click()
        assert fits()
    at.begin()
    at.wait_for(0)
    assert fits()
    box = at.page.locator(".field").bounding_box()
    assert box is not None
    assert 2 * at.target.radius * box["width"] / 1000 >= 24
    most = {"normal": 416, "compact": 416, "flexible": 704}[size]
    assert box["width"] >= min(0.9 * width, most - 32) - 16
    window.close()


def test_the_focus_is_seen_and_goes_where_things_go_on(offering: Service, window: BrowserContext) -> None:
    at = visit(offering, window, more=HELP)
    keys, active = at.page.keyboard, "document.querySelector('play-proof').shadowRoot.activeElement?.className"
    at.page.get_by_label("Name").focus()
    order = []
    for _ in range(3):
        keys.press("Tab")
        order.append(at.page.evaluate("document.querySelector('play-proof').shadowRoot.activeElement.textContent"))
        outline = at.page.evaluate("getComputedStyle(document.querySelector('play-proof').shadowRoot.activeElement).outlineWidth")
        assert outline == "3px"
    assert order == ["Show that you are a personBy a short game", "What is this?", "Try another way"]
    keys.press("Enter")
    expect(at.widget.get_by_role("button", name="Try another way")).to_have_attribute("aria-expanded", "true")
    for _ in range(3):
        keys.press("Tab")
    keys.press("Enter")
    at.until("verified")
    assert at.page.evaluate(active) == "row", "what was pressed is gone, what is said in its place has the focus"
    keys.press("Tab")
    assert at.page.evaluate("document.querySelector('play-proof').shadowRoot.activeElement.textContent") == "What is this?"


def test_what_happens_is_said(offering: Service, window: BrowserContext, monkeypatch: pytest.MonkeyPatch) -> None:
    at = visit(offering, window)
    at.page.evaluate(
        """() => {
            window.said = [];
            const live = document.querySelector('play-proof').shadowRoot.querySelector('.live');
            new MutationObserver(() => said.push(live.textContent)).observe(live, { childList: true });
        }"""
    )
    do_a_sum(at)
    said = [text for text in at.page.evaluate("said") if text]
    assert said[0] == "One moment…"
    assert "Your device is doing a sum There is nothing for you to do." in said
    assert said[-1] == "Done, thank you You can go on with the form."


def test_help_is_a_link_that_is_no_script(offering: Service, window: BrowserContext) -> None:
    at = visit(offering, window, more=HELP)
    links = at.widget.locator("a.way")
    assert [link.get_attribute("href") for link in links.all()] == ["https://help.example/check"] * 2
    assert links.first.get_attribute("rel") == "noopener noreferrer"
    at = visit(offering, window, more='help-url="javascript:alert(1)"')
    assert at.widget.locator("a").count() == 0


@pytest.mark.parametrize(
    ("more", "lang", "said", "direction"),
    [
        ("", "de-AT", "Zeigen, dass Sie ein Mensch sind", "ltr"),
        ('language="fr"', "de", "Montrer que vous êtes une personne", "ltr"),
        ('data-language="he"', "en", "להראות שכאן אדם", "rtl"),
        ("", "xx", "Show that you are a person", "ltr"),
        ('language="ZH-hant"', "", "请证明您是真人", "ltr"),
    ],
)
def test_it_speaks_as_the_page_does_unless_told(
    offering: Service, window: BrowserContext, more: str, lang: str, said: str, direction: str
) -> None:
    at = visit(offering, window, more=more, lang=lang)
    expect(at.widget.locator(".title")).to_have_text(said)
    assert at.widget.locator(".box").get_attribute("dir") == direction


def test_a_language_that_cannot_be_fetched_is_english(offering: Service, browser: Browser) -> None:
    window = browser.new_context()
    window.route("**/words/de.js", lambda route: route.abort())
    at = visit(offering, window, lang="de")
    expect(at.widget.locator(".title")).to_have_text("Show that you are a person")
    window.close()


def test_nothing_turns_where_motion_is_unwelcome(offering: Service, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.browser.offering.puzzled", lasting)
    running = {}
    for motion in ("reduce", "no-preference"):
        window = browser.new_context(reduced_motion=motion)
        at = visit(offering, window)
        at.widget.get_by_role("button", name="Try another way").click()
        at.widget.get_by_role("button", name="No game").click()
        at.until("working")
        running[motion] = at.page.evaluate("document.querySelector('play-proof').shadowRoot.getAnimations().length")
        window.close()
    assert running == {"reduce": 0, "no-preference": 1}
