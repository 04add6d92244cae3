"""Statements that look at the batch queue from outside, and what operators do with those that were given up.

Each function runs in the transaction its connection is in.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, literal, or_, select, update

from playproof.store.awaiting import FOREVER
from playproof.store.batch import BURIED, SETTLED
from playproof.store.forming import CLAIMED, QUEUED
from playproof.store.queued import Backlog, Exhumed, Grave, Place
from playproof.store.tables import awaited, batch_entry, live_row, session

_e = batch_entry.c

_BURIED_ONE = (_e.session_seq == bindparam("number"), _e.state == BURIED)
_AWAIT_AGAIN = insert(awaited).from_select(
    ["session_seq", "next_at", "attempts", "assessment", "holder", "held_until"],
    select(_e.session_seq, literal(FOREVER), literal(0), _e.assessment, bindparam("whose"), literal(FOREVER)).where(*_BURIED_ONE),
)
_QUEUE_AGAIN = (
    update(batch_entry)
    .where(*_BURIED_ONE)
    .values(state=QUEUED, enqueued_at=bindparam("now"), next_at=bindparam("now"), attempts=0, assessment=None, reason=None, error=None)
)
_PRELIMINARY_AGAIN = (
    update(session).where(session.c.seq == bindparam("number")).values(verdict=bindparam("new"), revision=session.c.revision + 1)
)
_AWAITING_AGAIN = update(live_row).where(live_row.c.session_seq == bindparam("number")).values(awaiting=True, eligible=False)
_GRAVES = (
    select(
        _e.session_seq.label("number"),
        session.c.scope,
        session.c.id.label("session_id"),
        session.c.verdict,
        _e.next_at.label("buried_at"),
        _e.attempts,
        _e.reason,
        _e.error,
    )
    .join(session, session.c.seq == _e.session_seq)
    .where(_e.state == BURIED)
    .order_by(_e.session_seq)
)


def waiting(connection: Connection, most: int) -> int:
    """How many entries are queued or claimed; counts no further than `most`."""
    some = select(literal(1)).where(_e.state.in_((QUEUED, CLAIMED))).limit(most).subquery()
    count: int = connection.execute(select(func.count()).select_from(some)).scalar_one()
    return count


def backlog(connection: Connection) -> Backlog:
    """How many entries there are; counts them."""
    rows = connection.execute(select(_e.state, func.count().label("entries"), func.min(_e.enqueued_at).label("oldest")).group_by(_e.state))
    found = {row.state: (row.entries, row.oldest) for row in rows}
    oldest = [found[state][1] for state in (QUEUED, CLAIMED) if state in found]
    counts = {state: found.get(state, (0, None))[0] for state in (QUEUED, CLAIMED, SETTLED, BURIED)}
    return Backlog(**counts, oldest_enqueued_at=min(oldest, default=None))


def place(connection: Connection, scope: str, session_id: str) -> Place | None:
    """Where a session stands; `None` where it is not in the queue, nor was lately."""
    mine = select(batch_entry).join(session, session.c.seq == _e.session_seq).where(session.c.id == session_id, session.c.scope == scope)
    row = connection.execute(mine).one_or_none()
    if row is None:
        return None
    return Place(
        number=row.session_seq,
        state=row.state,
        position=_position(connection, row.sharing, row.next_at, row.session_seq) if row.state == QUEUED else 0,
        enqueued_at=row.enqueued_at,
        attempts=row.attempts,
        reason=row.reason,
    )


def _position(connection: Connection, sharing: int, next_at: int, number: int) -> int:
    """How many entries come before one, and it: first those that have to share with few, then in the order in which they are due."""
    before = and_(_e.sharing == sharing, or_(_e.next_at < next_at, and_(_e.next_at == next_at, _e.session_seq <= number)))
    smaller = and_(_e.sharing > 0, _e.sharing < sharing) if sharing else _e.sharing > 0
    position: int = connection.execute(select(func.count()).where(_e.state == QUEUED, or_(before, smaller))).scalar_one()
    return position


def buried(connection: Connection, after: int, size: int) -> list[Grave]:
    """At most `size` sessions that were given up, in order of arrival, after the one of that number."""
    return [Grave(**row) for row in connection.execute(_GRAVES.where(_e.session_seq > after).limit(size)).mappings()]


def graves(connection: Connection, session_id: str, scope: str | None) -> list[Grave]:
    """The sessions under an id that were given up, in `scope` or in all."""
    mine = _GRAVES.where(session.c.id == session_id)
    if scope is not None:
        mine = mine.where(session.c.scope == scope)
    return [Grave(**row) for row in connection.execute(mine).mappings()]


def exhume(connection: Connection, items: Sequence[Exhumed], holder: str, now: int) -> int:
    """Queue again what was given up, with preliminary verdicts that `holder` holds; how many still were."""
    done = 0
    for item in sorted(items, key=lambda item: item.number):
        number = {"number": item.number}
        lock = select(_e.session_seq).where(_e.session_seq == item.number, _e.state == BURIED).with_for_update()
        if connection.execute(lock).scalar() is None:
            continue
        connection.execute(_AWAIT_AGAIN, {**number, "whose": holder})
        connection.execute(_QUEUE_AGAIN, {**number, "now": now})
        connection.execute(_PRELIMINARY_AGAIN, {**number, "new": item.verdict})
        connection.execute(_AWAITING_AGAIN, number)
        done += 1
    return done


def forget(connection: Connection) -> int:
    """Remove the entries that were given up, so that they can no longer be exhumed; how many those were."""
    return connection.execute(delete(batch_entry).where(_e.state == BURIED)).rowcount
