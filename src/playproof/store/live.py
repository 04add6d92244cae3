"""Statements about the live dataset: datasets, their rows, their window, what stands for them at Woodwide.

Each function runs in the transaction its connection is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, update

from playproof.store.once import insert_once
from playproof.store.rows import Counts, Dataset, ImportedRow, LiveRow, Replaced
from playproof.store.tables import imported_row, live_dataset, live_replaced, live_row, session

IDS = 200
"""Ids a statement asks for: some databases take no more than 999 parameters."""

ROWS = (
    select(
        live_row.c.seq,
        func.coalesce(session.c.scope, imported_row.c.scope).label("scope"),
        func.coalesce(session.c.id, imported_row.c.id).label("session_id"),
        func.coalesce(session.c.received_at, imported_row.c.received_at).label("received_at"),
        live_row.c.catalogue_version,
        live_row.c.vector,
        live_row.c.origin,
        live_row.c.stratum,
        func.coalesce(session.c.source, imported_row.c.scorer).label("scorer"),
        func.coalesce(session.c.decision, imported_row.c.decision).label("decision"),
        live_row.c.label,
        live_row.c.eligible,
        live_row.c.awaiting,
        func.coalesce(imported_row.c.reference, False).label("reference"),
    )
    .select_from(live_row)
    .outerjoin(session, session.c.seq == live_row.c.session_seq)
    .outerjoin(imported_row, imported_row.c.seq == live_row.c.seq)
)
"""Rows with what belongs to them, whichever table has it."""


def find(connection: Connection, name: str) -> Dataset | None:
    """The dataset of that name."""
    found = connection.execute(select(live_dataset).where(live_dataset.c.name == name)).one_or_none()
    return None if found is None else _dataset(found)


def ensure(connection: Connection, name: str, now: int) -> tuple[Dataset, bool]:
    """The dataset of that name, and whether it was made now."""
    found = find(connection, name)
    if found is not None:
        return found, False
    made = insert_once(connection, insert(live_dataset).values(name=name, created_at=now, window_from=1, generation=1))
    found = find(connection, name)
    assert found is not None
    return found, made


def lock(connection: Connection, dataset: int) -> None:
    """Keep others from appending to the dataset and from cutting its window until the transaction is over."""
    # Not from storing sessions: their rows only need the dataset to stay.
    mine = select(live_dataset.c.id).where(live_dataset.c.id == dataset)
    connection.execute(mine.with_for_update(key_share=True))


def append(connection: Connection, dataset: int, rows: Sequence[ImportedRow], *, reference: bool = False) -> int:
    """Append what is new among `rows`, in order; how many that were."""
    lock(connection, dataset)
    fresh: dict[tuple[str, str], ImportedRow] = {}
    for row in rows:
        fresh.setdefault((row.scope, row.session_id), row)
    keys = list(fresh)
    for start in range(0, len(keys), IDS):
        for key in _taken(connection, dataset, keys[start : start + IDS]):
            del fresh[key]
    for row in fresh.values():
        made = connection.execute(
            insert(live_row).values(
                dataset=dataset,
                catalogue_version=row.catalogue_version,
                vector=row.vector,
                origin=row.origin,
                stratum=row.stratum,
                label=row.label,
                eligible=False,
                awaiting=False,
            )
        )
        (seq,) = made.inserted_primary_key or (None,)
        connection.execute(
            insert(imported_row).values(
                seq=seq,
                dataset=dataset,
                scope=row.scope,
                id=row.session_id,
                received_at=row.received_at,
                scorer=row.scorer,
                decision=row.decision,
                reference=reference,
            )
        )
    return len(fresh)


def _taken(connection: Connection, dataset: int, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these scopes and ids are rows of the dataset."""
    ids = {name for _, name in keys}
    imported = select(imported_row.c.scope, imported_row.c.id).where(imported_row.c.id.in_(ids), imported_row.c.dataset == dataset)
    served = (
        select(session.c.scope, session.c.id)
        .join(live_row, live_row.c.session_seq == session.c.seq)
        .where(session.c.id.in_(ids), live_row.c.dataset == dataset)
    )
    found = {(row.scope, row.id) for statement in (imported, served) for row in connection.execute(statement)}
    return found.intersection(keys)


def eligible_origins(connection: Connection, dataset: Dataset) -> list[tuple[int, str]]:
    """Number and origin of the eligible rows in the window, the newest first."""
    statement = select(live_row.c.seq, live_row.c.origin).where(
        live_row.c.dataset == dataset.id, live_row.c.seq >= dataset.window_from, live_row.c.eligible
    )
    return [(row.seq, row.origin) for row in connection.execute(statement.order_by(live_row.c.seq.desc()))]


def references(connection: Connection, dataset: int) -> list[int]:
    """The numbers of the rows the dataset began with, in order."""
    statement = select(imported_row.c.seq).where(imported_row.c.dataset == dataset, imported_row.c.reference)
    return list(connection.execute(statement.order_by(imported_row.c.seq)).scalars())


def by_number(connection: Connection, numbers: Sequence[int]) -> list[LiveRow]:
    """The rows with these numbers, in the order asked for; those that are gone are left out."""
    found: dict[int, LiveRow] = {}
    for start in range(0, len(numbers), IDS):
        some = list(numbers[start : start + IDS])
        found |= {row.seq: _row(row) for row in connection.execute(ROWS.where(live_row.c.seq.in_(some)))}
    return [found[number] for number in numbers if number in found]


def page(connection: Connection, dataset: Dataset, after: int, size: int) -> list[LiveRow]:
    """At most `size` rows that came after number `after`, in order of arrival."""
    statement = ROWS.where(live_row.c.dataset == dataset.id, live_row.c.seq > after)
    return [_row(row) for row in connection.execute(statement.order_by(live_row.c.seq).limit(size))]


def window_page(connection: Connection, dataset: Dataset, after: int, size: int, *, eligible: bool = False) -> list[LiveRow]:
    """At most `size` rows of the window that came after number `after`, in order of arrival; with `eligible` those alone."""
    mine = ROWS.where(live_row.c.dataset == dataset.id).order_by(live_row.c.seq)
    if eligible:
        mine = mine.where(live_row.c.eligible)
    found: list[LiveRow] = []
    # Two statements: for one with "or" every row there ever was would be read.
    if after < dataset.window_from - 1:
        late = mine.where(live_row.c.seq > after, live_row.c.seq < dataset.window_from, live_row.c.awaiting.is_(True))
        found = [_row(row) for row in connection.execute(late.limit(size))]
    if len(found) < size:
        newest = mine.where(live_row.c.seq > max(after, dataset.window_from - 1))
        found += [_row(row) for row in connection.execute(newest.limit(size - len(found)))]
    return found


def cleanup(connection: Connection, name: str, max_rows: int) -> int:
    """Keep the last `max_rows` rows in the window, and those still awaiting their result; how many left it."""
    dataset = find(connection, name)
    if dataset is None or last_outside(connection, dataset, max_rows) is None:
        return 0
    lock(connection, dataset.id)
    dataset = find(connection, name)  # another process may have cut it meanwhile
    last = last_outside(connection, dataset, max_rows) if dataset is not None else None
    if dataset is None or last is None:
        return 0
    leaving = select(func.count()).where(
        live_row.c.dataset == dataset.id, live_row.c.seq.between(dataset.window_from, last), live_row.c.awaiting.is_(False)
    )
    left: int = connection.execute(leaving).scalar_one()
    connection.execute(update(live_dataset).where(live_dataset.c.id == dataset.id).values(window_from=last + 1))
    return left


def last_outside(connection: Connection, dataset: Dataset, max_rows: int) -> int | None:
    """The last row that has to leave a window of `max_rows`; `None` where it is short enough."""
    newest = select(live_row.c.seq).where(live_row.c.dataset == dataset.id, live_row.c.seq >= dataset.window_from)
    found: int | None = connection.execute(newest.order_by(live_row.c.seq.desc()).limit(1).offset(max_rows)).scalar()
    return found


def counts(connection: Connection, dataset: Dataset) -> Counts:
    """How many rows the dataset has; reads them all."""
    mine = live_row.c.dataset == dataset.id

    def count(*conditions: ColumnElement[bool]) -> int:
        number: int = connection.execute(select(func.count()).select_from(live_row).where(mine, *conditions)).scalar_one()
        return number

    return Counts(
        rows=count(),
        window=count(_in_window(dataset)),
        awaiting=count(live_row.c.awaiting.is_(True)),
        eligible=count(_in_window(dataset), live_row.c.eligible),
        reference=len(references(connection, dataset.id)),
    )


def record_remote(connection: Connection, dataset: Dataset, remote_id: str) -> bool:
    """Note what stands for the dataset at Woodwide, and whether nothing else did or does."""
    open_place = update(live_dataset).where(
        live_dataset.c.id == dataset.id, live_dataset.c.generation == dataset.generation, live_dataset.c.remote_id.is_(None)
    )
    return bool(connection.execute(open_place.values(remote_id=remote_id)).rowcount)


def replace_remote(connection: Connection, dataset: int, remote_id: str, reason: str, now: int) -> bool:
    """Give up `remote_id` for a replacement to come; whether that was not done before."""
    stands = and_(live_dataset.c.id == dataset, live_dataset.c.remote_id == remote_id)
    generation = connection.execute(select(live_dataset.c.generation).where(stands).with_for_update()).scalar()
    if generation is None:
        return False
    connection.execute(
        insert(live_replaced).values(dataset=dataset, generation=generation, remote_id=remote_id, reason=reason, replaced_at=now)
    )
    connection.execute(update(live_dataset).where(stands).values(remote_id=None, generation=generation + 1))
    return True


def replaced(connection: Connection, dataset: int) -> list[Replaced]:
    """What stood for the dataset before, the oldest first."""
    rows = connection.execute(select(live_replaced).where(live_replaced.c.dataset == dataset).order_by(live_replaced.c.generation))
    return [Replaced(row.generation, row.remote_id, row.reason, row.replaced_at) for row in rows]


def erase(connection: Connection, session_id: str, scope: str | None) -> int:
    """Remove the imported rows under an id, in `scope` or in all; a session's go with the session."""
    gone = select(imported_row.c.seq).where(imported_row.c.id == session_id)
    if scope is not None:
        gone = gone.where(imported_row.c.scope == scope)
    return connection.execute(delete(live_row).where(live_row.c.seq.in_(gone.scalar_subquery()))).rowcount


def _in_window(dataset: Dataset) -> ColumnElement[bool]:
    return and_(live_row.c.dataset == dataset.id, or_(live_row.c.seq >= dataset.window_from, live_row.c.awaiting.is_(True)))


def _dataset(row: Row[Any]) -> Dataset:
    return Dataset(row.id, row.name, row.created_at, row.window_from, row.generation, row.remote_id)


def _row(row: Any) -> LiveRow:
    return LiveRow(**row._mapping)
