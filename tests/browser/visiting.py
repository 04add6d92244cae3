"""A visitor at a site's page with widgets on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page
from playwright.sync_api import TimeoutError as NotInTime

from playproof.challenges import GAMES, State
from playproof.challenges.games.base import Target
from playproof.challenges.referee import targets
from tests.browser.offering import Service

HOST = """<!doctype html><html lang="{lang}" dir="{dir}"><meta charset="utf-8"><title>A form</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/page.css">
<script src="/page.js"></script>{head}<body class="{theme}"><main><h1>A form</h1>{body}</main></body></html>"""
STYLE = """body { margin: 8px; background: #fff; color: #1c2321; font: 16px system-ui }
body.dark { background: #101413; color: #e6ebe8 }
form { display: grid; gap: 12px }"""
SCRIPT = """
window.told = [];
for (const name of ["ready", "interactive", "verified", "expired", "error", "unsupported", "statechange"]) {
  addEventListener(`playproof:${name}`, ({ detail, target }) => {
    told.push([name, detail, target.id]);
    const { dataset } = document.documentElement;
    if (name === "statechange") {
      dataset.state = detail.state;
      if (detail.state === "playing") delete dataset.done;
      if (["finishing", "error", "overdue"].includes(detail.state)) dataset.done = "true";
    }
  });
}
window.called = [];
for (const name of ["onDone", "onError", "onExpired", "onTimeout", "onBefore", "onAfter", "onUnsupported"]) {
  window[name] = (...values) => called.push([name, ...values]);
}
Object.defineProperty(window, "game", { get: () => {
  for (const widget of document.querySelectorAll("play-proof")) {
    const held = widget.shadowRoot?.querySelector(".game > div");
    if (held) return { surface: held.shadowRoot.querySelector(".field") };
  }
  return { surface: document.body };
} });
window.policy = [];
addEventListener("securitypolicyviolation", (event) => policy.push([event.violatedDirective, event.blockedURI, event.sample]));
"""


@dataclass
class Visit:
    """A visitor at a page of the site."""

    service: Service
    page: Page

    @property
    def state(self) -> State:
        """Of the latest challenge, as the service has it."""
        found = self.service.latest.state
        assert found is not None
        return found

    @property
    def step(self) -> int:
        """How many targets the service has seen hit."""
        return self.state.play.step

    @property
    def target(self) -> Target:
        """What is on the screen."""
        return targets(GAMES[self.state.game], self.state.secret, self.state.id, len(self.state.revealed_at))[-1]

    @property
    def widget(self) -> Locator:
        """The first widget."""
        return self.page.locator("play-proof").first

    @property
    def token(self) -> str:
        """What the form would post."""
        return str(self.page.evaluate("new FormData(document.querySelector('form')).get('playproof-response')"))

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a place of the playfield is on the page."""
        box = self.page.locator(".field").bounding_box()
        assert box is not None
        return box["x"] + x * box["width"] / 1000, box["y"] + y * box["width"] / 1000

    def wait_for(self, step: int) -> None:
        """Wait until the target of `step` is on the screen, or everything is over; then as long as it takes to notice it."""
        script = "step => game.surface.dataset.shown === String(step) || document.documentElement.dataset.done"
        self.page.wait_for_function(script, arg=step)
        self.page.wait_for_timeout(150)

    def past(self, step: int) -> bool:
        """Wait a moment for the target after that of `step` to be on the screen, or everything to be over."""
        script = "step => Number(game.surface.dataset.shown) > step || document.documentElement.dataset.done"
        try:
            self.page.wait_for_function(script, arg=step, timeout=2_000)
        except NotInTime:
            return False
        return True

    def until(self, state: str) -> None:
        """Wait for a state of the widget."""
        self.page.wait_for_function("state => document.querySelector('play-proof').state === state", arg=state)

    def begin(self) -> None:
        """Press what begins a challenge."""
        self.widget.locator("button.row").click()
        self.until("playing")

    def told(self, name: str) -> list[Any]:
        """The details of the events of that name so far."""
        return [detail for event, detail, _ in self.page.evaluate("told") if event == name]


FORM = """<form id="form" action="/submit" method="post"><label>Name <input name="name" value="Ada"></label>
{widget}<button>Send</button></form>"""
WIDGET = '<play-proof sitekey="pk_site" {more}></play-proof>'


def visit(service: Service, window: BrowserContext, body: str = "", *, more: str = "", policy: str = "", **page: str) -> Visit:
    """Go to a page with `body` on it, a form with a widget unless said; `more` are attributes of that widget."""
    path = page.pop("path", "/form")
    origin = page.pop("origin", service.site)
    body = body or FORM.format(widget=WIDGET.format(more=more))
    options = {"lang": "en", "dir": "ltr", "theme": "light", "head": service.entry, **page}
    service.assets |= {"/page.js": ("text/javascript", SCRIPT), "/page.css": ("text/css", STYLE)}
    service.pages[path] = HOST.format(body=body, **options), policy
    opened = window.new_page()
    opened.goto(f"{origin}{path}")
    if "sitekey" in body and "explicit" not in options["head"]:
        opened.wait_for_function("told.some(([name]) => name === 'ready')")
    return Visit(service, opened)


def strict(service: Service) -> str:
    """Scripts, styles and answers from where they must come from, and nothing else."""
    return (
        f"default-src 'none'; script-src 'self' {service.url}; style-src 'self'; connect-src {service.url}; base-uri 'none'; "
        "form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def silent(window: BrowserContext) -> list[str]:
    """What the pages of `window` say on the console from now on."""
    said: list[str] = []
    window.on("console", lambda message: said.append(message.text))
    return said


def at_peace(visit: Visit, said: list[str]) -> bool:
    """Nothing was reported by the policy, and nothing said on the console."""
    return visit.page.evaluate("policy") == [] and said == []


def do_a_sum(at: Visit) -> None:
    """Take the way without a game."""
    at.widget.get_by_role("button", name="Try another way").click()
    at.widget.get_by_role("button", name="No game").click()
    at.until("verified")
