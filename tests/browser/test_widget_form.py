"""The token and the form: posted with it, given up when it is spent or too old, and kept through what pages do to their elements."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.offering import Service
from tests.browser.playing import BY_MOUSE, play
from tests.browser.visiting import FORM, Visit, do_a_sum, visit

SENT = "window.sent = []; addEventListener('submit', (event) => {{ event.preventDefault(); {} }});"
BY_SCRIPT = {
    "all of the form": "sent.push(new FormData(event.target).get('playproof-response'))",
    "the field": "sent.push(event.target.elements['playproof-response'].value)",
    "the widget": "sent.push(playproof.getResponse())",
    "the field, later": "setTimeout(() => sent.push(event.target.elements['playproof-response'].value), 50)",
}


def verified(service: Service, window: BrowserContext, **options: str) -> Visit:
    """A visitor who is done, the quick way."""
    at = visit(service, window, **options)
    do_a_sum(at)
    return at


def send(at: Visit) -> None:
    at.page.get_by_role("button", name="Send").click()


def test_the_token_is_posted_with_its_form(offering: Service, window: BrowserContext) -> None:
    at = visit(offering, window)
    at.begin()
    play(at, BY_MOUSE["bubble-pop"])
    at.until("verified")
    send(at)
    expect(at.page.get_by_role("heading", name="Sent")).to_be_visible()
    assert offering.posted == [{"name": ["Ada"], "playproof-response": [offering.latest.token]}]


def test_the_field_has_the_name_it_is_given_or_is_not_there(offering: Service, window: BrowserContext) -> None:
    at = verified(offering, window, more='data-response-field-name="cf-turnstile-response"')
    send(at)
    expect(at.page.get_by_role("heading", name="Sent")).to_be_visible()
    assert offering.posted == [{"name": ["Ada"], "cf-turnstile-response": [offering.latest.token]}]
    at = verified(offering, window, more='response-field="false"')
    assert at.page.locator("input[type=hidden]").count() == 0
    assert at.page.evaluate("playproof.getResponse()") == offering.latest.token


@pytest.mark.parametrize("manner", BY_SCRIPT)
def test_a_token_that_a_script_has_sent_is_given_up(offering: Service, window: BrowserContext, manner: str) -> None:
    at = verified(offering, window, more='expired-callback="onExpired"')
    token = offering.latest.token
    at.page.evaluate(SENT.format(BY_SCRIPT[manner]))
    send(at)
    at.until("spent")
    assert at.page.evaluate("sent") == [token]
    assert at.token == ""
    assert at.told("expired") == [{"reason": "spent"}]
    assert at.page.evaluate("called") == [["onExpired"]]
    expect(at.widget.locator(".title")).to_have_text("This check has been used")
    at.widget.locator("button.row").click()
    at.until("verified")
    assert at.token == offering.latest.token != token
    assert len(offering.held) == 2, "a retry is a new challenge"


def test_a_form_that_was_not_sent_keeps_its_token(offering: Service, window: BrowserContext) -> None:
    """A page that looks at the fields and refuses has not used the token; neither has one that saves a draft."""
    window.clock.install()
    at = verified(offering, window)
    at.page.evaluate(SENT.format(""))
    at.page.evaluate("new FormData(document.forms[0])")
    send(at)
    at.page.clock.fast_forward(60_000)
    assert at.page.evaluate("document.querySelector('play-proof').state") == "verified"
    assert at.token == offering.latest.token


def test_a_form_that_opens_elsewhere_leaves_a_page_with_a_spent_token(offering: Service, window: BrowserContext) -> None:
    at = verified(offering, window)
    at.page.evaluate("document.forms[0].target = 'other'")
    with window.expect_page():
        send(at)
    at.until("spent")
    assert at.token == ""


def test_a_form_whose_answer_is_no_page_gives_its_token_up_in_the_end(offering: Service, window: BrowserContext) -> None:
    window.clock.install()
    at = verified(offering, window)
    at.page.evaluate("document.forms[0].action = '/nothing'")
    send(at)
    at.page.clock.fast_forward(5_000)
    assert at.page.evaluate("document.querySelector('play-proof').state") == "verified", "the page may still be going"
    at.page.clock.fast_forward(30_000)
    at.until("spent")


def test_a_token_is_given_up_once(offering: Service, window: BrowserContext) -> None:
    window.clock.install()
    at = verified(offering, window)
    at.page.evaluate(SENT.format(BY_SCRIPT["all of the form"]))
    send(at)
    at.page.clock.run_for(4_000)
    at.until("spent")
    at.page.clock.fast_forward(offering.token_ms)
    at.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert at.told("expired") == [{"reason": "spent"}]
    assert at.page.evaluate("document.querySelector('play-proof').state") == "spent"


def test_listeners_may_ask_for_anything(offering: Service, window: BrowserContext) -> None:
    at = visit(offering, window)
    at.page.evaluate(
        """() => {
            let tries = 0;
            addEventListener('playproof:statechange', ({ target, detail }) => {
                if (detail.state === 'asking' && tries === 0) { tries += 1; target.reset(); target.execute(); }
                if (detail.state === 'verified' && tries === 1) { tries += 1; target.reset(); }
            });
        }"""
    )
    at.widget.get_by_role("button", name="Try another way").click()
    at.widget.get_by_role("button", name="No game").click()
    at.page.wait_for_function("told.some(([name, detail]) => name === 'statechange' && detail.before === 'verified')")
    at.until("idle")
    assert at.token == ""
    assert [held.token != "" for held in offering.held.values()].count(True) == 1


def test_a_spent_token_stays_where_the_site_says_so(offering: Service, window: BrowserContext) -> None:
    window.clock.install()
    at = verified(offering, window, more='refresh-spent="never"')
    at.page.evaluate(SENT.format(BY_SCRIPT["all of the form"]))
    send(at)
    at.page.clock.fast_forward(60_000)
    assert at.token == offering.latest.token
    at.page.evaluate("playproof.reset()")
    assert at.token == ""
    at.until("idle")


@pytest.mark.parametrize("refresh", ["auto", "manual", "never"])
def test_a_token_that_is_too_old_is_given_up(offering: Service, window: BrowserContext, refresh: str) -> None:
    window.clock.install()
    at = visit(offering, window, more=f'refresh-expired="{refresh}" expired-callback="onExpired"')
    at.begin()
    play(at, BY_MOUSE["bubble-pop"])
    at.until("verified")
    at.page.clock.fast_forward(offering.token_ms - 10_000)
    assert at.token == offering.latest.token
    at.page.clock.fast_forward(6_000)
    at.until("expired")
    assert at.token == ""
    assert at.told("expired") == [{"reason": "expired"}]
    assert at.page.evaluate("called") == [["onExpired"]]
    again = at.widget.locator("button.row")
    expect(again).to_have_count(0 if refresh == "never" else 1)
    if refresh != "never":
        again.click()
        at.until("playing")
        assert len(offering.held) == 2


def test_what_needs_nobody_is_renewed_by_itself(offering: Service, window: BrowserContext) -> None:
    window.clock.install()
    at = verified(offering, window)
    first = offering.latest.token
    at.page.clock.fast_forward(offering.token_ms)
    at.page.wait_for_function("told.filter(([name]) => name === 'verified').length === 2")
    assert at.token == offering.latest.token != first


def test_a_page_that_comes_back_from_the_cache_does_not_post_twice(offering: Service, window: BrowserContext) -> None:
    at = verified(offering, window)
    send(at)
    expect(at.page.get_by_role("heading", name="Sent")).to_be_visible()
    at.page.go_back()
    at.page.wait_for_function("document.querySelector('play-proof')?.state === 'idle'")
    assert at.token == ""


def test_a_page_out_of_the_cache_wakes_its_widgets(offering: Service, window: BrowserContext) -> None:
    at = visit(offering, window)
    at.begin()
    at.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    at.until("idle")
    do_a_sum(at)
    at.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert at.token == offering.latest.token, "a token that nobody used is still good"
    at.page.evaluate("document.forms[0].action = '/nothing'")
    with at.page.expect_request("**/nothing"):
        send(at)
    at.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    at.until("idle")


def test_clocks_that_stood_still_are_caught_up_with(offering: Service, window: BrowserContext) -> None:
    window.clock.install()
    at = verified(offering, window, more='refresh-expired="manual"')
    at.page.clock.set_fixed_time(at.page.evaluate("Date.now()") + offering.token_ms)
    assert at.page.evaluate("[playproof.isExpired(), playproof.getResponse() ?? null]") == [True, None]
    at.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    at.until("expired")


def test_an_element_that_is_moved_keeps_its_token_and_one_that_is_removed_does_not(offering: Service, window: BrowserContext) -> None:
    at = verified(offering, window)
    at.page.evaluate("const form = document.forms[0]; form.prepend(document.querySelector('play-proof'))")
    assert at.token == offering.latest.token
    at.page.evaluate("window.kept = document.querySelector('play-proof'); kept.remove()")
    at.page.evaluate("document.forms[0].append(kept)")
    at.until("idle")
    assert at.token == ""


def test_another_key_or_action_gives_the_token_up_and_another_look_does_not(offering: Service, window: BrowserContext) -> None:
    at = verified(offering, window)
    at.page.evaluate("document.querySelector('play-proof').setAttribute('theme', 'dark')")
    expect(at.widget.locator(".box")).to_have_attribute("data-theme", "dark")
    assert at.token == offering.latest.token
    at.page.evaluate("document.querySelector('play-proof').setAttribute('data-action', 'buy')")
    at.until("idle")
    assert at.token == ""


def test_places_are_filled_when_the_page_is_there(offering: Service, window: BrowserContext) -> None:
    place = '<div class="playproof" data-sitekey="pk_site" data-theme="dark" data-callback="onDone" data-action="a"></div>'
    at = visit(offering, window, FORM.format(widget=place))
    assert at.page.locator("div.playproof > play-proof").count() == 1
    do_a_sum(at)
    assert at.page.evaluate("called") == [["onDone", at.token]]
    assert offering.latest.wish["action"] == "a"
    at.page.evaluate("playproof.render('.playproof')")
    assert at.page.locator("play-proof").count() == 1, "a place has one widget"


def test_the_same_page_may_load_the_widget_twice(offering: Service, window: BrowserContext) -> None:
    other = offering.entry.replace("playproof.js", "playproof.js?again")
    at = visit(offering, window, head=offering.entry + other)
    do_a_sum(at)
    assert at.page.locator("play-proof input").count() == 1
    assert at.token == offering.latest.token


def test_pages_may_do_it_all_by_calls(offering: Service, window: BrowserContext) -> None:
    head = offering.entry.replace("playproof.js", "playproof.js?render=explicit&onload=onLoaded")
    place = '<div class="playproof" id="place" data-sitekey="pk_site"></div>'
    script = "<script>window.onLoaded = () => {{ window.loaded = true; }};</script>"
    at = visit(offering, window, FORM.format(widget=place) + script, head=head, origin=offering.site, path="/calls")
    at.page.wait_for_function("window.loaded")
    assert at.page.locator("play-proof").count() == 0
    name = at.page.evaluate(
        "playproof.render('#place', { sitekey: 'pk_other', cData: 'c', appearance: 'execute', execution: 'execute',"
        "callback: (token) => called.push(token), 'error-callback': (code) => called.push(code) })"
    )
    at.page.wait_for_function("told.some(([name]) => name === 'ready')")
    expect(at.widget.locator(".box")).to_be_hidden()
    at.page.evaluate("name => playproof.execute(name)", name)
    at.until("playing")
    expect(at.widget.locator(".box")).to_be_visible()
    assert (offering.latest.wish["sitekey"], offering.latest.wish["cdata"]) == ("pk_other", "c")
    play(at, BY_MOUSE["bubble-pop"])
    at.until("verified")
    assert at.page.evaluate("name => [playproof.getResponse(name), playproof.isExpired(name)]", name) == [at.token, False]
    assert at.page.evaluate("called") == [at.token]
    at.page.evaluate("name => playproof.reset(name)", name)
    at.until("idle")
    assert at.page.evaluate("name => playproof.getResponse(name) ?? null", name) is None
    at.page.evaluate("name => playproof.remove(name)", name)
    assert at.page.locator("play-proof").count() == 0
    assert at.page.evaluate("new Promise((resolve) => playproof.ready(() => resolve('ready')))") == "ready"
    assert at.page.evaluate("[playproof.render('#nowhere'), playproof.getResponse()].map((each) => each ?? null)") == [None, None]


def test_a_form_within_a_shadow_tree_is_a_form(offering: Service, window: BrowserContext) -> None:
    at = visit(offering, window, "<div id='outer'></div>", path="/shadow")
    at.page.wait_for_function("window.playproof")
    at.page.evaluate(
        """() => {
            const root = document.querySelector('#outer').attachShadow({ mode: 'open' });
            const form = Object.assign(document.createElement('form'), { id: 'form' });
            const widget = document.createElement('play-proof');
            widget.setAttribute('sitekey', 'pk_site');
            form.append(widget);
            root.append(form);
            form.addEventListener('submit', (event) => { event.preventDefault(); new FormData(form); });
        }"""
    )
    at.page.locator("play-proof").get_by_role("button", name="Try another way").click()
    at.page.locator("play-proof").get_by_role("button", name="No game").click()
    state = "document.querySelector('#outer').shadowRoot.querySelector('play-proof').state"
    at.page.wait_for_function(f"{state} === 'verified'")
    assert at.told("verified"), "events leave the tree"
    at.page.evaluate("document.querySelector('#outer').shadowRoot.querySelector('form').requestSubmit()")
    at.page.wait_for_function(f"{state} === 'spent'")


def test_the_widget_can_wait_until_it_is_wanted(offering: Service, window: BrowserContext) -> None:
    at = visit(offering, window, more='execution="execute" appearance="interaction-only"')
    box = at.widget.locator(".box")
    expect(box).to_be_hidden()
    at.page.evaluate("document.querySelector('play-proof').execute()")
    expect(box).to_be_visible()
    at.until("playing")
    play(at, BY_MOUSE["bubble-pop"])
    at.until("verified")
    expect(box).to_be_hidden()
    at.page.evaluate("document.querySelector('play-proof').execute()")
    assert len(offering.held) == 1, "there is a good token already"
