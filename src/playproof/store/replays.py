"""Statements about plays to know again. Each function runs in the transaction its connection is in.

Plays are put in one after the other (`KEY`), so that they become visible in the order of their numbers: of two copies that end at
once, the later finds the earlier. A bucket holds the latest `PER_BUCKET` rows and no more, so that what is read of it is bounded
however often the same is played.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from sqlalchemy import Connection, Text, bindparam, cast, delete, func, insert, select

from playproof.store.groups import execute, insert_rows
from playproof.store.quick import run, run_in
from playproof.store.visits import replay_row, replay_signature

if TYPE_CHECKING:
    from playproof.challenges.buckets import Ints, Rows

KEY = b"replay"
"""What one transaction at a time has that puts in a play."""

PAGE = 20_000
"""Rows of which the buckets are read at a time: some milliseconds."""
_USUAL_ROWS = 26  # of a play

_r = replay_row.c
_COLUMNS = ("bucket", "number", "detail")

_PUT = insert(replay_signature).values(signature=bindparam("content"), received_at=bindparam("now"))
COUNTS = select(_r.bucket, func.count()).where(_r.bucket.in_(bindparam("buckets", expanding=True))).group_by(_r.bucket)
"""How many rows some buckets have."""
OLDEST = select(_r.number, _r.detail).where(_r.bucket == bindparam("of")).order_by(_r.number, _r.detail).limit(bindparam("step"))
"""The first rows of a bucket."""
_MAKE_ROOM = delete(replay_row).where(_r.bucket == bindparam("of"), _r.number == bindparam("play"), _r.detail == bindparam("which"))
SIGNATURES = select(replay_signature.c.number, replay_signature.c.signature).where(
    replay_signature.c.number.in_(bindparam("numbers", expanding=True))
)
"""Some signatures."""
ROWS_SQLITE = "SELECT bucket, number, detail FROM replay_row WHERE bucket IN (SELECT value FROM json_each(?)) AND number < ?"
ROWS_POSTGRES = "SELECT bucket, number, detail FROM replay_row WHERE bucket = ANY(%s::bigint[]) AND number < %s"
PAGE_OF = select(_r.bucket).order_by(_r.bucket).limit(PAGE)
"""The first rows' buckets."""
NEWER = (
    select(replay_signature.c.number, replay_signature.c.signature)
    .where(replay_signature.c.number > bindparam("than"))
    .order_by(replay_signature.c.number)
    .limit(bindparam("most"))
)
"""The next plays."""
_RANGE = select(func.min(replay_signature.c.number), func.max(replay_signature.c.number))
_REMOVE_ROWS = delete(replay_row).where(_r.bucket == bindparam("of"), _r.number == bindparam("play"))
_REMOVE = delete(replay_signature).where(replay_signature.c.number.in_(bindparam("numbers", expanding=True)))
OLD = (
    select(replay_signature.c.number)
    .where(replay_signature.c.received_at < bindparam("before"))
    .order_by(replay_signature.c.received_at)
    .limit(bindparam("step"))
)
"""One step of signatures that have had their time."""


def begin(connection: Connection, signature: bytes, now: int) -> int:
    """Keep the signature of a play; its number. The transaction has `KEY` to itself."""
    made = connection.execute(_PUT, {"content": signature, "now": now}).inserted_primary_key
    assert made is not None
    number: int = made[0]
    return number


def put(connection: Connection, number: int, rows: Rows) -> None:
    """Have a play be found by its `rows` from the commit on."""
    from playproof.challenges.replay import PER_BUCKET

    pairs = sorted(set(zip(rows.bucket.tolist(), rows.detail.tolist(), strict=True)))
    if pairs:
        _make_room(connection, sorted({bucket for bucket, _ in pairs}), PER_BUCKET)
        insert_rows(connection, replay_row, _COLUMNS, [(bucket, number, detail) for bucket, detail in pairs])


def _make_room(connection: Connection, buckets: Sequence[int], most: int) -> None:
    """Remove the oldest rows of buckets that have `most` or more, so that each takes another one."""
    for bucket, count in run_in(connection, COUNTS, buckets).fetchall():
        if count < most:
            continue
        oldest = connection.execute(OLDEST, {"of": bucket, "step": count - most + 1}).all()
        connection.execute(_MAKE_ROOM, [{"of": bucket, "play": number, "which": detail} for number, detail in oldest])


def rows(connection: Connection, buckets: Ints, below: int) -> Ints:
    """The rows (m, 3) in `buckets`, which rise, of plays whose numbers are smaller than `below`: bucket, number, detail; by bucket."""
    if connection.dialect.name == "sqlite":
        found = execute(connection, ROWS_SQLITE, (msgspec.json.encode(buckets.tolist()), below))
    else:
        found = execute(connection, ROWS_POSTGRES, (buckets.tolist(), below))
    table = np.fromiter(chain.from_iterable(found), np.int64).reshape(-1, 3)
    return table[np.argsort(table[:, 0], kind="stable")]


def size(connection: Connection) -> tuple[int, int]:
    """The number of the latest play, 0 where there is none, and how many rows there are, about."""
    first, last = connection.execute(_RANGE).one()
    return (0, 0) if last is None else (last, (last - first + 1) * _USUAL_ROWS)


def page(connection: Connection, after: int | None) -> Ints:
    """The next `PAGE` rows' buckets that are greater than `after`, or the first ones; they rise."""
    statement = PAGE_OF if after is None else PAGE_OF.where(_r.bucket > after)
    # As one text: it costs a tenth of so many rows.
    text = connection.execute(select(func.aggregate_strings(cast(statement.subquery().c.bucket, Text), ","))).scalar()
    return np.sort(np.fromstring(text, np.int64, sep=",")) if text else np.empty(0, np.int64)


def newer(connection: Connection, number: int, most: int) -> list[tuple[int, Ints]]:
    """The first `most` plays with greater numbers than `number`: the number and the buckets of each."""
    return [(one, _buckets(content)) for one, content in run(connection, NEWER, than=number, most=most)]


def signatures(connection: Connection, numbers: Sequence[int]) -> dict[int, bytes]:
    """The signatures of some plays that are still there."""
    return dict(run_in(connection, SIGNATURES, numbers).fetchall())


def withdraw(connection: Connection, number: int) -> None:
    """Forget a play that has no rows yet."""
    connection.execute(_REMOVE, {"numbers": [number]})


def remove(connection: Connection, numbers: Sequence[int]) -> None:
    """Forget plays."""
    if not numbers:
        return
    gone: list[dict[str, Any]] = []
    for number, content in signatures(connection, numbers).items():
        gone += [{"of": bucket, "play": number} for bucket in sorted(set(_buckets(content).tolist()))]
    if gone:
        connection.execute(_REMOVE_ROWS, gone)
    connection.execute(_REMOVE, {"numbers": list(numbers)})


def purge(connection: Connection, before: int, step: int) -> int:
    """Forget at most `step` plays that were put in before a time; how many that were."""
    old = list(connection.execute(OLD, {"before": before, "step": step}).scalars())
    remove(connection, old)
    return len(old)


def _buckets(content: bytes) -> Ints:
    """The buckets that a signature has rows in."""
    from playproof.challenges.buckets import rows_of
    from playproof.challenges.signature import Signature

    return rows_of(Signature.unpack(content)).bucket
