"""Statements about how far challenges came. Each function runs in the transaction its connection is in.

Challenges that came to nothing are removed soon; what is left of them is how many there were in each hour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, select

from playproof.store.challenge import FunnelRow
from playproof.store.groups import execute
from playproof.store.sessions import insert_rows
from playproof.store.tables import session
from playproof.store.visits import abandoned, challenge, token

HOUR_MS = 3_600_000

_c, _t, _a = challenge.c, token.c, abandoned.c
_COLUMNS = ("hour", "site", "game", "way", "issued", "started")
_MORE = (
    " ON CONFLICT (hour, site, game, way) DO UPDATE"
    " SET issued = abandoned.issued + excluded.issued, started = abandoned.started + excluded.started"
)

STORED = (
    select(
        _c.game,
        _c.way,
        _t.device,
        session.c.decision,
        func.count(),
        func.count(_c.started_at),
        func.count(_t.digest),
        func.count(_t.spent_at),
    )
    .select_from(challenge)
    .outerjoin(token, _t.challenge == _c.id)
    .outerjoin(session, session.c.seq == _c.session_seq)
    .where(_c.issued_at >= bindparam("since"), _c.issued_at < bindparam("until"))
    .group_by(_c.game, _c.way, _t.device, session.c.decision)
)
"""Challenges issued in a time, counted; `of_site` narrows it down."""
REMOVED = (
    select(_a.game, _a.way, func.sum(_a.issued), func.sum(_a.started))
    .where(_a.hour >= bindparam("since"), _a.hour < bindparam("until"))
    .group_by(_a.game, _a.way)
)
"""The same of those that came to nothing and are gone."""
_PURGE = delete(abandoned).where(
    and_(_a.hour < bindparam("before"), _a.hour.in_(select(_a.hour).where(_a.hour < bindparam("before")).limit(bindparam("step"))))
)


def rows(connection: Connection, since: int, until: int, site: str | None) -> list[FunnelRow]:
    """How far the challenges issued from `since` and before `until` came, by game, way and device."""
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    decisions: dict[tuple[str, str, str], Counter[str]] = {}
    times = {"since": since, "until": until}
    stored = STORED if site is None else STORED.where(_c.site == site)
    removed = REMOVED if site is None else REMOVED.where(_a.site == site)
    for game, way, device, decision, issued, started, finished, verified in connection.execute(stored, times):
        key = (game, way, device or "")
        counts.setdefault(key, Counter()).update(issued=issued, started=started, finished=finished, verified=verified)
        if decision is not None:
            decisions.setdefault(key, Counter())[decision] += issued
    for game, way, issued, started in connection.execute(removed, times):
        counts.setdefault((game, way, ""), Counter()).update(issued=int(issued), started=int(started))
    return [_row(key, counts[key], decisions.get(key, {})) for key in sorted(counts)]


def _row(key: tuple[str, str, str], counts: Counter[str], decisions: dict[str, int]) -> FunnelRow:
    game, way, device = key
    numbers = {name: counts[name] for name in ("issued", "started", "finished", "verified")}
    return FunnelRow(game=game, way=way, device=device, **numbers, decisions=dict(sorted(decisions.items())))


def keep(connection: Connection, challenges: Iterable[Any]) -> None:
    """Count challenges that are about to be removed: rows with `site`, `game`, `way`, `issued_at` and `started_at`."""
    counts: dict[tuple[int, str, str, str], list[int]] = {}
    for row in challenges:
        of_hour = counts.setdefault((row.issued_at // HOUR_MS * HOUR_MS, row.site, row.game, row.way), [0, 0])
        of_hour[0] += 1
        of_hour[1] += row.started_at is not None
    values = [value for key, of_hour in sorted(counts.items()) for value in (*key, *of_hour)]
    execute(connection, insert_rows(abandoned, _COLUMNS, len(counts), connection.dialect) + _MORE, values)


def purge(connection: Connection, before: int, step: int) -> int:
    """Remove the counts of at most `step` hours that began before a time; how many counts that were."""
    return connection.execute(_PURGE, {"before": before, "step": step}).rowcount
