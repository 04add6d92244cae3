"""Statements about sessions whose hosted score is still to come.

A row of `awaited` goes when the verdict becomes final, and whoever removes it is the one who makes it so. Each function runs
in the transaction its connection is in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, or_, select, update

from playproof.store import outbox
from playproof.store.awaiting import FOREVER, Awaited, Depth, Final, Postponed
from playproof.store.live import IDS
from playproof.store.tables import awaited, live_row, session

_NUMBER = awaited.c.session_seq == bindparam("number")

_SETTLE_SESSION = (
    update(session)
    .where(session.c.seq == bindparam("number"))
    .values(
        revision=session.c.revision + 1,
        **{name: bindparam(f"new_{name}") for name in ("verdict", "decision", "anomaly_score", "raw_score", "source", "model_version")},
    )
)
_SETTLE_ROW = update(live_row).where(live_row.c.session_seq == bindparam("number")).values(awaiting=False, eligible=bindparam("may"))
_POSTPONE = (
    update(awaited)
    .where(_NUMBER, awaited.c.holder == bindparam("whose"))
    .values(
        next_at=bindparam("at"),
        attempts=awaited.c.attempts + bindparam("more"),
        reason=bindparam("why"),
        holder=None,
        held_until=None,
    )
)
_REPLACE_VERDICT = update(session).where(session.c.seq == bindparam("number")).values(verdict=bindparam("new"))
ASKED = (
    select(
        awaited.c.session_seq.label("number"),
        session.c.scope,
        session.c.id.label("session_id"),
        session.c.received_at,
        session.c.game_type,
        session.c.device_type,
        session.c.verdict,
        live_row.c.catalogue_version,
        live_row.c.vector,
        awaited.c.assessment,
        awaited.c.attempts,
    )
    .join(session, session.c.seq == awaited.c.session_seq)
    .join(live_row, live_row.c.session_seq == awaited.c.session_seq)
)
"""A session with all that asking and judging again take: the fields of `Awaited`."""


def finalise(connection: Connection, finals: Sequence[Final], now: int) -> list[bool]:
    """Make verdicts final, and say of each whether this did it: not where somebody else was first, or the session is gone."""
    given = {final.number: final for final in finals}
    # In one order everywhere, so that two who do this at once cannot wait for each other.
    taken = {number: told for some in _steps(sorted(given)) for number, told in _take(connection, some)}
    if taken:
        mine = [given[number] for number in taken]
        connection.execute(_SETTLE_SESSION, [_session_values(final) for final in mine])
        connection.execute(_SETTLE_ROW, [{"number": final.number, "may": final.eligible} for final in mine])
        for final in mine:
            if final.notice is not None and (final.told or taken[final.number]):
                outbox.add(connection, final.number, final.notice, now)
    return [final.number in taken for final in finals]


def _take(connection: Connection, numbers: Sequence[int]) -> list[tuple[int, bool]]:
    """Remove what is awaited of these sessions; of which there was something, and whether somebody was told of it."""
    found = select(awaited.c.session_seq, awaited.c.told).where(awaited.c.session_seq.in_(numbers)).order_by(awaited.c.session_seq)
    standing = [(row.session_seq, bool(row.told)) for row in connection.execute(found.with_for_update())]
    if standing:
        connection.execute(delete(awaited).where(awaited.c.session_seq.in_([number for number, _ in standing])))
    return standing


def tell(connection: Connection, number: int) -> bool:
    """Note that somebody who does not wait is answered the preliminary verdict of a session; whether it still is that."""
    return bool(connection.execute(update(awaited).where(awaited.c.session_seq == number).values(told=True)).rowcount)


def _session_values(final: Final) -> dict[str, object]:
    return {
        "number": final.number,
        "new_verdict": final.verdict,
        "new_decision": final.decision,
        "new_anomaly_score": final.anomaly_score,
        "new_raw_score": final.raw_score,
        "new_source": final.source,
        "new_model_version": final.model_version,
    }


def _steps(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    return (numbers[start : start + IDS] for start in range(0, len(numbers), IDS))


def due(connection: Connection, now: int, limit: int, *, lock: bool = False) -> list[int]:
    """The numbers of at most `limit` sessions that are due and held by nobody, those due the longest first.

    With `lock` nobody else gets the same before the transaction is over.
    """
    found = select(awaited.c.session_seq).where(awaited.c.next_at <= now, _free(now)).order_by(awaited.c.next_at).limit(limit)
    return list(connection.execute(found.with_for_update(skip_locked=True) if lock else found).scalars())


def claim(connection: Connection, holder: str, now: int, until: int, limit: int) -> list[Awaited]:
    """Have `holder` hold what is `due`, until a time in milliseconds."""
    numbers = due(connection, now, limit, lock=True)
    claimed: dict[int, Awaited] = {}
    for start in range(0, len(numbers), IDS):
        these = awaited.c.session_seq.in_(numbers[start : start + IDS])
        connection.execute(update(awaited).where(these).values(holder=holder, held_until=until))
        claimed |= {row.number: Awaited(**row._mapping) for row in connection.execute(ASKED.where(these))}
    return [claimed[number] for number in numbers]


def renew(connection: Connection, holder: str, numbers: Sequence[int], until: int) -> int:
    """Extend what `holder` holds of these sessions, unless somebody else took it over; how many that are."""
    held = update(awaited).where(awaited.c.holder == holder).values(held_until=until)
    return sum(connection.execute(held.where(awaited.c.session_seq.in_(some))).rowcount for some in _steps(sorted(numbers)))


def release(connection: Connection, holder: str) -> None:
    """Let go of all that `holder` holds."""
    connection.execute(update(awaited).where(awaited.c.holder == holder).values(holder=None, held_until=None))


def postpone(connection: Connection, items: Sequence[Postponed], holder: str) -> None:
    """Let go of sessions that `holder` holds, until they are due again; what it does not hold any more stays as it is."""
    for item in sorted(items, key=lambda item: item.number):
        values = {"number": item.number, "whose": holder, "at": item.next_at, "more": int(item.attempted), "why": item.reason}
        if connection.execute(_POSTPONE, values).rowcount and item.verdict is not None:
            connection.execute(_REPLACE_VERDICT, {"number": item.number, "new": item.verdict})


def hasten(connection: Connection, now: int) -> int:
    """Have all that nobody holds be due now; how many were not."""
    return connection.execute(
        update(awaited).where(awaited.c.next_at > now, awaited.c.next_at < FOREVER, _free(now)).values(next_at=now)
    ).rowcount


def next_at(connection: Connection, now: int) -> int | None:
    """When the first is due that nobody holds; `None` where there is none."""
    free = select(awaited.c.next_at).where(awaited.c.next_at < FOREVER, _free(now))
    found: int | None = connection.execute(free.order_by(awaited.c.next_at).limit(1)).scalar()
    return found


def depth(connection: Connection) -> Depth:
    """How many wait; counts them."""
    waiting: int = connection.execute(select(func.count()).select_from(awaited)).scalar_one()
    first = select(func.min(awaited.c.session_seq)).scalar_subquery()
    return Depth(waiting, connection.execute(select(session.c.received_at).where(session.c.seq == first)).scalar())


def _free(now: int) -> ColumnElement[bool]:
    return or_(awaited.c.held_until.is_(None), awaited.c.held_until <= now)
