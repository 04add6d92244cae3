"""The client for backends against the service, with everything in between that goes wrong on the way."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from playproof.client import AsyncClient, Client, Trouble, Verification
from playproof.clock import SystemClock, milliseconds
from playproof.errors import StoreUnavailable
from playproof.store import Store, open_store
from playproof.tokens import site as sites
from playproof.tokens.page import EXAMPLE
from playproof.tokens.trial import TRIAL_TOKEN
from tests.proxying import Fault, Proxy, proxied
from tests.serving import Serving, Site, serving
from tests.verifying import add_site, add_token

PATIENCE = 60.0
"""Seconds of a client that will be answered; one that will not be has a tenth of one."""
SOON = 0.1

Ask = Callable[..., Verification]


def sync(secret: str, url: str, token: str, *, expected_action: str | None = None, **options: Any) -> Verification:
    with Client(secret, url, **options) as client:
        return client.verify(token, expected_action=expected_action)


def async_(secret: str, url: str, token: str, *, expected_action: str | None = None, **options: Any) -> Verification:
    async def ask() -> Verification:
        async with AsyncClient(secret, url, **options) as client:
            return await client.verify(token, expected_action=expected_action)

    return asyncio.run(ask())


@pytest.fixture(params=[sync, async_], ids=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Asks with a client of either kind."""
    found: Ask = request.param
    return found


class Backend:
    """A site of a running service."""

    def __init__(self, running: Serving, store: Store, proxy: Proxy) -> None:
        self.running = running
        self.store = store
        self.proxy = proxy
        self.site: sites.Site
        self.site, self.secret = add_site(store)
        self._count = 0

    def token(self) -> str:
        """One that was never seen."""
        self._count += 1
        return add_token(self.store, self.site, f"ch_{self._count}", now=milliseconds(SystemClock().now()))

    def fails(self, *plan: Fault) -> str:
        """The address of the service, past a proxy that works by `plan`."""
        self.proxy.plan = list(plan)
        self.proxy.met = []
        return self.proxy.url


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    folder = tmp_path_factory.mktemp("client") / "data"
    with serving(folder, PLAYPROOF_LOG_LEVEL="warning") as running, closing(open_store(folder)) as store, proxied(running.port) as proxy:
        yield Backend(running, store, proxy)


def test_a_token_is_good_once(backend: Backend, ask: Ask) -> None:
    token = backend.token()
    first = ask(backend.secret, backend.running.url, token, expected_action="signup", timeout=PATIENCE)
    assert (first.success, first.decision, first.status, first.trouble) == (True, "pass", "final", None)
    assert (first.hostname, first.action, first.cdata) == ("shop.example", "signup", "order-7")
    assert (first.metadata.game, first.metadata.test_key) == ("osu", False)
    second = ask(backend.secret, backend.running.url, token, timeout=PATIENCE)
    assert (second.success, second.spent, second.trouble) == (False, True, None)


def test_a_test_secret_takes_the_test_token(backend: Backend, ask: Ask) -> None:
    result = ask("sk_test_review", backend.running.url, TRIAL_TOKEN, timeout=PATIENCE)
    assert (result.success, result.decision, result.metadata.test_key) == (False, "review", True)


def test_a_wrong_secret_and_a_wrong_address_let_nobody_in(backend: Backend, ask: Ask) -> None:
    wrong = ask("sk_wrong", backend.running.url, backend.token(), on_error="open", timeout=PATIENCE)
    assert (wrong.success, wrong.codes) == (False, ("invalid-input-secret",))
    astray = ask(backend.secret, f"{backend.running.url}/elsewhere", backend.token(), on_error="open", timeout=PATIENCE)
    assert (astray.success, astray.trouble) == (False, Trouble.REFUSED)


@pytest.mark.parametrize("lost", ["lose", "cut"])
def test_an_answer_that_gets_lost_is_given_again(backend: Backend, ask: Ask, lost: Fault) -> None:
    token = backend.token()
    result = ask(backend.secret, backend.fails(lost, lost, "pass"), token, timeout=PATIENCE)
    assert (result.success, result.decision, result.spent) == (True, "pass", False)
    assert backend.proxy.met == [lost, lost, "pass"]
    assert ask(backend.secret, backend.running.url, token, timeout=PATIENCE).spent, "the token was spent by the first attempt"


@pytest.mark.parametrize("fault", ["busy", "garble"])
def test_a_service_that_stumbles_is_asked_again(backend: Backend, ask: Ask, fault: Fault) -> None:
    assert ask(backend.secret, backend.fails(fault, "pass"), backend.token(), timeout=PATIENCE).success


@pytest.mark.parametrize(
    ("fault", "trouble", "timeout"),
    [
        ("lose", Trouble.UNREACHABLE, PATIENCE),
        ("cut", Trouble.UNREACHABLE, PATIENCE),
        ("busy", Trouble.UNAVAILABLE, PATIENCE),
        ("garble", Trouble.MISUNDERSTOOD, PATIENCE),
        ("hang", Trouble.TIMEOUT, SOON),
        ("drip", Trouble.TIMEOUT, SOON),
    ],
)
def test_a_service_that_stays_out_is_decided_by_the_site(
    backend: Backend, ask: Ask, fault: Fault, trouble: Trouble, timeout: float
) -> None:
    url = backend.fails(fault)
    token = backend.token()
    told: list[Verification] = []
    closed = ask(backend.secret, url, token, timeout=timeout, retries=1, on_unanswered=told.append)
    assert (closed.success, closed.decision, closed.trouble) == (False, None, trouble)
    assert told == [closed]
    opened = ask(backend.secret, url, token, timeout=timeout, retries=0, on_error="open")
    assert (opened.success, opened.trouble) == (True, trouble)
    reviewed = ask(backend.secret, url, token, timeout=timeout, retries=0, on_error="review")
    assert (reviewed.success, reviewed.decision, reviewed.trouble) == (False, "review", trouble)


@pytest.mark.parametrize(("kind", "status"), [("pass", 200), ("review", 202), ("fail", 403), ("spent", 422)])
def test_the_example_of_the_documentation_does_what_it_says(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, kind: str, status: int
) -> None:
    monkeypatch.setenv("SHOP_SECRET", f"sk_test_{kind}")
    monkeypatch.setenv("PLAYPROOF_URL", backend.running.url)
    names: dict[str, Any] = {}
    exec(EXAMPLE, names)  # our own text
    with names["client"]:
        assert names["sign_up"]({"playproof-response": TRIAL_TOKEN})[0] == status
        assert names["sign_up"]({})[0] == 403


def test_where_nobody_listens(ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = ask("sk_x", f"http://127.0.0.1:{port}", "pp1.x", on_error="open", retries=1, timeout=PATIENCE)
    assert (result.success, result.trouble) == (True, Trouble.UNREACHABLE)


def test_a_service_without_its_store_is_an_outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(tmp_path / "data")
    with contextlib.closing(site):
        shop, secret = add_site(site.store)
        token = add_token(site.store, shop, "ch_1", now=milliseconds(SystemClock().now()))

        async def ask() -> tuple[Verification, int]:
            async with AsyncClient(
                secret, "http://127.0.0.1:8000", on_error="open", retries=0, transport=httpx.ASGITransport(site.app), timeout=PATIENCE
            ) as client:
                return await client.verify(token), client.opened

        def out(*_: object) -> None:
            raise StoreUnavailable("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(type(site.store.tokens), "spend", out)
            result, opened = asyncio.run(ask())
        assert (result.success, result.trouble, opened) == (True, Trouble.UNAVAILABLE, 1)
        result, opened = asyncio.run(ask())
        assert (result.success, result.trouble, result.decision, opened) == (True, None, "pass", 0)
