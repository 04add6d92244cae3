"""A page with one game on it, and the server behind it: the real core, kept in a variable."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from playwright.sync_api import BrowserContext, Locator, Page, Route
from playwright.sync_api import TimeoutError as NotInTime

from playproof.challenges import GAMES, Answer, Batch, Outcome, State, View, accept, finish, issue
from playproof.challenges.games.base import Target
from playproof.challenges.referee import targets
from playproof.clock import SystemClock, milliseconds
from playproof.testing.visitor import TEST_KEYS

WIDGET = Path(__file__).resolve().parents[2] / "src/playproof/web/widget"
ORIGIN = "http://games.test"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
PAGE = """<!doctype html><html lang="en" dir="{dir}"><meta charset="utf-8"><title>A game</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/page.css">
<script type="module" src="/host.js"></script><body class="{theme}"><main><h1>A game</h1><div id="box"></div></main></body></html>"""
STYLE = "body{margin:16px;background:#fff;color:#1c2321}body.dark{background:#101413;color:#e6ebe8}h1{font:600 18px system-ui}"
HOST = """
import { mount } from "/games/index.js";
const { view, options } = await (await fetch("/issue")).json();
let [sequence, receipt] = [0, view.receipt];
const onEvents = async (batch) => {
  sequence += 1;
  const response = await fetch("/events", { method: "POST", body: JSON.stringify({ ...batch, sequence, receipt }) });
  if (!response.ok) throw new Error("refused");
  const answer = await response.json();
  receipt = answer.receipt;
  return answer;
};
const onDone = () => { document.documentElement.dataset.done = "true"; };
window.game = await mount(document.getElementById("box"), view, { ...options, onEvents, onDone });
document.documentElement.dataset.ready = "true";
"""


@dataclass
class Table:
    """A game in progress, seen from the server and from the page."""

    page: Page
    options: dict[str, Any]
    state: State
    view: View
    batches: list[Batch] = field(default_factory=list)
    _receipt: str = ""

    @property
    def surface(self) -> Locator:
        """The playfield."""
        return self.page.locator(".field")

    @property
    def step(self) -> int:
        """How many targets the server has seen hit."""
        return self.state.play.step

    @property
    def target(self) -> Target:
        """What is on the screen."""
        return targets(GAMES[self.state.game], self.state.secret, self.state.id, len(self.state.revealed_at))[-1]

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a place of the playfield is on the page."""
        box = self.surface.bounding_box()
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
            self.page.wait_for_function(script, arg=step, timeout=5_000)
        except NotInTime:
            return False
        return True

    def outcome(self) -> Outcome:
        """End the challenge."""
        self.page.wait_for_selector("html[data-done]", timeout=60_000)
        self.state, outcome = finish(self.state, receipt=self._receipt, keys=TEST_KEYS, now=milliseconds(SystemClock().now()))
        assert isinstance(outcome, Outcome)
        return outcome

    def serve(self, route: Route) -> None:
        """Answer what the page asks for."""
        path = urlsplit(route.request.url).path
        headers = {"content-security-policy": POLICY}
        if path == "/":
            direction = self.options.pop("dir", "ltr")
            route.fulfill(
                body=PAGE.format(dir=direction, theme=self.options.get("theme", "light")), content_type="text/html", headers=headers
            )
        elif path == "/host.js":
            route.fulfill(body=HOST, content_type="text/javascript")
        elif path == "/page.css":
            route.fulfill(body=STYLE, content_type="text/css")
        elif path == "/issue":
            view = msgspec.to_builtins(self.view)
            view["parameters"] |= self.options.pop("parameters", {})
            route.fulfill(body=json.dumps({"view": view, "options": self.options}), content_type="application/json")
        elif path == "/events":
            self._events(route)
        elif path.startswith("/games/") and (WIDGET / path[1:]).is_file():
            route.fulfill(path=WIDGET / path[1:], content_type="text/javascript")
        else:
            route.fulfill(status=404)

    def _events(self, route: Route) -> None:
        batch = msgspec.json.decode(route.request.post_data_buffer or b"", type=Batch)
        self.state, answer = accept(self.state, batch, keys=TEST_KEYS, now=milliseconds(SystemClock().now()))
        assert isinstance(answer, Answer), answer
        self.batches.append(batch)
        self._receipt = answer.receipt
        route.fulfill(body=msgspec.json.encode(answer), content_type="application/json")


def laid(window: BrowserContext, game: str, **options: Any) -> Table:
    """A page of `window` on which `game` has begun."""
    state, view = issue(game, challenge_id="ch_test", random=os.urandom, keys=TEST_KEYS, now=milliseconds(SystemClock().now()))
    table = Table(window.new_page(), options, state, view)
    table.page.route(f"{ORIGIN}/**", table.serve)
    table.page.goto(f"{ORIGIN}/")
    table.page.wait_for_selector("html[data-ready]")
    return table
