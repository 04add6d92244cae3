"""Statements about tokens. Each function runs in the transaction its connection is in."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, and_, bindparam, select, update

from playproof.store.groups import insert_rows
from playproof.store.quick import run
from playproof.store.tables import session
from playproof.store.token import Spent, StoredToken, TokenRecord
from playproof.store.visits import token

Answer = Callable[[StoredToken, bytes], bytes]
"""What a site is told of a token it has just spent, by the verdict of its session: JSON."""

_t = token.c
_COLUMNS = TokenRecord.__struct_fields__
_FIELDS = StoredToken.__struct_fields__

GET = select(*(_t[name] for name in _FIELDS)).where(_t.digest == bindparam("of"))
"""One token."""
ASKED = (
    select(*(_t[name] for name in _FIELDS), session.c.verdict)
    .join(session, and_(session.c.id == _t.session_id, session.c.scope == _t.scope))
    .where(_t.digest == bindparam("of"))
)
"""One token, with the verdict that its session has now."""
SPEND = (
    update(token)
    .where(_t.digest == bindparam("of"), _t.spent_at.is_(None))
    .values(spent_at=bindparam("now"), idempotency=bindparam("question"), answer=bindparam("told"))
)
"""Spend a token that nobody has."""


class Asked(NamedTuple):
    """An attempt to spend a token."""

    digest: bytes
    site: str
    now: int
    idempotency: bytes | None
    answer: Answer


def put(connection: Connection, records: Sequence[TokenRecord]) -> None:
    """Keep tokens, but for those whose challenges have one."""
    rows = [tuple(getattr(record, name) for name in _COLUMNS) for record in records]
    insert_rows(connection, token, _COLUMNS, rows, " ON CONFLICT DO NOTHING")


def get(connection: Connection, digest: bytes) -> StoredToken | None:
    """The token of a digest."""
    row = connection.execute(GET, {"of": digest}).one_or_none()
    return None if row is None else _token(row)


def spend(connection: Connection, asked: Sequence[Asked]) -> list[Spent]:
    """What becomes of each attempt, in turn."""
    return [_spend(connection, one) for one in asked]


def _spend(connection: Connection, asked: Asked) -> Spent:
    while True:
        row = run(connection, ASKED, of=asked.digest).fetchone()
        if row is None:
            return Spent("unknown")
        found, verdict = StoredToken(**dict(zip(_FIELDS, row, strict=False))), row[-1]
        if found.site != asked.site:
            return Spent("foreign")
        if found.spent_at is not None:
            return _spent_before(found, asked.idempotency)
        if asked.now >= found.expires_at:
            return Spent("expired", found)
        after = msgspec.structs.replace(found, spent_at=asked.now, idempotency=asked.idempotency)
        told = asked.answer(after, verdict)
        # Where another process came first, it is looked at once more.
        if run(connection, SPEND, of=asked.digest, now=asked.now, question=asked.idempotency, told=told).rowcount:
            return Spent("spent", msgspec.structs.replace(after, answer=told), told)


def _spent_before(found: StoredToken, idempotency: bytes | None) -> Spent:
    if found.idempotency is not None and idempotency is not None and hmac.compare_digest(found.idempotency, idempotency):
        return Spent("repeated", found, found.answer)
    return Spent("already", found)


def _token(row: Row[Any]) -> StoredToken:
    return StoredToken(**row._mapping)
