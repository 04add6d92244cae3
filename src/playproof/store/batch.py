"""Statements about claimed entries of the batch queue, and about what every process obeys: the gate's row and the ticks.

What a process writes about an entry counts only as long as the epoch stands under which it claimed it, so that one that was
taken for dead changes nothing. Each function runs in the transaction its connection is in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from playproof.store import awaited as awaited_sessions
from playproof.store.forming import CLAIMED, QUEUED, lock_gate
from playproof.store.live import IDS
from playproof.store.once import insert_once
from playproof.store.queued import Done, EntryState, Gate, Later
from playproof.store.tables import awaited, batch_entry, batch_gate, batch_tick

SETTLED: EntryState = "settled"
BURIED: EntryState = "buried"

SKEW = 60_000
"""Milliseconds by which the clocks of those who share a database may differ."""

_e = batch_entry.c

_ONE = update(batch_entry).where(_e.session_seq == bindparam("number"))
_BURY = _ONE.values(
    state=BURIED,
    sharing=0,
    next_at=bindparam("now"),
    holder=None,
    reason=bindparam("why"),
    error=bindparam("what"),
    attempts=_e.attempts + 1,
    assessment=select(awaited.c.assessment).where(awaited.c.session_seq == bindparam("number")).scalar_subquery(),
)
_PUT_BACK = _ONE.values(
    state=QUEUED,
    next_at=bindparam("at"),
    holder=None,
    reason=bindparam("why"),
    error=bindparam("what"),
    attempts=_e.attempts + bindparam("more"),
    sharing=bindparam("with_so_many"),
)


def renew(connection: Connection, holder: str, until: int) -> int:
    """Extend all that `holder` holds, unless somebody else took it over; how many entries those are."""
    return connection.execute(update(batch_entry).where(_e.state == CLAIMED, _e.holder == holder).values(next_at=until)).rowcount


def release(connection: Connection, holder: str) -> int:
    """Queue again, where they were, the entries that `holder` holds; how many those are."""
    held = update(batch_entry).where(_e.state == CLAIMED, _e.holder == holder)
    return connection.execute(held.values(state=QUEUED, holder=None, next_at=_e.enqueued_at)).rowcount


def settle(connection: Connection, done: Sequence[Done], later: Sequence[Later], now: int) -> list[bool]:
    """Make verdicts final and entries with them, queue the others again; of each of `done`, whether this call did it.

    An entry that somebody else has claimed since stays as it is, and so does its verdict.
    """
    epochs = {one.final.number: one.epoch for one in done} | {one.number: one.epoch for one in later}
    ours = _still_claimed(connection, epochs)
    finished = [one for one in done if one.final.number in ours]
    for one in finished:
        if one.buried:
            connection.execute(_BURY, {"number": one.final.number, "now": now, "why": one.reason, "what": one.error})
    over = [one.final.number for one in finished if not one.buried]
    for some in _steps(over):
        settled = update(batch_entry).where(_e.session_seq.in_(some))
        connection.execute(settled.values(state=SETTLED, sharing=0, next_at=now, holder=None))
    put_back = [one for one in later if one.number in ours]
    if put_back:
        connection.execute(_PUT_BACK, [_put_back_values(one) for one in put_back])
    first_to = awaited_sessions.finalise(connection, [one.final for one in finished], now)
    did = {one.final.number: was for one, was in zip(finished, first_to, strict=True)}
    return [did.get(one.final.number, False) for one in done]


def _still_claimed(connection: Connection, epochs: dict[int, int]) -> set[int]:
    """The entries that are claimed under these epochs, locked."""
    found: set[int] = set()
    for some in _steps(sorted(epochs)):
        mine = select(_e.session_seq, _e.epoch).where(_e.session_seq.in_(some), _e.state == CLAIMED).order_by(_e.session_seq)
        rows = connection.execute(mine.with_for_update())
        found |= {row.session_seq for row in rows if row.epoch == epochs[row.session_seq]}
    return found


def _put_back_values(one: Later) -> dict[str, object]:
    return {
        "number": one.number,
        "at": one.next_at,
        "why": one.reason,
        "what": one.error,
        "more": int(one.attempted),
        "with_so_many": one.sharing,
    }


def gate(connection: Connection) -> Gate:
    """What every process obeys."""
    row = connection.execute(select(batch_gate)).mappings().one()
    return Gate(**{name: row[name] for name in Gate.__struct_fields__})


def switch(connection: Connection, on: bool, default: bool, now: int) -> bool:
    """Have the scheduler run, or not; whether that changes anything where `default` holds as long as nobody says anything."""
    lock_gate(connection)
    before = gate(connection).scheduler
    connection.execute(update(batch_gate).values(scheduler=on, changed_at=now))
    return (default if before is None else before) is not on


def pause(connection: Connection, until: int, reason: str) -> None:
    """Have nobody ask the hosted model before a time, and count that it failed."""
    lock_gate(connection)
    later = func.max if connection.dialect.name == "sqlite" else func.greatest
    values = {"paused_until": later(batch_gate.c.paused_until, until), "failures": batch_gate.c.failures + 1, "reason": reason}
    connection.execute(update(batch_gate).values(values))


def resume(connection: Connection) -> None:
    """Forget that the hosted model has failed."""
    connection.execute(update(batch_gate).where(batch_gate.c.failures > 0).values(paused_until=0, failures=0, reason=None))


def tick(connection: Connection, due_at: int, holder: str) -> bool:
    """Whether `holder` is the one who does what is due at a time.

    Ticks that are later by more than `SKEW` are of a clock that was set back since; they are removed, or nobody would do anything until
    it is as late again.
    """
    connection.execute(delete(batch_tick).where(batch_tick.c.due_at > due_at + SKEW))
    return insert_once(connection, insert(batch_tick).values(due_at=due_at, holder=holder))


def last_tick(connection: Connection) -> int | None:
    """When the scheduler looked last."""
    found: int | None = connection.execute(select(func.max(batch_tick.c.due_at))).scalar()
    return found


def purge(connection: Connection, before: int, step: int) -> int:
    """Remove at most `step` entries settled before a time, and ticks from before it; how many entries that were."""
    old = select(_e.session_seq).where(_e.state == SETTLED, _e.sharing == 0, _e.next_at < before).limit(step)
    connection.execute(delete(batch_tick).where(batch_tick.c.due_at < before))
    return connection.execute(delete(batch_entry).where(_e.session_seq.in_(old.scalar_subquery()))).rowcount


def _steps(numbers: Sequence[int]) -> Iterable[Sequence[int]]:
    return (numbers[start : start + IDS] for start in range(0, len(numbers), IDS))
