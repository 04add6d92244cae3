"""Statements that form batches: which entries of the queue are due, and who holds them from now on.

Whoever claims an entry counts its epoch up and pushes its next time to the end of the hold. One row, the gate, is locked
meanwhile, so that how many wait is exact however many processes form batches. Each function runs in the transaction its
connection is in.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, exists, select, update

from playproof.store import awaited as awaited_sessions
from playproof.store.awaiting import Awaited
from playproof.store.live import IDS
from playproof.store.queued import Entry, EntryState, Forming
from playproof.store.tables import awaited, batch_entry, batch_gate

QUEUED: EntryState = "queued"
CLAIMED: EntryState = "claimed"

_e = batch_entry.c

_LOST = (_e.state == CLAIMED, _e.next_at <= bindparam("now"))
_DUE = (_e.state == QUEUED, _e.next_at <= bindparam("now"))

SPLIT = select(_e.sharing).where(*_DUE, _e.sharing > 0).order_by(_e.sharing, _e.next_at).limit(1)
"""With how many those may share a batch that failed in a larger one, the fewest first."""
LOOK = select(exists().where(*_LOST).label("lost"), SPLIT.scalar_subquery().label("sharing"))
"""Whether some entry's holder has not renewed its hold, and `SPLIT`."""
FIRST = (
    select(_e.session_seq, _e.enqueued_at)
    .where(*_DUE, _e.sharing == bindparam("among"))
    .order_by(_e.next_at, _e.session_seq)
    .limit(bindparam("most"))
)
"""The entries due the longest of those that share with so many."""
OVERDUE = select(_e.session_seq).where(*_DUE, _e.enqueued_at <= bindparam("before")).limit(bindparam("most"))
"""Those queued before a time, whatever they failed with."""
_LOCKED_FIRST = FIRST.with_for_update(skip_locked=True)
_LOCKED_OVERDUE = OVERDUE.with_for_update(skip_locked=True)

_TAKE_BACK = update(batch_entry).where(*_LOST).values(state=QUEUED, holder=None, next_at=_e.enqueued_at)
_HASTEN = update(batch_entry).where(_e.state == QUEUED, _e.next_at > bindparam("now")).values(next_at=bindparam("now"))
_HOLD = (
    update(batch_entry)
    .where(_e.session_seq.in_(bindparam("numbers", expanding=True)))
    .values(state=CLAIMED, epoch=_e.epoch + 1, holder=bindparam("whose"), next_at=bindparam("until"))
)
_HELD = (
    awaited_sessions.ASKED.add_columns(_e.epoch, _e.enqueued_at, _e.sharing, _e.attempts.label("tried"))
    .join(batch_entry, _e.session_seq == awaited.c.session_seq)
    .where(awaited.c.session_seq.in_(bindparam("numbers", expanding=True)))
)
_FIELDS = tuple(name for name in Awaited.__struct_fields__ if name != "attempts")

_LOCK = select(batch_gate.c.id).where(batch_gate.c.id == 1).with_for_update()
_COUNT = update(batch_gate).values(batches=batch_gate.c.batches + 1)


def worthwhile(connection: Connection, rule: Forming, now: int) -> bool:
    """Whether there is a batch to form, or an entry to take back that nobody holds any more."""
    lost, sharing = connection.execute(LOOK, {"now": now}).one()
    return bool(lost) or sharing is not None or bool(_fresh(connection, rule, now, lock=False))


def chosen(connection: Connection, rule: Forming, now: int) -> list[int]:
    """The sessions that make a batch now, at most `rule.most`; none where there are too few that have not waited long enough.

    Those that failed together come again in smaller batches, which need no least number. Nobody else changes them before the
    transaction is over.
    """
    sharing = connection.execute(SPLIT, {"now": now}).scalar()
    if sharing is None:
        return _fresh(connection, rule, now, lock=True)
    smaller = {"now": now, "among": sharing, "most": min(sharing, rule.most)}
    return list(connection.execute(_LOCKED_FIRST, smaller).scalars())


def _fresh(connection: Connection, rule: Forming, now: int, *, lock: bool) -> list[int]:
    some = {"now": now, "among": 0, "most": max(rule.most, rule.least)}
    rows = connection.execute(_LOCKED_FIRST if lock else FIRST, some).all()
    if len(rows) < rule.least and not any(enqueued_at <= now - rule.wait for _, enqueued_at in rows):
        return []
    return [number for number, _ in rows[: rule.most]]


def overdue(connection: Connection, most: int, before: int, now: int) -> list[int]:
    """At most `most` sessions that are due and were queued before a time, whatever they failed with; locked as by `chosen`."""
    return list(connection.execute(_LOCKED_OVERDUE, {"now": now, "before": before, "most": most}).scalars())


def hasten(connection: Connection, now: int) -> int:
    """Have all that is queued be due now; how many entries were not."""
    return connection.execute(_HASTEN, {"now": now}).rowcount


def claim(connection: Connection, numbers: Sequence[int], holder: str, until: int) -> list[Entry]:
    """Have `holder` hold these sessions, until a time in milliseconds, and count one more batch; those that are gone are left out."""
    if not numbers:
        return []
    connection.execute(_COUNT)
    claimed: dict[int, Entry] = {}
    for start in range(0, len(numbers), IDS):
        some = {"numbers": numbers[start : start + IDS]}
        connection.execute(_HOLD, {**some, "whose": holder, "until": until})
        for row in connection.execute(_HELD, some).mappings():
            session = Awaited(attempts=row["tried"], **{name: row[name] for name in _FIELDS})
            claimed[session.number] = Entry(session=session, epoch=row["epoch"], enqueued_at=row["enqueued_at"], sharing=row["sharing"])
    return [claimed[number] for number in numbers if number in claimed]


def take_back(connection: Connection, now: int) -> int:
    """Queue again, where they were, the entries that nobody holds any more; how many those are."""
    return connection.execute(_TAKE_BACK, {"now": now}).rowcount


def lock_gate(connection: Connection) -> None:
    """Keep others from forming a batch until the transaction is over."""
    connection.execute(_LOCK)
