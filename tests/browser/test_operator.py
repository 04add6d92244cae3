"""The operator's view in a real Chromium: what it shows is what the service has stored, and nothing without the key."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from playproof.clock import SystemClock, milliseconds
from playproof.store import ChallengeRecord, Store, TokenRecord
from playproof.testing import session_record
from playproof.tokens.site import Site
from playproof.tokens.token import digest, token_text
from playproof.verification.finishing import Closing
from tests.browser.real import ADMIN_KEY, House, house
from tests.browser.test_widget_access import faults
from tests.browser.visiting import SCRIPT, Visit
from tests.verifying import SECONDS, TOKEN_KEY, add_site, verdict

MINUTE = 60_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("operator") / "data") as running:
        fill(running.store)
        yield running


def fill(store: Store) -> None:
    """A shop with thirty challenges, one of which was verified just now and one finished two hours ago; a blog without."""
    now = milliseconds(SystemClock().now())
    shop, _ = add_site(store)
    add_site(store, "blog")
    for number in range(28):
        play(store, shop, f"ch_{number:02}", now - 25 * 60 * MINUTE - number)
    play(store, shop, "ch_two_hours", now - 120 * MINUTE)
    token = play(store, shop, "ch_new", now - MINUTE)
    assert store.tokens.spend(digest(token), shop.id, now, None, lambda *_: b"{}").result(SECONDS).outcome == "spent"


def play(store: Store, site: Site, name: str, now: int) -> str:
    """A challenge of `site` that was played to a token; the token."""
    challenge = ChallengeRecord(
        id=name, site=site.id, way="game", game="osu", state=b"s", action="signup", hostname="shop.example", address=b"a",
        issued_at=now, expires_at=now + 7 * 24 * 60 * MINUTE,
    )  # fmt: skip  # of old challenges that were not played retention leaves nothing
    closing = msgspec.msgpack.encode(Closing(key="k", paid=False, outcome=None))
    assert store.challenges.issue(challenge).result(SECONDS) is None
    assert store.challenges.close(name, 0, b"s", closing, None, None, now).result(SECONDS) == 0
    token = token_text(TOKEN_KEY, name)
    record = TokenRecord(
        digest=digest(token), challenge=name, site=site.id, scope=f"site:{site.id}", session_id=name, hostname="shop.example",
        issued_at=now, expires_at=now + 300_000, way="game", game="osu", device="touch",
    )  # fmt: skip
    session = session_record(name, scope=f"site:{site.id}", content=name.encode(), verdict=verdict(reasons=("late_events",)))
    session = msgspec.structs.replace(session, telemetry=None, received_at=now)  # what is old goes
    assert store.challenges.conclude(name, session, record, now).result(SECONDS).status == "stored"
    return token


def opened(home: House, window: BrowserContext) -> Page:
    """The view, with the key typed in."""
    window.add_init_script(SCRIPT)
    page = window.new_page()
    page.goto(f"{home.url}/operator")
    page.fill("#key", ADMIN_KEY)
    page.click("#keyform button")
    expect(page.locator("#view")).to_be_visible()
    return page


def row(page: Page, table: str, name: str) -> list[str]:
    """The cells of a line."""
    return [text.strip() for text in page.locator(f"{table} tr", has_text=name).first.locator("th, td").all_text_contents()]


def test_nothing_is_shown_without_the_key(home: House, browser: Browser) -> None:
    page = browser.new_page()  # whose browser notes that it was refused
    page.goto(f"{home.url}/operator")
    assert page.locator("#view").is_hidden()
    page.fill("#key", "a guess")
    page.click("#keyform button")
    expect(page.locator("#trouble")).to_contain_text("This is not the admin key", ignore_case=True)
    assert page.locator("#view").is_hidden()
    expect(page.locator("#key")).to_be_focused()
    page.close()


def test_counts_have_what_they_are_a_part_of_and_their_time(home: House, window: BrowserContext) -> None:
    page = opened(home, window)
    expect(page.locator("#when")).to_contain_text("issued in the last day")
    assert row(page, "#funnel", "osu") == ["osu", "2", "0 of 2 (0 %)", "2 of 2 (100 %)", "1 of 2 (50 %)"]
    assert row(page, "#funnel", "all")[:2] == ["all", "2"]
    assert row(page, "#decisions", "osu")[:6] == ["osu", "touch", "2", "2 of 2 (100 %)", "0 of 2 (0 %)", "0 of 2 (0 %)"]
    page.check("#choice input[value=hour]")
    expect(page.locator("#when")).to_contain_text("issued in the last hour")
    assert row(page, "#funnel", "osu")[1] == "1"
    page.check("#choice input[value=week]")
    expect(page.locator("#when")).to_contain_text("issued in the last week")
    assert row(page, "#funnel", "osu")[1] == "30"
    page.select_option("#site", "site_blog")
    expect(page.locator("#when")).to_contain_text("of site blog")
    expect(page.locator("#funnel")).to_have_text("No challenge was issued in this time.")
    expect(page.locator("#decisions")).to_have_text("Nothing was decided about challenges of this time.")
    expect(page.locator("#recent")).to_have_text("No challenge of site blog is stored.")


def test_challenges_are_gone_through_and_looked_at(home: House, window: BrowserContext) -> None:
    page = opened(home, window)
    lines = page.locator("#rows tr")
    expect(lines).to_have_count(25)
    assert [text.strip() for text in lines.first.locator("td").all_text_contents()][1:] == [
        "ch_new", "osu", "touch", "verified", "pass", "shop", "shop.example", "signup",
    ]  # fmt: skip
    page.click("#older")
    expect(lines).to_have_count(30)
    expect(page.locator("#older")).to_be_hidden()
    lines.first.locator("button").click()
    expect(page.locator("#headline")).to_be_focused()
    expect(page.locator("#result .reasons")).to_contain_text("because of late_events")
    expect(page.locator("#result .empty").first).to_contain_text("No path is kept")
    assert (page.input_value("#scope"), page.input_value("#session")) == ("site:site_shop", "ch_new")
    page.fill("#session", "ch_two_hours")
    page.click("#find button")
    expect(page.locator("#status")).to_have_text("Session ch_two_hours.")


@pytest.mark.parametrize(
    ("width", "scheme", "direction"), [(360, "dark", "ltr"), (1280, "light", "ltr"), (360, "light", "rtl"), (1280, "dark", "rtl")]
)
def test_it_is_there_for_everybody(home: House, browser: Browser, width: int, scheme: str, direction: str) -> None:
    window = browser.new_context(viewport=ViewportSize(width=width, height=900), color_scheme=scheme)  # type: ignore[arg-type]
    said: list[str] = []
    window.on("console", lambda message: said.append(message.text))
    page = opened(home, window)
    page.evaluate("direction => { document.documentElement.dir = direction }", direction)
    page.locator("#rows button").first.click()
    expect(page.locator("#headline")).to_be_focused()
    assert page.evaluate("() => [policy, document.documentElement.scrollWidth <= innerWidth]") == [[], True]
    assert faults(Visit(None, page)) == []  # type: ignore[arg-type]
    assert said == []
    window.close()


def test_the_key_is_kept_nowhere(home: House, window: BrowserContext) -> None:
    page = opened(home, window)
    assert page.input_value("#key") == ""
    assert page.evaluate("() => [localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert ADMIN_KEY not in page.content()
    page.reload()
    expect(page.locator("#keyform")).to_be_visible()
    assert page.locator("#view").is_hidden()
