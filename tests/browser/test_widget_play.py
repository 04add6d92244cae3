"""The widget on a site's page under the strictest policy, played to its token: each game, by pointer and by keys, narrow and wide."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, expect

from playproof.challenges import GAMES
from tests.browser.offering import Service
from tests.browser.playing import BY_KEYS, BY_MOUSE, play
from tests.browser.visiting import FORM, WIDGET, at_peace, do_a_sum, silent, strict, visit

NARROW, WIDE = ViewportSize(width=360, height=740), ViewportSize(width=1280, height=800)
BY_POINTER = [(game, *more) for game in GAMES for more in ((NARROW, "light ltr"), (WIDE, "dark rtl"))]
BY_KEY = [(game, *more) for game in GAMES for more in ((WIDE, "light rtl"), (NARROW, "dark ltr"))]


@pytest.mark.parametrize(("game", "size", "look"), BY_POINTER)
def test_it_is_played_with_the_mouse(offering: Service, browser: Browser, game: str, size: ViewportSize, look: str) -> None:
    theme, direction = look.split()
    window = browser.new_context(viewport=size)
    said = silent(window)
    offering.game = game
    language = "ar" if direction == "rtl" else "en"
    at = visit(offering, window, more=f'theme="{theme}"', policy=strict(offering), theme=theme, dir=direction, lang=language)
    at.begin()
    play(at, BY_MOUSE[game])
    at.until("verified")
    held = offering.latest
    assert held.outcome is not None
    assert (held.outcome.completed, held.outcome.device, held.outcome.violations, held.outcome.untrusted) == (True, "mouse", {}, 0)
    assert at.token == held.token
    assert "pow" not in offering.calls, "who plays by mouse pays nothing"
    assert at.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert at_peace(at, said)
    window.close()


@pytest.mark.parametrize(("game", "size", "look"), BY_KEY)
def test_it_is_played_with_keys_alone(offering: Service, browser: Browser, game: str, size: ViewportSize, look: str) -> None:
    theme, direction = look.split()
    window = browser.new_context(viewport=size)
    said = silent(window)
    offering.game = game
    at = visit(offering, window, more=f'theme="{theme}"', policy=strict(offering), theme=theme, dir=direction)
    keys = at.page.keyboard
    keys.press("Tab")
    keys.press("Tab")
    expect(at.widget.locator("button.row")).to_be_focused()
    keys.press("Enter")
    at.until("playing")
    expect(at.widget.locator(".field")).to_be_focused()
    play(at, BY_KEYS[game])
    at.until("verified")
    held = offering.latest
    assert held.outcome is not None
    assert (held.outcome.completed, held.outcome.device, held.outcome.violations) == (True, "keyboard", {})
    assert offering.calls.count("pow") == 1
    assert held.paid, "who plays by keys pays by a sum, which is worked out meanwhile"
    assert at.page.evaluate("document.activeElement.localName") == "play-proof", "the focus is not lost"
    assert at_peace(at, said)
    window.close()


def test_it_is_played_by_tapping(offering: Service, browser: Browser) -> None:
    window = browser.new_context(viewport=NARROW, has_touch=True, is_mobile=True, device_scale_factor=2)
    at = visit(offering, window, policy=strict(offering))
    at.widget.locator("button.row").tap()
    at.until("playing")
    play(at, lambda _: at.page.touchscreen.tap(*at.place(at.target.x, at.target.y)))
    at.until("verified")
    assert offering.latest.outcome is not None
    assert offering.latest.outcome.device == "touch"
    assert offering.calls.count("pow") == 1
    assert offering.latest.paid, "who taps moves next to nothing, and pays"
    window.close()


def test_events_tell_the_page_what_happens(offering: Service, window: BrowserContext) -> None:
    names = {"callback": "onDone", "before-interactive-callback": "onBefore", "after-interactive-callback": "onAfter"}
    at = visit(offering, window, more=" ".join(f'data-{name}="{function}"' for name, function in names.items()))
    at.begin()
    play(at, BY_MOUSE["bubble-pop"])
    at.until("verified")
    states = ["asking", "playing", "finishing", "verified"]
    assert [each["state"] for each in at.told("statechange")] == states
    assert [each["before"] for each in at.told("statechange")] == ["idle", *states[:-1]]
    assert [name for name, _, _ in at.page.evaluate("told") if name != "statechange"] == ["ready", "interactive", "verified"]
    assert at.told("verified") == [{"token": at.token, "expiresIn": offering.token_ms}]
    assert at.page.evaluate("called") == [["onBefore"], ["onAfter"], ["onDone", at.token]]


def test_what_the_site_says_of_the_challenge_reaches_the_service(offering: Service, window: BrowserContext) -> None:
    at = visit(offering, window, more='action="sign-up" data-cdata="cart 7" game="osu"')
    at.begin()
    assert offering.latest.wish == {"sitekey": "pk_site", "way": "game", "game": "osu", "action": "sign-up", "cdata": "cart 7"}


def test_batches_are_small_and_one_after_the_other(offering: Service, window: BrowserContext) -> None:
    at = visit(offering, window)
    at.begin()
    play(at, BY_MOUSE["bubble-pop"])
    at.until("verified")
    batches = offering.latest.batches
    assert [batch.sequence for batch in batches] == list(range(1, len(batches) + 1))
    assert max(len(batch.events) for batch in batches) <= 32


@pytest.mark.parametrize(
    ("own", "policy", "more", "workers"),
    [
        (True, "; worker-src 'self'", "", 1),
        (True, "; worker-src 'self'", 'worker="never"', 0),
        (False, "", "", 0),
    ],
)
def test_without_a_game_the_device_does_a_sum(
    offering: Service, window: BrowserContext, own: bool, policy: str, more: str, workers: int
) -> None:
    """A page may only start workers of its own origin, and where it says so; else the sum is done on the page."""
    said, started = silent(window), list[str]()
    rules = strict(offering) + policy
    if workers:
        rules = rules.replace("trusted-types 'none'", "trusted-types playproof")
    at = visit(offering, window, more=more, policy=rules, origin=offering.url if own else offering.site)
    at.page.on("worker", lambda worker: started.append(worker.url))
    do_a_sum(at)
    assert [each["state"] for each in at.told("statechange")] == ["asking", "working", "finishing", "verified"]
    assert offering.latest.wish["way"] == "pow"
    assert offering.latest.paid
    assert at.token == offering.latest.token
    assert len(started) == workers
    assert at_peace(at, said)


def test_a_page_that_forbids_workers_does_the_sum_itself(offering: Service, browser: Browser) -> None:
    window = browser.new_context()
    at = visit(offering, window, policy="worker-src 'none'", origin=offering.url)
    do_a_sum(at)
    assert offering.latest.paid
    window.close()


def test_another_way_is_there_before_during_and_after(offering: Service, window: BrowserContext) -> None:
    at = visit(offering, window)
    others = at.widget.get_by_role("button", name="Try another way")
    at.begin()
    at.wait_for(0)
    others.click()
    at.widget.get_by_role("button", name="With the arrow keys, or by ear").click()
    at.page.wait_for_function("told.filter(([name]) => name === 'interactive').length === 2")
    assert [held.wish.get("game") for held in offering.held.values()] == [None, "bubble-pop"]
    play(at, BY_KEYS["bubble-pop"])
    at.until("verified")
    assert len(offering.held) == 2
    others.click()
    at.widget.get_by_role("button", name="Another game").click()
    at.until("playing")
    assert at.token == "", "a new challenge gives up the token of the last"


def test_two_widgets_on_a_page_do_not_mingle(offering: Service, window: BrowserContext) -> None:
    forms = "".join(FORM.replace('"form"', f'"form{n}"').format(widget=WIDGET.format(more=f'id="w{n}" action="a{n}"')) for n in (1, 2))
    at = visit(offering, window, forms)
    at.page.locator("#w2 button.row").click()
    at.page.wait_for_function("document.querySelector('#w2').state === 'playing'")
    play(at, BY_MOUSE["bubble-pop"])
    at.page.wait_for_function("document.querySelector('#w2').state === 'verified'")
    tokens = at.page.evaluate("[...document.forms].map((form) => new FormData(form).get('playproof-response'))")
    assert tokens == ["", offering.latest.token]
    assert offering.latest.wish["action"] == "a2"
    assert at.page.locator("#w1").evaluate("widget => widget.state") == "idle"


def test_a_second_tab_is_another_challenge(offering: Service, window: BrowserContext) -> None:
    tabs = [visit(offering, window) for _ in range(2)]
    for at in tabs:
        at.page.bring_to_front()
        at.begin()
        play(at, BY_MOUSE["bubble-pop"])
        at.until("verified")
    assert len({at.token for at in tabs}) == 2
    assert window.cookies() == []
    assert all(at.page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0] for at in tabs)


def test_nothing_comes_from_elsewhere(offering: Service, window: BrowserContext) -> None:
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    at = visit(offering, window)
    assert not any("/games/" in url for url in asked), "games are fetched when they are played"
    at.begin()
    play(at, BY_MOUSE["bubble-pop"])
    at.until("verified")
    assert all(url.startswith((offering.url, offering.site)) for url in asked)
    assert not any(f"/games/{other}.js" in url for url in asked for other in GAMES if other != "bubble-pop")
