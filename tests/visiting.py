"""Visitors of a site who play over HTTP, on a clock that their own events move."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np

from playproof.challenges import Answer, Batch, View
from playproof.clock import milliseconds
from playproof.store import SecretRecord, SiteRecord, Store, open_store
from playproof.testing import FakeClock
from playproof.testing.players import play_by_keys, play_by_mouse
from playproof.testing.visitor import ISSUED_AT, Played, Visitor
from playproof.tokens.keys import hint, secret_digest
from playproof.tokens.site import SitePolicy
from tests.serving import Site

ORIGIN = "https://shop.example"
SITEKEY = "pk_shop"
SECRET = "sk_shop_" + "x" * 40


def site_clock() -> FakeClock:
    """A clock at the time that visitors begin at."""
    return FakeClock(datetime.fromtimestamp(ISSUED_AT / 1000, UTC))


def add_site(store: Store, name: str = "shop", policy: SitePolicy | None = None) -> None:
    """Keep a site of that name, with a key and a secret made of it."""
    store.sites.create(
        SiteRecord(
            id=name,
            name=name,
            sitekey=f"pk_{name}",
            origins=(f"https://{name}.example",),
            policy=msgspec.json.encode(policy or SitePolicy()),
            created_at=ISSUED_AT,
        ),
        SecretRecord(digest=secret_digest(f"sk_{name}_" + "x" * 40), hint=hint("sk_xxxx"), created_at=ISSUED_AT),
    )


class Refused(AssertionError):
    """What the service did not take."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(response.text)
        self.status = response.status_code
        self.reason = response.json().get("reason")


class WebVisitor(Visitor):
    """A visitor whose browser talks to `site`; the site's clock follows it."""

    def __init__(self, site: VisitedSite, game: str, seed: int, *, sitekey: str = SITEKEY, **asked: Any) -> None:
        self.site = site
        self.asked = {"sitekey": sitekey, "game": game, **asked}
        self.token = ""
        self.payload: str | None = None
        super().__init__(game, np.random.default_rng(seed), latency_ms=40.0, step_ms=8.0, width=400.0)

    def begin(self) -> View:
        """Ask for a challenge."""
        self.issued_at = milliseconds(self.site.clock.now())
        answer = self.site.post("/api/v1/challenges", self.asked)
        self.view = msgspec.convert(answer, View)
        self.name = self.view.id
        self.state = None  # type: ignore[assignment]  # nobody but the server knows it
        return self.view

    def deliver(self, batch: Batch, arrived: int) -> Answer:
        """Send a batch when it has arrived."""
        self.site.wait_until(arrived)
        return msgspec.convert(self.site.post(f"/api/v1/challenges/{self.name}/events", batch), Answer)

    def end(self, now: int) -> Played:
        """Finish."""
        self.site.wait_until(now)
        self.token = self.finish()["token"]
        return Played(self.state, self.sent, None)  # type: ignore[arg-type]

    def finish(self) -> Any:
        """Say that the challenge is at its end."""
        ended = {"receipt": self.receipt, **({"pow": self.payload} if self.payload else {})}
        return self.site.post(f"/api/v1/challenges/{self.name}/finish", ended)


class VisitedSite(Site):
    """The service in this process, with a site that has visitors."""

    def __init__(self, folder: Path, **given: Any) -> None:
        self.clock = site_clock()
        store = open_store(folder, clock=self.clock)
        super().__init__(folder, clock=self.clock, store=store, **given)
        add_site(self.store)

    def post(self, path: str, content: Any, origin: str | None = ORIGIN) -> Any:
        """The JSON that `content` is answered with. Raises `Refused`."""
        response = self.send(path, content, origin)
        if response.status_code >= 400:
            raise Refused(response)
        return response.json()

    def send(self, path: str, content: Any, origin: str | None = ORIGIN) -> httpx.Response:
        """The answer to `content`."""
        headers = {"Content-Type": "application/json", **({"Origin": origin} if origin else {})}
        return self.request("POST", path, content=msgspec.json.encode(content), headers=headers)

    def wait_until(self, now: int) -> None:
        """Move the clock to a time in milliseconds since 1970, unless it is past it."""
        self.clock.advance(max(0.0, (now - milliseconds(self.clock.now())) / 1000.0))

    def plays(self, game: str, seed: int, **asked: Any) -> WebVisitor:
        """Somebody who has played `game` to its end by mouse."""
        visitor = WebVisitor(self, game, seed, **asked)
        play_by_mouse(visitor)
        return visitor

    def plays_by_keys(self, game: str, seed: int, **asked: Any) -> WebVisitor:
        """Somebody who has played `game` to its end by keyboard."""
        visitor = WebVisitor(self, game, seed, **asked)
        play_by_keys(visitor)
        return visitor

    def verdict(self, visitor: WebVisitor, site: str = "shop") -> Any:
        """What was decided of a visitor."""
        stored = self.store.get(f"site:{site}", visitor.name)
        assert stored is not None
        return msgspec.json.decode(stored.verdict)
