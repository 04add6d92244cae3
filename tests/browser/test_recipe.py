"""The recipe of the documentation: a form of a shop in a real browser, with test keys and no network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import BrowserContext

from playproof.tokens.page import EXAMPLE, RECIPE
from tests.serving import Serving, serving

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign up</title><link rel="icon" href="data:,">
<script type="module" src="{url}/widget/playproof.js"></script>
<form method="post" action="/sign-up"><label>E-mail <input type="email" name="email"></label>
<play-proof sitekey="pk_test_{kind}" action="signup"></play-proof><button>Sign up</button></form></html>"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("recipe") / "data", PLAYPROOF_LOG_LEVEL="warning") as running:
        yield running


@contextmanager
def shop(page: str, sign_up: Callable[[dict[str, str]], tuple[int, str]]) -> Iterator[str]:
    """A shop whose page is `page` and whose backend is `sign_up`; its address."""

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(page)

        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self._answer(sign_up(form)[1])

        def _answer(self, text: str) -> None:
            self.send_response(200)  # another status would be a complaint of the browser's
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("kind", "said"), [("pass", "Welcome"), ("review", "look at it"), ("spent", "once more")])
def test_the_recipe_signs_up(service: Serving, window: BrowserContext, monkeypatch: pytest.MonkeyPatch, kind: str, said: str) -> None:
    monkeypatch.setenv("SHOP_SECRET", f"sk_test_{kind}")
    monkeypatch.setenv("PLAYPROOF_URL", service.url)
    names: dict[str, Any] = {}
    exec(EXAMPLE + "\n\n" + RECIPE.replace("Welcome", said), names)  # our own text
    with names["client"], shop(PAGE.format(url=service.url, kind=kind), names["sign_up"]) as url:
        page = window.new_page()
        names["test_sign_up"](page, url)
