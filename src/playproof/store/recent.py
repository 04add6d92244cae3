"""Challenges as an operator looks through them, the newest first. Each function runs in the transaction its connection is in."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, or_, select

from playproof.store.challenge import Recent
from playproof.store.tables import session
from playproof.store.visits import challenge, token

_c, _t = challenge.c, token.c

RECENT = (
    select(
        *(_c[name] for name in ("id", "site", "way", "game", "action", "hostname", "issued_at", "expires_at")),
        *(_c[name] for name in ("started_at", "closed_at", "token_at")),
        _t.device,
        _t.spent_at,
        session.c.decision,
    )
    .select_from(challenge)
    .outerjoin(token, _t.challenge == _c.id)
    .outerjoin(session, session.c.seq == _c.session_seq)
    # The first condition is what the index is read by.
    .where(_c.issued_at <= bindparam("at"), or_(_c.issued_at < bindparam("at"), _c.id < bindparam("name")))
    .order_by(_c.issued_at.desc(), _c.id.desc())
    .limit(bindparam("most"))
)
"""Challenges before a place in the order."""


def rows(connection: Connection, before: tuple[int, str], most: int, site: str | None) -> list[Recent]:
    """At most `most` challenges of `site`, or of any, that were issued before one of this time and id."""
    wanted = RECENT if site is None else RECENT.where(_c.site == site)
    found = connection.execute(wanted, {"at": before[0], "name": before[1], "most": most})
    return [Recent(**row._mapping) for row in found]
