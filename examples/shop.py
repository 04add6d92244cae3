"""A shop whose order form is behind a play: the widget on the page, and the question that its backend asks.

    playproof sites create shop --origin http://127.0.0.1:8800
    python examples/shop.py --sitekey pk_... --secret sk_...

Needs a running service (`playproof serve`) and nothing beside PlayProof and the standard library.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from playproof.client import Client

LARGEST_FORM = 16 * 1024
HOW = """no keys: make a site, and start the shop with what that shows

    playproof sites create shop --origin http://127.0.0.1:{port}
    python examples/shop.py --sitekey pk_... --secret sk_...
"""
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - Teas</title>
<link rel="stylesheet" href="/shop.css">
{head}
<main>
<h1>{title}</h1>
{body}
</main>
</html>"""
FORM = """{note}<form action="/order" method="post">
<p><label>Your name <input name="name" value="{name}" autocomplete="name" required></label></p>
<p><label>Tins of tea <input name="tins" type="number" min="1" max="9" value="{tins}" required></label></p>
<play-proof sitekey="{sitekey}" action="order"></play-proof>
<p><button>Order</button></p>
</form>"""
STYLE = """:root { color-scheme: light dark }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 30rem; margin: 0 auto; padding: 1rem }
label { display: block }
input, button { font: inherit; padding: .5rem .7rem; max-width: 100%; box-sizing: border-box }
.note { border-inline-start: 4px solid; padding-inline-start: .8rem }
"""
FIRST = "Please play first: nothing was ordered yet."
AGAIN = "Please play once more: what you played was used up by an order, or too long ago. Nothing was ordered just now."


class Orders:
    """What becomes of orders: all that a backend has to add."""

    def __init__(self, secret: str, service: str) -> None:
        self._client = Client(secret, service, on_error="review")  # in an outage orders are taken, and looked at

    def take(self, form: dict[str, str]) -> tuple[str, str]:
        """What to tell whoever sent `form`: a title and a sentence; no title where they have to play."""
        token = form.get("playproof-response")
        if not token:
            return "", FIRST
        checked = self._client.verify(token, expected_action="order", expected_hostname="127.0.0.1")
        if checked.success:
            return "Thank you", "Your tea is on its way."
        if checked.spent or checked.expired:
            return "", AGAIN
        if checked.decision == "review":
            return "Thank you", "We have your order. Somebody looks at it before it is sent, which takes a day at most."
        return "Please contact us", "We could not take this order by itself."


class Counter(BaseHTTPRequestHandler):
    """Answers one browser. What is set here is the shop's, and the same for all."""

    orders: Orders
    sitekey = service = ""

    def do_GET(self) -> None:
        """The form, or its style."""
        if self.path == "/shop.css":
            self._send(STYLE, "text/css")
        else:
            self._send(self._form({}), status=200 if self.path == "/" else 404)

    def do_POST(self) -> None:
        """An order."""
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != "/order" or not 0 <= length <= LARGEST_FORM:
            self.close_connection = True
            self._send(self._form({}), status=404)
            return
        form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode("utf-8", "replace")).items()}
        title, sentence = self.orders.take(form)
        told = f"<p>{escape(sentence)}</p>"
        self._send(PAGE.format(title=title, head="", body=told) if title else self._form(form, sentence))

    def _form(self, form: dict[str, str], note: str = "") -> str:
        told = f'<p class="note" role="alert">{escape(note)}</p>' if note else ""
        fields = {name: escape(form.get(name, usual)) for name, usual in (("name", ""), ("tins", "1"))}
        head = f'<script type="module" src="{escape(self.service)}/widget/playproof.js"></script>'
        return PAGE.format(title="Order tea", head=head, body=FORM.format(note=told, sitekey=escape(self.sitekey), **fields))

    def _send(self, body: str, kind: str = "text/html", status: int = 200) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", self._policy())
        self.end_headers()
        self.wfile.write(content)

    def _policy(self) -> str:
        return (
            f"default-src 'none'; script-src {self.service}; connect-src {self.service}; style-src 'self'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
        )

    def log_message(self, *_: object) -> None:
        """Say nothing: a line for each request is not what this shows."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C; the exit code."""
    parser = argparse.ArgumentParser(description="A shop whose order form is behind a play.")
    parser.add_argument("--playproof", default="http://127.0.0.1:8000", help="where the service is")
    parser.add_argument("--sitekey", help="of the site, for the page")
    parser.add_argument("--secret", help="of the site, for the backend")
    parser.add_argument("--port", type=int, default=8800, help="where the shop is; 0 finds a free one")
    given = parser.parse_args(arguments)
    if not (given.sitekey and given.secret):
        print(HOW.format(port=given.port or 8800), file=sys.stderr)
        return 2
    Counter.sitekey, Counter.service = given.sitekey, given.playproof.rstrip("/")
    Counter.orders = Orders(given.secret, given.playproof)
    with ThreadingHTTPServer(("127.0.0.1", given.port), Counter) as server:
        print(f"The shop is open at http://127.0.0.1:{server.server_port}. Close it with Ctrl-C.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
