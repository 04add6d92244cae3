"""Challenges as an operator looks through them, on both engines."""

from __future__ import annotations

from playproof.store import Recent, Store
from playproof.testing.records import RECEIVED_AT
from playproof.tokens.token import digest
from tests.verifying import SECONDS, add_site, add_token, verdict


def names(found: list[Recent]) -> list[str]:
    return [one.id for one in found]


def test_the_newest_come_first_page_by_page(store: Store) -> None:
    site, _ = add_site(store)
    for name, later in (("c1", 0), ("c4", 2), ("c3", 1), ("c2", 1), ("c5", 2)):
        add_token(store, site, name, now=RECEIVED_AT + later)
    assert names(store.challenges.recent(9)) == ["c5", "c4", "c3", "c2", "c1"]
    seen: list[str] = []
    before = None
    while page := store.challenges.recent(2, before=before):
        seen += names(page)
        before = (page[-1].issued_at, page[-1].id)
    assert seen == ["c5", "c4", "c3", "c2", "c1"]


def test_each_says_how_far_it_came(store: Store) -> None:
    site, _ = add_site(store)
    other, _ = add_site(store, "blog")
    token = add_token(store, site, "c1", verdict(), now=RECEIVED_AT)
    add_token(store, other, "c2", now=RECEIVED_AT + 1)
    (mine,) = store.challenges.recent(9, site=site.id)
    assert (mine.id, mine.site, mine.game, mine.device, mine.action) == ("c1", site.id, "osu", "touch", "signup")
    assert (mine.issued_at, mine.closed_at, mine.token_at, mine.spent_at) == (RECEIVED_AT, RECEIVED_AT, RECEIVED_AT, None)
    assert mine.decision == store.get(f"site:{site.id}", "c1").decision  # type: ignore[union-attr]

    assert store.tokens.spend(digest(token), site.id, RECEIVED_AT + 5, None, lambda *_: b"{}").result(SECONDS).outcome == "spent"
    (mine,) = store.challenges.recent(9, site=site.id)
    assert mine.spent_at == RECEIVED_AT + 5
    assert store.challenges.recent(9, site="site_nobody") == []
