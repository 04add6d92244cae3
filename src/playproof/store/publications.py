"""Statements about publications: what was sent of a live dataset, whose its rows are, and how far that came.

Each function runs in the transaction its connection is in.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from playproof.store.live import IDS
from playproof.store.published import PublicationRecord, PublicationRow, PublicationState
from playproof.store.tables import awaited, live_row, publication, publication_row

OPEN: PublicationState = "open"
SETTLED: PublicationState = "settled"
OVER: PublicationState = "over"

_INSERT_ROW = insert(publication_row).values({name: bindparam(name) for name in ("publication", "place", "live_seq", "session_seq")})


def begin(connection: Connection, record: PublicationRecord, rows: Sequence[PublicationRow], now: int) -> None:
    """Note a publication and its rows, in the order of the file."""
    fields = {**{name: getattr(record, name) for name in record.__struct_fields__}, "columns": json.dumps(record.columns)}
    connection.execute(insert(publication).values(**fields, created_at=now, state=OPEN))
    connection.execute(
        _INSERT_ROW,
        [
            {"publication": record.id, "place": place, "live_seq": row.live_seq, "session_seq": row.session_seq}
            for place, row in enumerate(rows)
        ],
    )


def announced(connection: Connection, name: str, target_id: str | None, dataset_id: str, version_id: str, job_id: str) -> None:
    """Note what the file becomes at Woodwide, and whether it was announced for the dataset `target_id` or for a name."""
    values: dict[str, str | None] = {"dataset_id": dataset_id, "version_id": version_id, "job_id": job_id}
    if target_id is not None:
        values |= {"target_id": target_id, "target_name": None}
    connection.execute(update(publication).where(publication.c.id == name).values(**values))


def begun(connection: Connection, name: str, job_id: str) -> None:
    """Note what scores it."""
    connection.execute(update(publication).where(publication.c.id == name).values(batch_job_id=job_id))


def close(connection: Connection, name: str, state: PublicationState, reason: str | None = None) -> bool:
    """Note how an open publication ended, and whether it was open; whose its rows are need not be known any more."""
    mine = update(publication).where(publication.c.id == name, publication.c.state == OPEN)
    if not connection.execute(mine.values(state=state, reason=reason)).rowcount:
        return False
    connection.execute(delete(publication_row).where(publication_row.c.publication == name))
    return True


def settle_unawaited(connection: Connection, dataset: int) -> None:
    """Close the open publications of a dataset none of whose sessions awaits its score any more."""
    wanted = (
        select(publication_row.c.place)
        .join(awaited, awaited.c.session_seq == publication_row.c.session_seq)
        .where(publication_row.c.publication == publication.c.id)
    )
    idle = select(publication.c.id).where(publication.c.dataset == dataset, publication.c.state == OPEN, ~wanted.exists())
    for name in list(connection.execute(idle).scalars()):
        close(connection, name, SETTLED)


def close_older(connection: Connection, dataset: int, before: int, reason: str) -> None:
    """Close the open publications of a dataset that were begun before a time."""
    old = select(publication.c.id).where(publication.c.dataset == dataset, publication.c.state == OPEN, publication.c.created_at < before)
    for name in list(connection.execute(old).scalars()):
        close(connection, name, OVER, reason)


def unfinished(connection: Connection, dataset: int) -> list[PublicationRecord]:
    """The open publications of a dataset, the oldest first."""
    names = PublicationRecord.__struct_fields__
    found = connection.execute(
        select(*(publication.c[name] for name in names))
        .where(publication.c.dataset == dataset, publication.c.state == OPEN)
        .order_by(publication.c.created_at, publication.c.id)
    )
    return [PublicationRecord(**{**row._mapping, "columns": tuple(json.loads(row.columns))}) for row in found]


def rows(connection: Connection, name: str) -> list[PublicationRow]:
    """The rows of a publication, in the order of the file; none once it is closed."""
    found = select(publication_row.c.live_seq, publication_row.c.session_seq).where(publication_row.c.publication == name)
    return [PublicationRow(row.live_seq, row.session_seq) for row in connection.execute(found.order_by(publication_row.c.place))]


def vectors(connection: Connection, name: str, catalogue_version: str) -> list[bytes | None]:
    """The features of the rows of a publication, in the order of the file; `None` for a row that is gone, or of another catalogue."""
    found = (
        select(live_row.c.vector)
        .select_from(publication_row)
        .outerjoin(live_row, and_(live_row.c.seq == publication_row.c.live_seq, live_row.c.catalogue_version == catalogue_version))
        .where(publication_row.c.publication == name)
        .order_by(publication_row.c.place)
    )
    return list(connection.execute(found).scalars())


def rows_of_sessions(connection: Connection, numbers: Sequence[int]) -> dict[int, int]:
    """By the number of a session, that of its row; sessions that are gone have none."""
    found: dict[int, int] = {}
    for start in range(0, len(numbers), IDS):
        some = select(live_row.c.session_seq, live_row.c.seq).where(live_row.c.session_seq.in_(numbers[start : start + IDS]))
        found |= {row.session_seq: row.seq for row in connection.execute(some)}
    return found
