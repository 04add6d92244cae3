"""Whose address a request counts towards, and whose word is taken on it."""

from __future__ import annotations

import pytest

from playproof.web.client import Proxies

PROXY, OUTER, VISITOR, MADE_UP = "10.0.0.2", "10.0.7.7", "203.0.113.9", "198.51.100.1"
TRUSTED = ("10.0.0.0/8", "fd00::/8")


def address(*named: str, client: str | None = PROXY, trusted: tuple[str, ...] = TRUSTED) -> str | None:
    """What counts, with `named` as the lines of X-Forwarded-For."""
    headers = [(b"x-forwarded-for", line.encode()) for line in named]
    return Proxies(trusted).address({"client": None if client is None else (client, 4000), "headers": headers})


def test_whoever_connects_is_the_visitor_where_nobody_is_trusted() -> None:
    assert address(VISITOR, trusted=()) == PROXY
    assert address(VISITOR, client=MADE_UP) == MADE_UP
    assert address(VISITOR, client=None) is None


@pytest.mark.parametrize(
    "lines",
    [(VISITOR,), (f"{MADE_UP}, {VISITOR}",), (f"{MADE_UP},{VISITOR}, {OUTER}",), (MADE_UP, VISITOR), (MADE_UP, f"{VISITOR}, {OUTER}")],
    ids=["one", "added", "through two", "a line of its own", "a line of its own, through two"],
)
def test_what_the_outermost_trusted_proxy_saw_counts(lines: tuple[str, ...]) -> None:
    """A proxy puts what it saw behind what it was sent: into the same line, or below it."""
    assert address(*lines) == VISITOR


def test_a_proxy_is_known_as_a_dual_stack_listener_sees_it() -> None:
    assert address(VISITOR, client=f"::ffff:{PROXY}") == VISITOR
    assert address(f"{VISITOR}, ::ffff:{OUTER}", client="fd00::1") == VISITOR


@pytest.mark.parametrize("line", ["", "unknown", "_hidden", f"{MADE_UP}, nobody", f"{VISITOR}:4000"])
def test_what_is_no_address_says_nothing(line: str) -> None:
    assert address(line) == PROXY
