"""Statements about challenges. Each function runs in the transaction its connection is in.

A step replaces the state only where the stored one is that which the step began from: of two that come at once, one counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from playproof.store import funnel, rates, replays, tokens
from playproof.store.base import PutOutcome, SessionRecord
from playproof.store.challenge import SITE_SCOPE, ChallengeRecord, StoredChallenge
from playproof.store.groups import insert_rows
from playproof.store.quick import run, run_each, run_in
from playproof.store.rate import Rate
from playproof.store.token import TokenRecord
from playproof.store.visits import challenge, challenge_batch

if TYPE_CHECKING:
    from playproof.challenges.buckets import Rows

Store = Callable[[Connection, Sequence[SessionRecord], Sequence[bytes | None]], list[PutOutcome]]
"""Stores records and their telemetry; see `groups.store`."""

GONE = PutOutcome("conflict", b"", 0)
"""What becomes of a session whose challenge is not there, or not closed."""


class Advance(NamedTuple):
    """A batch, and the challenge as it is with it."""

    name: str
    sequence: int
    state: bytes
    batch: bytes
    now: int


class Close(NamedTuple):
    """How a challenge ends of which `sequence` batches were accepted."""

    name: str
    sequence: int
    state: bytes
    closing: bytes
    signature: bytes | None
    rows: Rows | None
    now: int


class Conclusion(NamedTuple):
    """What came of a closed challenge."""

    name: str
    record: SessionRecord
    """Without its telemetry."""
    frame: bytes | None
    """Its telemetry, compressed."""
    token: TokenRecord
    now: int


_BATCH = ("challenge", "sequence", "content")

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
STANDING = select(_c.id, _c.sequence).where(_c.id.in_(bindparam("names", expanding=True)), _c.closed_at.is_(None))
"""How many batches were accepted of some challenges that are open."""
CLOSE = (
    update(challenge)
    .where(*_OPEN)
    .values(state=bindparam("new"), closing=bindparam("how"), closed_at=bindparam("now"), number=bindparam("play"))
)
"""Close a challenge that stands where it is expected to."""
CLOSED = select(_c.id).where(_c.id.in_(bindparam("names", expanding=True)), _c.closed_at.is_not(None)).order_by(_c.id).with_for_update()
"""Those of some challenges that are closed."""
CONCLUDE = (
    update(challenge)
    .where(_c.id == bindparam("name"))
    .values(token_at=func.coalesce(_c.token_at, bindparam("now")), session_seq=bindparam("of_session"))
)
"""Have a challenge be part of its session."""
DROP = delete(challenge_batch).where(challenge_batch.c.challenge == bindparam("name"))
"""Remove what was accepted of a challenge."""
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


def issue(connection: Connection, asked: Sequence[tuple[ChallengeRecord, Sequence[Rate]]]) -> list[Rate | None]:
    """Of each of `asked`, the rate that is reached; where none is, the challenge is counted towards all of them and stored."""
    return [_issue(connection, record, limits) for record, limits in asked]


def _issue(connection: Connection, record: ChallengeRecord, limits: Sequence[Rate]) -> Rate | None:
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


def advance(connection: Connection, steps: Sequence[Advance]) -> list[bool]:
    """Of each of `steps`, whether its batch was the next of its challenge, and so is accepted now. They have their challenges to
    themselves.
    """
    names = sorted({step.name for step in steps})
    standing: dict[str, int] = dict(run_in(connection, STANDING, names).fetchall())
    accepted = []
    for step in steps:
        if standing.get(step.name) == step.sequence - 1:
            standing[step.name] = step.sequence
            accepted.append(step)
    if accepted:
        changes = [{"name": step.name, "at": step.sequence - 1, "new": step.state, "now": step.now} for step in accepted]
        if run_each(connection, ADVANCE, changes) != len(accepted):
            return _overtaken(steps)
        insert_rows(connection, challenge_batch, _BATCH, [(step.name, step.sequence, step.batch) for step in accepted])
    taken = {id(step) for step in accepted}
    return [id(step) in taken for step in steps]


def _overtaken(steps: Sequence[Advance]) -> list[bool]:
    """A challenge was removed at that very moment. Raises where there are others, of which each is then tried by itself."""
    if len(steps) == 1:
        return [False]
    raise RuntimeError("a challenge went meanwhile")


def close(connection: Connection, ends: Sequence[Close]) -> list[int | None]:
    """Of each of `ends`, the number of its play, 0 where it has no signature; `None` where the challenge does not stand as it should."""
    return [_close(connection, end) for end in ends]


def _close(connection: Connection, end: Close) -> int | None:
    number = 0 if end.signature is None else replays.begin(connection, end.signature, end.now)
    given = {"name": end.name, "at": end.sequence, "new": end.state, "how": end.closing, "now": end.now, "play": number}
    if not run(connection, CLOSE, **given).rowcount:
        if number:
            replays.withdraw(connection, number)
        return None
    if end.rows is not None:
        replays.put(connection, number, end.rows)
    return number


def conclude(connection: Connection, store: Store, ends: Sequence[Conclusion]) -> list[PutOutcome]:
    """Store the sessions and tokens of `ends` whose challenges are closed; nothing of the others."""
    closed = {name for (name,) in run_in(connection, CLOSED, sorted({end.name for end in ends}))}
    those = [end for end in ends if end.name in closed]
    outcomes = store(connection, [end.record for end in those], [end.frame for end in those]) if those else []
    done = [(end, outcome.number) for end, outcome in zip(those, outcomes, strict=True) if outcome.number]
    if done:
        tokens.put(connection, [end.token for end, _ in done])
        run_each(connection, CONCLUDE, [{"name": end.name, "now": end.now, "of_session": number} for end, number in done])
        run_each(connection, DROP, [{"name": end.name} for end, _ in done])
    found = iter(outcomes)
    return [next(found) if end.name in closed else GONE for end in ends]


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
