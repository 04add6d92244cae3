"""Statements about what sites are still to be told, or were.

Whoever claims a letter pushes its next time to the end of the hold: so one index says what is due, and what a dead process
held is due again by itself. Each function runs in the transaction its connection is in.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, select, update

from playproof.store.awaiting import Notice
from playproof.store.letters import Letter, Posted, Posts, PostState
from playproof.store.tables import outbox, session

WAITING: PostState = "waiting"
DELIVERED: PostState = "delivered"
GIVEN_UP: PostState = "given_up"

_LETTER = select(outbox.c.id, outbox.c.body, outbox.c.attempts, outbox.c.created_at)
_POSTED = select(
    outbox.c.id,
    session.c.scope,
    session.c.id.label("session_id"),
    outbox.c.state,
    outbox.c.created_at,
    outbox.c.next_at,
    outbox.c.attempts,
    outbox.c.reason,
).join(session, session.c.seq == outbox.c.session_seq)


def add(connection: Connection, number: int, notice: Notice, now: int) -> None:
    """Put in what a site is to be told of the session of that number."""
    connection.execute(
        insert(outbox).values(id=notice.id, session_seq=number, body=notice.body, created_at=now, state=WAITING, next_at=now, attempts=0)
    )


def claim(connection: Connection, holder: str, now: int, until: int, limit: int) -> list[Letter]:
    """At most `limit` letters that are due, those due the longest first, held by `holder` until a time in milliseconds."""
    due = select(outbox.c.id).where(outbox.c.state == WAITING, outbox.c.next_at <= now).order_by(outbox.c.next_at, outbox.c.id).limit(limit)
    ids = list(connection.execute(due.with_for_update(skip_locked=True)).scalars())
    if not ids:
        return []
    these = outbox.c.id.in_(ids)
    connection.execute(update(outbox).where(these).values(holder=holder, next_at=until))
    found = {row.id: Letter(**row._mapping) for row in connection.execute(_LETTER.where(these))}
    return [found[name] for name in ids]


def settle(connection: Connection, letter: str, holder: str, state: PostState, at: int, reason: str | None) -> bool:
    """Note how an attempt ended, and whether `holder` still held the letter; with a reason it failed.

    `at` is when it is due again, and now where it waits no more.
    """
    held = update(outbox).where(outbox.c.id == letter, outbox.c.holder == holder, outbox.c.state == WAITING)
    attempts = outbox.c.attempts + int(reason is not None)
    values = held.values(state=state, next_at=at, reason=reason, attempts=attempts, holder=None)
    return bool(connection.execute(values).rowcount)


def release(connection: Connection, holder: str, now: int) -> int:
    """Have all that `holder` holds be due for others; how many letters that are."""
    held = update(outbox).where(outbox.c.state == WAITING, outbox.c.holder == holder)
    return connection.execute(held.values(holder=None, next_at=now)).rowcount


def retry(connection: Connection, letter: str | None, now: int) -> int:
    """Put given-up letters back as if they were new, that one or all; how many that were."""
    given_up = update(outbox).where(outbox.c.state == GIVEN_UP)
    if letter is not None:
        given_up = given_up.where(outbox.c.id == letter)
    return connection.execute(given_up.values(state=WAITING, created_at=now, next_at=now, attempts=0)).rowcount


def next_at(connection: Connection) -> int | None:
    """When the first letter is due, or its hold is over; `None` where none waits."""
    found: int | None = connection.execute(select(func.min(outbox.c.next_at)).where(outbox.c.state == WAITING)).scalar()
    return found


def counts(connection: Connection) -> Posts:
    """How many letters there are; counts them."""
    rows = connection.execute(select(outbox.c.state, func.count().label("letters")).group_by(outbox.c.state))
    found = {row.state: row.letters for row in rows}
    return Posts(waiting=found.get(WAITING, 0), delivered=found.get(DELIVERED, 0), given_up=found.get(GIVEN_UP, 0))


def page(connection: Connection, state: PostState | None, after: str, size: int) -> list[Posted]:
    """At most `size` letters in `state`, or in any, that come after an id."""
    found = _POSTED.where(outbox.c.id > after).order_by(outbox.c.id).limit(size)
    if state is not None:
        found = found.where(outbox.c.state == state)
    return [Posted(**row._mapping) for row in connection.execute(found)]
