"""What goes wrong between a widget and its service: lost answers are made good, the rest is said and can be tried again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Route, expect

from tests.browser.offering import Fault, Service
from tests.browser.playing import BY_KEYS, BY_MOUSE, play
from tests.browser.visiting import Visit, do_a_sum, visit


@pytest.fixture
def rough(browser: Browser) -> Iterator[BrowserContext]:
    """A window in which the browser may complain of the network; a page's own errors still fail the test."""
    context = browser.new_context()
    context.set_default_timeout(60_000)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert errors == []


def title(at: Visit) -> str:
    return at.widget.locator(".title").inner_text()


@pytest.mark.parametrize(("what", "heard"), [("events", True), ("events", False), ("finish", True), ("finish", False), ("pow", True)])
def test_what_was_lost_is_sent_again_unchanged(offering: Service, rough: BrowserContext, what: str, heard: bool) -> None:
    at = visit(offering, rough)
    at.begin()
    offering.faults[what] = Fault(2, 503, heard)
    if what == "pow":
        at.wait_for(0)
        at.page.keyboard.press("Space")
    play(at, BY_MOUSE["bubble-pop"])
    at.until("verified")
    held = offering.latest
    assert held.outcome is not None
    assert (held.outcome.completed, held.outcome.violations) == (True, {})
    assert [batch.sequence for batch in held.batches] == list(range(1, len(held.batches) + 1))
    assert at.told("error") == []
    assert at.token == held.token


def test_who_cannot_pay_for_play_by_keys_still_gets_a_token(offering: Service, rough: BrowserContext) -> None:
    offering.faults["pow"] = Fault(1, 403)
    at = visit(offering, rough)
    at.begin()
    play(at, BY_KEYS["bubble-pop"])
    at.until("verified")
    assert not offering.latest.paid
    assert at.token == offering.latest.token


def test_a_connection_that_goes_and_comes_is_waited_for(offering: Service, rough: BrowserContext) -> None:
    at = visit(offering, rough)
    at.begin()
    at.wait_for(0)
    rough.set_offline(True)
    x, y = at.place(at.target.x, at.target.y)
    at.page.mouse.move(x - 30, y)
    at.page.mouse.move(x, y)
    at.page.mouse.down()
    at.page.mouse.up()
    lost = at.widget.locator(".lost")
    expect(lost).to_be_visible()
    expect(at.widget.get_by_role("status").first).to_have_text("The connection is lost. It goes on when it is back.")
    rough.set_offline(False)
    expect(lost).to_be_hidden()
    at.wait_for(1)
    assert at.step == 1, "what was done meanwhile counts"
    play(at, BY_MOUSE["bubble-pop"])
    at.until("verified")
    assert at.told("error") == []


def test_a_retry_after_a_network_error_works(offering: Service, rough: BrowserContext) -> None:
    at = visit(offering, rough, more='retry="never" error-callback="onError"')
    rough.set_offline(True)
    at.widget.locator("button.row").click()
    at.until("error")
    assert title(at) == "There is no connection"
    assert at.told("error") == [{"code": "network"}]
    assert at.page.evaluate("called") == [["onError", "network"]]
    rough.set_offline(False)
    at.widget.locator("button.row").click()
    at.until("playing")
    play(at, BY_MOUSE["bubble-pop"])
    at.until("verified")


def test_passing_trouble_is_retried_by_itself(offering: Service, rough: BrowserContext) -> None:
    offering.faults["issue"] = Fault(2, 503)
    at = visit(offering, rough, more='retry-interval="50"')
    at.widget.locator("button.row").click()
    at.until("playing")
    assert [error["code"] for error in at.told("error")] == ["busy", "busy"]
    assert offering.calls.count("issue") == 3


def test_a_retry_waits_as_long_as_the_service_says(offering: Service, rough: BrowserContext) -> None:
    rough.clock.install()
    offering.faults["issue"] = Fault(1, 429, retry_after=90)
    at = visit(offering, rough, more='retry-interval="1"')
    at.widget.locator("button.row").click()
    at.until("error")
    at.page.clock.fast_forward(80_000)
    assert offering.calls == ["issue"]
    at.page.clock.fast_forward(20_000)
    at.until("playing")


def test_retries_end(offering: Service, rough: BrowserContext) -> None:
    offering.faults["issue"] = Fault(100, 503)
    at = visit(offering, rough, more='retry-interval="10"')
    at.widget.locator("button.row").click()
    expect(at.widget.locator(".note")).to_have_text("Try again")
    assert offering.calls.count("issue") == 6
    offering.faults.clear()
    at.widget.locator("button.row").click()
    at.until("playing")


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [(429, "rate-limited", "Those were many tries in a short time"), (500, "busy", "The service is busy")],
)
def test_each_trouble_has_words_and_a_code(offering: Service, rough: BrowserContext, status: int, code: str, said: str) -> None:
    offering.faults["issue"] = Fault(1, status)
    at = visit(offering, rough, more='retry="never"')
    at.widget.locator("button.row").click()
    at.until("error")
    assert (title(at), at.widget.locator(".code").inner_text()) == (said, f"Error: {code}")
    at.widget.locator("button.row").click()
    at.until("playing")


def test_a_site_that_is_not_set_up_is_told_of_and_not_retried(offering: Service, rough: BrowserContext) -> None:
    rough.clock.install()
    at = visit(offering, rough, '<form><play-proof sitekey="pk_foreign"></play-proof></form>')
    at.widget.locator("button.row").click()
    at.until("error")
    assert at.told("error") == [{"code": "origin-not-allowed"}]
    at.page.clock.fast_forward(120_000)
    assert offering.calls == ["issue"]


def test_a_game_that_is_not_played_in_time_can_be_started_again(offering: Service, window: BrowserContext) -> None:
    window.clock.install()
    at = visit(offering, window, more='timeout-callback="onTimeout"')
    at.begin()
    at.wait_for(0)
    at.page.clock.fast_forward(offering.lifetime_ms + 1_000)
    at.until("overdue")
    assert title(at) == "The time for this is over"
    assert at.page.evaluate("called") == [["onTimeout"]]
    at.widget.locator("button.row").click()
    at.until("playing")
    assert len(offering.held) == 2


def test_a_challenge_that_the_service_ended_is_over_here_too(offering: Service, rough: BrowserContext) -> None:
    at = visit(offering, rough)
    at.begin()
    at.wait_for(0)
    place = at.place(300, 300)
    offering.faults["events"] = Fault(1, 410)
    at.page.mouse.move(*place)
    at.until("overdue")
    assert at.widget.locator(".field").count() == 0


def test_a_batch_that_is_refused_ends_the_challenge(offering: Service, rough: BrowserContext) -> None:
    at = visit(offering, rough)
    at.begin()
    at.wait_for(0)
    place = at.place(300, 300)
    offering.faults["events"] = Fault(1, 409)
    at.page.mouse.move(*place)
    at.until("error")
    at.widget.locator("button.row").click()
    at.until("playing")
    assert len(offering.held) == 2


def test_a_game_that_cannot_be_fetched_can_be_tried_again(offering: Service, rough: BrowserContext) -> None:
    at = visit(offering, rough, more='retry="never"')
    cut = f"{offering.url}/widget/**/games/**"

    def refuse(route: Route) -> None:
        route.abort()

    rough.route(cut, refuse)
    at.widget.locator("button.row").click()
    at.until("error")
    assert at.told("error") == [{"code": "module"}]
    rough.unroute(cut, refuse)
    at.widget.locator("button.row").click()
    at.until("playing")
    play(at, BY_MOUSE["bubble-pop"])
    at.until("verified")


def test_a_browser_that_cannot_is_told_so(offering: Service, window: BrowserContext) -> None:
    window.add_init_script("delete window.PointerEvent")
    at = visit(offering, window, more='unsupported-callback="onUnsupported"')
    assert at.widget.evaluate("widget => widget.state") == "unsupported"
    assert title(at) == "Your browser cannot show this check"
    assert at.told("unsupported") == [{}]
    assert at.page.evaluate("called") == [["onUnsupported"]]
    at.page.evaluate("playproof.execute(); playproof.reset()")
    assert offering.calls == []


def test_the_errors_of_the_page_are_its_own(offering: Service, browser: Browser) -> None:
    window = browser.new_context()
    errors: list[str] = []
    window.on("weberror", lambda error: errors.append(str(error.error)))
    at = visit(offering, window, more='callback="explode"')
    at.page.evaluate("void (window.explode = () => { throw new Error('of the page'); })")
    do_a_sum(at)
    at.page.wait_for_function("document.querySelector('play-proof').token")
    assert errors == ["of the page"]
    assert at.token == offering.latest.token
    window.close()
