"""Statements about challenges. Each function runs in the transaction its connection is in.

A step replaces the state only where the stored one is that which the step began from: of two that come at once, one counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from playproof.store import funnel, rates, replays
from playproof.store.challenge import SITE_SCOPE, ChallengeRecord, StoredChallenge
from playproof.store.quick import run
from playproof.store.rate import Rate
from playproof.store.visits import challenge, challenge_batch

if TYPE_CHECKING:
    from playproof.challenges.buckets import Rows

_c = challenge.c
_ISSUED = ChallengeRecord.__struct_fields__
_OPEN = (_c.id == bindparam("name"), _c.sequence == bindparam("at"), _c.closed_at.is_(None))

_ISSUE = insert(challenge).inline().values({name: bindparam(name) for name in (*_ISSUED, "sequence")})
GET = select(*(_c[name] for name in StoredChallenge.__struct_fields__)).where(_c.id == bindparam("name"))
"""One challenge."""
BATCHES = select(challenge_batch.c.content).where(challenge_batch.c.challenge == bindparam("name")).order_by(challenge_batch.c.sequence)
"""What was accepted of one challenge, in order."""
ADVANCE = (
    update(challenge)
    .where(*_OPEN)
    .values(state=bindparam("new"), sequence=bindparam("at") + 1, started_at=func.coalesce(_c.started_at, bindparam("now")))
)
"""Replace the state of a challenge that stands where it is expected to."""
_KEEP = insert(challenge_batch).inline().values(challenge=bindparam("name"), sequence=bindparam("at"), content=bindparam("content"))
CLOSE = update(challenge).where(*_OPEN).values(state=bindparam("new"), closing=bindparam("how"), closed_at=bindparam("now"), number=0)
"""Close a challenge that stands where it is expected to."""
_NUMBER = update(challenge).where(_c.id == bindparam("name")).values(number=bindparam("given"))
_DROP = delete(challenge_batch).where(challenge_batch.c.challenge == bindparam("name"))
OPEN_COUNT = select(func.count()).where(_c.session_seq.is_(None), _c.expires_at > bindparam("now"), _c.closed_at.is_(None))
"""How many challenges may still be played."""

OLD = (
    select(_c.id, _c.number, _c.site, _c.game, _c.way, _c.issued_at, _c.started_at)
    .where(_c.session_seq.is_(None), _c.expires_at < bindparam("before"))
    .order_by(_c.expires_at)
    .limit(bindparam("step"))
)
"""One step of challenges that came to nothing."""
_LOCKED_OLD = OLD.with_for_update()
_REMOVE = delete(challenge).where(_c.id.in_(bindparam("names", expanding=True)))
NUMBERS_OF = select(_c.number).where(_c.session_seq.in_(bindparam("sessions", expanding=True)), _c.number > 0)
"""The signatures of some sessions."""


def issue(connection: Connection, record: ChallengeRecord, limits: Sequence[Rate]) -> Rate | None:
    """Count towards `limits` and insert a challenge, unless one of them is reached: that one."""
    over = rates.count(connection, limits, record.issued_at)
    if over is None:
        run(connection, _ISSUE, **msgspec.structs.asdict(record), sequence=0)
    return over


def get(connection: Connection, name: str) -> StoredChallenge | None:
    """The challenge of an id."""
    row = connection.execute(GET, {"name": name}).one_or_none()
    return None if row is None else StoredChallenge(**row._mapping)


def batches(connection: Connection, name: str) -> list[bytes]:
    """What was accepted of a challenge, in order."""
    return list(connection.execute(BATCHES, {"name": name}).scalars())


def advance(connection: Connection, name: str, sequence: int, state: bytes, batch: bytes, now: int) -> bool:
    """Accept the batch number `sequence`, if it is the next; whether it was."""
    if not run(connection, ADVANCE, name=name, at=sequence - 1, new=state, now=now).rowcount:
        return False
    run(connection, _KEEP, name=name, at=sequence, content=batch)
    return True


def close(
    connection: Connection, name: str, sequence: int, state: bytes, closing: bytes, signature: bytes | None, rows: Rows | None, now: int
) -> int | None:
    """Close a challenge of which `sequence` batches were accepted; the number of its signature, 0 without, `None` where it did not."""
    if not run(connection, CLOSE, name=name, at=sequence, new=state, how=closing, now=now).rowcount:
        return None
    if signature is None or rows is None:
        return 0
    number = replays.put(connection, signature, rows, now)
    run(connection, _NUMBER, name=name, given=number)
    return number


def begin_conclusion(connection: Connection, name: str, now: int) -> bool:
    """Note when the token of a closed challenge was made, unless that is noted; false where there is no such challenge."""
    closed = update(challenge).where(_c.id == name, _c.closed_at.is_not(None))
    return connection.execute(closed.values(token_at=func.coalesce(_c.token_at, now))).rowcount > 0


def conclude(connection: Connection, name: str, session_number: int) -> None:
    """Have a challenge be part of its session, and drop what was accepted of it."""
    connection.execute(update(challenge).where(_c.id == name).values(session_seq=session_number))
    run(connection, _DROP, name=name)


def open_count(connection: Connection, now: int) -> int:
    """How many challenges may still be played at `now`."""
    return connection.execute(OPEN_COUNT, {"now": now}).scalar_one()


def erase(connection: Connection, name: str, scope: str | None) -> None:
    """Remove the challenge of an id, of the site of `scope` or of any, with all that belongs to it."""
    if scope is not None and not scope.startswith(SITE_SCOPE):
        return
    those = [_c.id == name] if scope is None else [_c.id == name, _c.site == scope.removeprefix(SITE_SCOPE)]
    numbers: list[Any] = list(connection.execute(select(_c.number).where(*those).with_for_update()).scalars())
    replays.remove(connection, [number for number in numbers if number])
    connection.execute(delete(challenge).where(*those))


def leave_with(connection: Connection, session_numbers: Sequence[int]) -> None:
    """Remove what stays of the challenges of sessions that are about to be removed, beside what goes with them."""
    replays.remove(connection, list(connection.execute(NUMBERS_OF, {"sessions": list(session_numbers)}).scalars()))


def purge(connection: Connection, before: int, step: int) -> int:
    """Remove at most `step` challenges that came to nothing and ended before a time, and count them; how many that were."""
    old = connection.execute(_LOCKED_OLD, {"before": before, "step": step}).all()
    if old:
        funnel.keep(connection, old)
        replays.remove(connection, [row.number for row in old if row.number])
        connection.execute(_REMOVE, {"names": [row.id for row in old]})
    return len(old)
